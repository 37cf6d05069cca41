// The scheduling framework: the points where plugins take part in placing a Pod (KEP-624).
// One plugin a file under plugins/, one registration line each in plugins/registry.cc.
// Plugins are stateless between Pods, run on the scheduler's executor and do not block.
#pragma once

#include <any>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/node_info.h"

namespace xebec::scheduler {

// Why a plugin does not want a node; empty reasons mean that it does.
struct Rejection {
  std::vector<std::string> reasons;
  // True: nothing that goes on the node (Pods leaving) can change it, only the node or the Pod itself.
  bool unresolvable = false;

  bool rejected() const { return !reasons.empty(); }
  static Rejection none() { return {}; }
  static Rejection because(std::string reason, bool unresolvable = false) {
    Rejection out;
    out.reasons.push_back(std::move(reason));
    out.unresolvable = unresolvable;
    return out;
  }
};

// What happened in the cluster that may make a rejected Pod schedulable: a set of bits, and the objects it
// happened to, for plugins that look closer.
struct ClusterEvent {
  static constexpr uint32_t kNodeAdded = 1, kNodeAllocatable = 2, kNodeLabel = 4, kNodeTaint = 8,
                            kNodeCondition = 16, kAssignedPodDeleted = 32, kAssignedPodAdded = 64,
                            kAssignedPodUpdated = 128, kPodUpdated = 256, kAll = 511;
  static constexpr uint32_t kNode = kNodeAdded | kNodeAllocatable | kNodeLabel | kNodeTaint | kNodeCondition;

  uint32_t kinds = 0;
  std::shared_ptr<const corev1::Node> old_node, node;  // of a node's events; an added one has no old_node
  std::shared_ptr<const corev1::Pod> old_pod, pod;     // of a Pod's; a deleted one has no pod

  ClusterEvent() = default;
  explicit ClusterEvent(uint32_t k) : kinds(k) {}
};

// State that plugins keep between the points of one Pod's cycle.
using CycleState = std::map<std::string, std::any, std::less<>>;

using NodeInfos = std::vector<const NodeInfo*>;  // in order of name

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::string_view name() const = 0;
  // Events after which a Pod that this plugin rejected is worth another try.
  virtual uint32_t events_to_register() const { return ClusterEvent::kAll; }
  // The queueing hint: whether this very event, one of those registered for, may help this Pod.
  virtual bool may_help(const PodInfo&, const ClusterEvent&) const { return true; }
};

// Before a Pod may be tried at all.
class PreEnqueuePlugin : public virtual Plugin {
 public:
  virtual Rejection pre_enqueue(const corev1::Pod& pod) const = 0;
};

struct PreFilterResult {
  Rejection rejection;                         // for every node
  std::optional<std::set<std::string>> nodes;  // the only ones that come into question
};

class PreFilterPlugin : public virtual Plugin {
 public:
  // Once a Pod.
  virtual PreFilterResult pre_filter(CycleState& state, const PodInfo& pod, const NodeInfos& nodes) = 0;
};

class FilterPlugin : public virtual Plugin {
 public:
  virtual Rejection filter(CycleState& state, const PodInfo& pod, const NodeInfo& node) = 0;
};

class ScorePlugin : public virtual Plugin {
 public:
  static constexpr int64_t kMaxScore = 100;
  virtual int64_t weight() const { return 1; }
  // Any scale; normalize brings it to 0..kMaxScore.
  virtual int64_t score(CycleState& state, const PodInfo& pod, const NodeInfo& node) = 0;
  virtual void normalize(std::vector<int64_t>&) {}
};

// Holds something while a Pod is on its way to a node.
class ReservePlugin : public virtual Plugin {
 public:
  virtual Rejection reserve(CycleState& state, const PodInfo& pod, const std::string& node) = 0;
  virtual void unreserve(CycleState& state, const PodInfo& pod, const std::string& node) = 0;
};

// The plugins of a scheduler, each under every point it takes part in, in order.
struct Profile {
  std::vector<std::unique_ptr<Plugin>> plugins;
  std::vector<PreEnqueuePlugin*> pre_enqueue;
  std::vector<PreFilterPlugin*> pre_filter;
  std::vector<FilterPlugin*> filter;
  std::vector<ScorePlugin*> score;
  std::vector<ReservePlugin*> reserve;

  void add(std::unique_ptr<Plugin> plugin);
  const Plugin* find(std::string_view name) const;

  struct Filtered {
    Rejection rejection;
    std::string_view plugin;  // the one that rejected
  };
  // All filters, until one does not want the node.
  Filtered run_filters(CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
};

// In plugins/registry.cc.
Profile default_profile();

// Scales to 0..kMaxScore with the highest at kMaxScore; `reverse` turns it round
// (helper.DefaultNormalizeScore).
void normalize_scores(std::vector<int64_t>& scores, bool reverse);

}  // namespace xebec::scheduler
