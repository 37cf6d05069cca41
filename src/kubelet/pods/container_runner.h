// ContainerRunner: starts and kills single containers of one pod, with images, environment, mounts, hooks and
// events. Belongs to the pod's worker. Source: k8s.io/kubernetes
// pkg/kubelet/kuberuntime/kuberuntime_container.go, pkg/kubelet/lifecycle.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kubelet/pods/pod_parts.h"
#include "kubelet/pods/pod_status.h"
#include "kubelet/pods/runtime_pod.h"

namespace xebec::kubelet {

// What containers of a pod need besides the pod, once its sandbox runs.
struct PodSurroundings {
  std::string sandbox_id;
  cri::PodSandboxConfig sandbox;
  std::vector<std::string> pod_ips;
  MountedVolumes volumes;
};

struct StartFailure {
  WaitingReason waiting;
  Duration retry_after{};
};

class ContainerRunner {
 public:
  explicit ContainerRunner(PodParts& parts) : parts_(parts) {}

  // Nothing when it runs (or will be looked at again by its state); otherwise why not.
  Task<std::optional<StartFailure>> start(std::shared_ptr<const corev1::Pod> pod, corev1::Container container,
                                          std::shared_ptr<const RuntimePod> runtime, PodSurroundings around,
                                          std::string target_id, CancelToken token);
  // preStop, then the stop signal, and SIGKILL when the grace period (at least 2 s) is over.
  // `container`: nothing when the spec is not known.
  Task<Result<void>> kill(std::shared_ptr<const corev1::Pod> pod, std::optional<corev1::Container> container,
                          std::string id, std::string pod_ip, int64_t grace_seconds, std::string message,
                          CancelToken token);

 private:
  Result<std::vector<cri::Mount>> mounts(const corev1::Pod& pod, const corev1::Container& container,
                                         const PodSurroundings& around, const std::vector<cri::EnvVar>& env,
                                         int32_t restart_count);
  Result<bool> recursive_read_only(const corev1::Pod& pod, const corev1::VolumeMount& mount) const;
  Task<Result<void>> run_hook(corev1::LifecycleHandler handler, corev1::Container container, std::string id,
                              std::string pod_ip, Duration limit);
  void event(const corev1::Pod& pod, const std::string& container, std::string_view type,
             std::string_view reason, std::string message);
  void drop_dead(const RuntimePod& runtime, const std::string& name, std::vector<std::string>& ids,
                 std::vector<std::string>& logs) const;

  PodParts& parts_;
};

// The kubelet's /etc/hosts of a pod.
std::string hosts_file(const corev1::Pod& pod, const std::vector<std::string>& ips,
                       std::string_view cluster_domain, std::string_view node_hosts);

}  // namespace xebec::kubelet
