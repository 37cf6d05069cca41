// PodWorker: the life of one pod (one UID) on this node: sync, then terminating, then terminated. Everything
// of the pod happens here, one step at a time; what it finds in the runtime it takes over, so a restarted
// kubelet goes on. Belongs to the kubelet's executor. Source: k8s.io/kubernetes pkg/kubelet/pod_workers.go,
// kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/scope.h"
#include "base/sync.h"
#include "kubelet/pods/container_runner.h"
#include "kubelet/pods/pod_actions.h"
#include "kubelet/pods/pod_parts.h"
#include "kubelet/pods/pod_status.h"

namespace xebec::kubelet {

class PodWorker {
 public:
  PodWorker(PodParts& parts, std::string uid);

  // The API's newest object.
  void set_pod(std::shared_ptr<const corev1::Pod> pod);
  // The API has it no more. Without a pod at all it is an orphan of the runtime: `name` and `ns` come from
  // there.
  void set_removed();
  void set_orphan(const std::string& ns, const std::string& name);
  // The node cannot keep the pod: it fails with this reason and has `grace` seconds to go.
  void evict(std::string reason, std::string message, int64_t grace);
  void wake();
  // Until nothing of a removed pod is left, or cancelled.
  Task<void> run(CancelToken token);
  bool done() const { return done_; }

  // ---- What others may see. ----
  // With the status as this node knows it; null for an orphan.
  std::shared_ptr<const corev1::Pod> pod() const;
  const RuntimePod& runtime() const { return *runtime_; }
  bool removed() const { return removed_; }
  bool terminated() const { return stage_ == Stage::kTerminated; }
  // The pod was let in, by this kubelet or one before, and is not over: it counts.
  bool active() const;
  bool ending() const { return stage_ != Stage::kSync; }

 private:
  enum class Stage { kSync, kTerminating, kTerminated };
  static constexpr Duration kResync = std::chrono::seconds(60);

  Task<void> wait(CancelToken token);
  void wake_in(Duration delay);
  bool should_end() const;
  int64_t grace() const;
  std::shared_ptr<const corev1::Pod> current() const;

  // Each returns when to come again at the latest. (pod_sync.cc)
  Task<Duration> sync(CancelToken token);
  bool admit(const corev1::Pod& pod);
  Task<Duration> act(std::shared_ptr<const corev1::Pod> pod, CancelToken token);
  Task<Result<std::string>> runtime_handler(std::shared_ptr<const corev1::Pod> pod, CancelToken token);
  Task<Duration> make_sandbox(std::shared_ptr<const corev1::Pod> pod, const PodActions& actions,
                              CancelToken token);
  Task<Duration> mount_volumes(std::shared_ptr<const corev1::Pod> pod, CancelToken token);
  Task<Duration> start_containers(std::shared_ptr<const corev1::Pod> pod, std::vector<std::string> names,
                                  CancelToken token);
  // The same; in pod_end.cc.
  Task<Duration> terminate(CancelToken token);
  Task<Duration> clean(CancelToken token);

  Task<bool> read();
  // True when the pod's phase is a terminal one, whether or not it is told yet.
  bool publish(bool ending);
  void update_probes();
  Task<void> kill_all(std::shared_ptr<const corev1::Pod> pod, CancelToken token);
  Task<void> kill_one(std::shared_ptr<const corev1::Pod> pod, std::string id, std::string name,
                      std::string ip, CancelToken token);
  Task<void> hasten(std::vector<std::string> ids, int64_t seconds);
  std::optional<corev1::Container> find(const corev1::Pod& pod, const std::string& name) const;
  int64_t seconds_left() const;

  PodParts& parts_;
  const std::string uid_;
  RuntimePodReader reader_;
  ContainerRunner runner_;
  std::shared_ptr<const corev1::Pod> pod_;  // as the API has it; of an orphan: what the runtime told
  bool orphan_ = false;
  bool removed_ = false;
  Stage stage_ = Stage::kSync;
  bool cleaned_ = false;
  bool done_ = false;

  bool dirty_ = true;
  std::optional<MonotonicTime> due_;
  OneShot<bool> alarm_;
  std::optional<CancelSource> interrupt_;  // of the sync that runs: ending does not wait for pulls

  std::shared_ptr<const RuntimePod> runtime_;
  std::optional<corev1::PodStatus> status_;  // as published last
  std::map<std::string, WaitingReason> waiting_;
  std::string failed_reason_, failed_message_;
  bool admitted_ = false, refused_ = false;
  std::optional<int64_t> eviction_grace_;

  cri::PodSandboxConfig sandbox_config_;
  std::string configured_sandbox_;  // the id sandbox_config_ is about
  MountedVolumes volumes_;
  std::optional<MonotonicTime> mounted_at_;
  bool cgroup_made_ = false;
  int sandbox_failures_ = 0, volume_failures_ = 0;
  std::optional<MonotonicTime> kill_deadline_;
  int kills_ = 0;  // running
};

}  // namespace xebec::kubelet
