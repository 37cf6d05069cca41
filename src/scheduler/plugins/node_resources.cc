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
           ClusterEvent::kAssignedPodUpdated | ClusterEvent::kPodUpdated;
  }

  bool may_help(const PodInfo& pod, const ClusterEvent& event) const override {
    if ((event.kinds & ClusterEvent::kNode) != 0 && event.node) return node_may_help(pod, event);
    // A Pod that was changed in place, the waiting one itself too, helps when it wants less.
    if (event.old_pod && event.pod)
      return wants_less(PodInfo(event.old_pod).request, PodInfo(event.pod).request, pod);
    return true;
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

  // LeastAllocated: the emptier a node would be, the better. What a node has none of does not count.
  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    int64_t sum = 0, weights = 0;
    auto count = [&](int64_t used, int64_t capacity) {
      if (capacity == 0) return;
      sum += free_share(used, capacity);
      ++weights;
    };
    count(node.non_zero_milli_cpu + pod.non_zero_milli_cpu, node.allocatable.milli_cpu);
    count(node.non_zero_memory + pod.non_zero_memory, node.allocatable.memory);
    return weights == 0 ? 0 : sum / weights;
  }

 private:
  // The node as it is now could hold the Pod when it is empty, and it did not before or has got more.
  static bool node_may_help(const PodInfo& pod, const ClusterEvent& event) {
    Resource now = Resource::from(event.node->status.allocatable);
    if (!holds(now, pod.request)) return false;
    if (!event.old_node) return true;
    Resource old = Resource::from(event.old_node->status.allocatable);
    if (!holds(old, pod.request) || now.allowed_pods > old.allowed_pods) return true;
    const Resource& want = pod.request;
    auto more = [](int64_t wanted, int64_t before, int64_t after) { return wanted > 0 && after > before; };
    if (more(want.milli_cpu, old.milli_cpu, now.milli_cpu) || more(want.memory, old.memory, now.memory) ||
        more(want.ephemeral_storage, old.ephemeral_storage, now.ephemeral_storage)) {
      return true;
    }
    return std::any_of(want.scalar.begin(), want.scalar.end(), [&](const auto& item) {
      return more(item.second, find(old.scalar, item.first), find(now.scalar, item.first));
    });
  }

  static bool holds(const Resource& capacity, const Resource& want) {
    if (capacity.allowed_pods < 1 || want.milli_cpu > capacity.milli_cpu || want.memory > capacity.memory ||
        want.ephemeral_storage > capacity.ephemeral_storage) {
      return false;
    }
    return std::all_of(want.scalar.begin(), want.scalar.end(),
                       [&](const auto& item) { return item.second <= find(capacity.scalar, item.first); });
  }

  // Of something that the waiting Pod asks for.
  static bool wants_less(const Resource& before, const Resource& after, const PodInfo& pod) {
    const Resource& want = pod.request;
    auto less = [](int64_t wanted, int64_t old, int64_t now) {
      return now < old && (wanted > 0 || now == 0);
    };
    if (less(want.milli_cpu, before.milli_cpu, after.milli_cpu) ||
        less(want.memory, before.memory, after.memory) ||
        less(want.ephemeral_storage, before.ephemeral_storage, after.ephemeral_storage)) {
      return true;
    }
    return std::any_of(before.scalar.begin(), before.scalar.end(), [&](const auto& item) {
      return less(find(want.scalar, item.first), item.second, find(after.scalar, item.first));
    });
  }

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

  // The closer the used shares of CPU and memory are to each other, the better. A Pod that asks for neither
  // changes nothing: every node is the same to it.
  int64_t score(CycleState&, const PodInfo& pod, const NodeInfo& node) override {
    if (pod.request.milli_cpu == 0 && pod.request.memory == 0) return 0;
    if (node.allocatable.milli_cpu == 0 || node.allocatable.memory == 0) return kMaxScore;
    double cpu = share(node.requested.milli_cpu + pod.request.milli_cpu, node.allocatable.milli_cpu);
    double memory = share(node.requested.memory + pod.request.memory, node.allocatable.memory);
    double deviation = std::fabs(cpu - memory) / 2;
    return static_cast<int64_t>((1 - deviation) * static_cast<double>(kMaxScore));
  }

 private:
  static double share(int64_t used, int64_t capacity) {
    return std::min(1.0, static_cast<double>(used) / static_cast<double>(capacity));
  }
};

}  // namespace

std::unique_ptr<Plugin> make_node_resources_fit() { return std::make_unique<Fit>(); }
std::unique_ptr<Plugin> make_balanced_allocation() { return std::make_unique<BalancedAllocation>(); }

}  // namespace xebec::scheduler
