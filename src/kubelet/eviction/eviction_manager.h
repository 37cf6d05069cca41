// EvictionManager: keeps the node alive when memory, disk or inodes run short: reports it as a node
// condition, frees what can be freed, then ends pods, one at a time; and ends pods that use more local
// storage than they may. Source: k8s.io/kubernetes pkg/kubelet/eviction.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/cancel.h"
#include "base/sync.h"
#include "base/task.h"
#include "client/env.h"
#include "kubelet/node/machine.h"

namespace xebec::kubelet {

struct ContainerUsage {
  int64_t memory = 0;         // working set
  int64_t local_storage = 0;  // writable layer and logs
};

struct PodUsage {
  std::map<std::string, ContainerUsage> containers;
  std::map<std::string, int64_t> empty_dirs;  // bytes on disk, by volume name

  int64_t memory() const;
  int64_t local_storage() const;
};

struct EvictionThresholds {
  int64_t memory_available = 100 << 20;
  // Shares of the whole that have to stay free.
  double nodefs = 0.10, imagefs = 0.15, inodes = 0.05;
  Duration period = std::chrono::seconds(10);
  Duration transition = std::chrono::minutes(5);  // a condition stays this long after its cause has gone
};

// What the manager looks at and acts on.
class EvictionActions {
 public:
  using PodPtr = std::shared_ptr<const corev1::Pod>;
  virtual ~EvictionActions() = default;
  // Pods that run here and are not being ended.
  virtual std::vector<PodPtr> running_pods() = 0;
  virtual Task<std::optional<PodUsage>> usage(PodPtr pod) = 0;
  virtual Task<std::optional<DiskSpace>> image_disk() = 0;
  virtual Task<void> free_images() = 0;
  // An event of the node.
  virtual void node_event(std::string reason, std::string message) = 0;
  virtual void evict(PodPtr pod, std::string message, int64_t grace) = 0;
  virtual void set_pressures(std::vector<std::string> conditions) = 0;
};

class EvictionManager {
 public:
  EvictionManager(client::Env env, MachineReader& machine, EvictionActions& actions,
                  EvictionThresholds thresholds = {})
      : env_(std::move(env)), machine_(machine), actions_(actions), thresholds_(thresholds) {}

  Task<void> run(CancelToken token);
  // One look. Public for tests.
  Task<void> look();

 private:
  using PodPtr = EvictionActions::PodPtr;
  struct Shortage {
    std::string signal;     // "memory", "ephemeral-storage", "inodes"
    std::string condition;  // of the node
    int64_t available = 0, threshold = 0;
  };
  struct Candidate {
    PodPtr pod;
    PodUsage usage;
  };

  Task<std::vector<Shortage>> shortages();
  void report(const std::vector<Shortage>& found);
  Task<std::vector<Candidate>> candidates(bool everybody);
  bool enforce_limits(const std::vector<Candidate>& all);
  void evict_one(std::vector<Candidate> all, const Shortage& shortage);

  client::Env env_;
  MachineReader& machine_;
  EvictionActions& actions_;
  EvictionThresholds thresholds_;
  std::map<std::string, MonotonicTime> last_seen_;  // by condition
};

}  // namespace xebec::kubelet
