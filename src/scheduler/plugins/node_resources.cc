// NodeResourcesFit (filter, and the LeastAllocated score) and NodeResourcesBalancedAllocation.
#include <cmath>

#include "scheduler/plugins/plugins.h"

namespace xebec::scheduler {
namespace {

class Fit final : public FilterPlugin, public ScorePlugin {
 public:
  std::string_view name() const override { return "NodeResourcesFit"; }
  uint32_t events_to_register() const override {
    return ClusterEvent::kNodeAdded | ClusterEvent::kNodeAllocatable | ClusterEvent::kAssignedPodDeleted |
           ClusterEvent::kPodUpdated;
  }

  Rejection filter(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    Rejection out;
    if (static_cast<int64_t>(node.pods.size()) + 1 > node.allocatable.allowed_pods)
      out.reasons.emplace_back("Too many pods");
    const Resource& want = pod.request;
    check(out, "cpu", want.milli_cpu, node.allocatable.milli_cpu, node.requested.milli_cpu);
    check(out, "memory", want.memory, node.allocatable.memory, node.requested.memory);
    check(out, "ephemeral-storage", want.ephemeral_storage, node.allocatable.ephemeral_storage,
          node.requested.ephemeral_storage);
    for (const auto& [resource, amount] : want.scalar) {
      check(out, resource, amount, find(node.allocatable.scalar, resource),
            find(node.requested.scalar, resource));
    }
    return out;
  }

  // LeastAllocated: the emptier a node would be, the better.
  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    int64_t cpu = free_share(node.non_zero_milli_cpu + pod.non_zero_milli_cpu, node.allocatable.milli_cpu);
    int64_t memory = free_share(node.non_zero_memory + pod.non_zero_memory, node.allocatable.memory);
    return (cpu + memory) / 2;
  }

 private:
  static int64_t find(const std::map<std::string, int64_t>& amounts, const std::string& name) {
    auto it = amounts.find(name);
    return it == amounts.end() ? 0 : it->second;
  }

  static void check(Rejection& out, std::string_view name, int64_t want, int64_t capacity, int64_t used) {
    if (want > 0 && want > capacity - used) {
      out.reasons.push_back("Insufficient " + std::string(name));
      if (want > capacity) out.unresolvable = true;
    }
  }

  static int64_t free_share(int64_t used, int64_t capacity) {
    if (capacity == 0 || used > capacity) return 0;
    return static_cast<int64_t>(static_cast<__int128>(capacity - used) * kMaxScore / capacity);
  }
};

class BalancedAllocation final : public ScorePlugin {
 public:
  std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }

  // The closer the used shares of CPU and memory are to each other, the better.
  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    double cpu = share(node.requested.milli_cpu + pod.request.milli_cpu, node.allocatable.milli_cpu);
    double memory = share(node.requested.memory + pod.request.memory, node.allocatable.memory);
    double deviation = std::fabs(cpu - memory) / 2;
    return static_cast<int64_t>((1 - deviation) * static_cast<double>(kMaxScore));
  }

 private:
  static double share(int64_t used, int64_t capacity) {
    if (capacity == 0) return 1;
    return std::min(1.0, static_cast<double>(used) / static_cast<double>(capacity));
  }
};

}  // namespace

std::unique_ptr<Plugin> make_node_resources_fit() { return std::make_unique<Fit>(); }
std::unique_ptr<Plugin> make_balanced_allocation() { return std::make_unique<BalancedAllocation>(); }

}  // namespace xebec::scheduler
