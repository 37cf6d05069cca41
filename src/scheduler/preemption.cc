#include "scheduler/preemption.h"

#include <algorithm>
#include <limits>
#include <set>

#include "api/selectors.h"

namespace xebec::scheduler {
namespace {

using Budgets = std::vector<std::shared_ptr<const policyv1::PodDisruptionBudget>>;

struct Candidate {
  std::string node;
  std::vector<PodInfoPtr> victims;  // most important first
  int violations = 0;               // of disruption budgets
};

int64_t start_of(const PodInfo& pod) {
  const auto& start = pod.pod->status.startTime;
  return start ? start->seconds : std::numeric_limits<int64_t>::max();
}

bool more_important(const PodInfoPtr& a, const PodInfoPtr& b) {
  int32_t pa = priority_of(*a->pod), pb = priority_of(*b->pod);
  if (pa != pb) return pa > pb;
  return start_of(*a) < start_of(*b);
}

bool being_preempted(const corev1::Pod& pod) {
  if (!pod.metadata.deletionTimestamp) return false;
  return std::any_of(pod.status.conditions.begin(), pod.status.conditions.end(),
                     [](const corev1::PodCondition& condition) {
                       return condition.type == "DisruptionTarget" && condition.status == "True" &&
                              condition.reason == "PreemptionByScheduler";
                     });
}

bool guards(const policyv1::PodDisruptionBudget& budget, const corev1::Pod& pod) {
  if (budget.metadata.namespace_ != pod.metadata.namespace_ || !budget.spec.selector) return false;
  const metav1::LabelSelector& selector = *budget.spec.selector;
  if (selector.matchLabels.empty() && selector.matchExpressions.empty()) return false;
  if (budget.status.disruptedPods.contains(pod.metadata.name)) return false;
  Result<api::LabelSelector> parsed = api::LabelSelector::from(selector);
  return parsed && parsed->matches(pod.metadata.labels);
}

// Those whose leaving would break a budget, when they leave in this order.
std::set<std::string> violating(const std::vector<PodInfoPtr>& pods, const Budgets& budgets) {
  std::set<std::string> out;
  std::vector<int32_t> left;
  for (const auto& budget : budgets) left.push_back(budget->status.disruptionsAllowed);
  for (const PodInfoPtr& pod : pods) {
    for (size_t i = 0; i < budgets.size(); ++i) {
      if (guards(*budgets[i], *pod->pod) && --left[i] < 0) out.insert(pod->uid());
    }
  }
  return out;
}

class Planner {
 public:
  Planner(const PreemptionInputs& in, CycleState& state, const PodInfo& pod)
      : in_(in), state_(state), pod_(pod), priority_(priority_of(*pod.pod)) {}

  Preemption plan() {
    Preemption out;
    out.message = why_not_eligible();
    out.not_eligible = !out.message.empty();
    if (out.not_eligible) return out;
    Diagnosis found(in_.nodes.size());
    found.set_rest("Preemption is not helpful for scheduling", "");
    std::vector<Candidate> candidates;
    for (const NodeInfo* node : in_.nodes) {
      auto rejection = in_.diagnosis.rejections().find(node->node->metadata.name);
      if (rejection == in_.diagnosis.rejections().end() || rejection->second.unresolvable) continue;
      Candidate candidate;
      Rejection none = victims_on(*node, candidate);
      if (none.rejected()) {
        found.add(node->node->metadata.name, std::move(none), "");
      } else {
        candidates.push_back(std::move(candidate));
      }
    }
    if (candidates.empty()) {
      out.message = found.message();
      return out;
    }
    Candidate& best = *std::min_element(candidates.begin(), candidates.end(), better);
    out.node = best.node;
    out.victims = std::move(best.victims);
    return out;
  }

 private:
  std::string why_not_eligible() const {
    if (pod_.pod->spec.preemptionPolicy == "Never") return "not eligible due to preemptionPolicy=Never.";
    const std::string& promised = pod_.pod->status.nominatedNodeName;
    if (promised.empty()) return "";
    auto rejection = in_.diagnosis.rejections().find(promised);
    if (rejection != in_.diagnosis.rejections().end() && rejection->second.unresolvable) return "";
    for (const NodeInfo* node : in_.nodes) {
      if (node->node->metadata.name != promised) continue;
      for (const auto& [uid, other] : node->pods) {
        if (priority_of(*other->pod) < priority_ && being_preempted(*other->pod))
          return "not eligible due to a terminating pod on the nominated node.";
      }
    }
    return "";
  }

  Rejection filtered(const NodeInfo& node) {
    NodeInfo copy;
    return in_.profile.run_filters(state_, pod_, *in_.nominations.with(node, pod_, copy)).rejection;
  }

  // All Pods of lower priority are taken away; then as many as possible come back, the most important first.
  Rejection victims_on(const NodeInfo& node, Candidate& out) {
    NodeInfo trial = node;
    std::vector<PodInfoPtr> lower;
    for (const auto& [uid, other] : node.pods) {
      if (priority_of(*other->pod) < priority_) lower.push_back(other);
    }
    if (lower.empty()) return Rejection::because("No preemption victims found for incoming pod", true);
    for (const PodInfoPtr& other : lower) trial.remove_pod(other->uid());
    Rejection still = filtered(trial);
    if (still.rejected()) return still;
    std::sort(lower.begin(), lower.end(), more_important);
    std::set<std::string> guarded = violating(lower, in_.budgets);
    out.node = node.node->metadata.name;
    auto reprieve = [&](const PodInfoPtr& other) {
      trial.add_pod(other);
      if (!filtered(trial).rejected()) return true;
      trial.remove_pod(other->uid());
      out.victims.push_back(other);
      return false;
    };
    for (const PodInfoPtr& other : lower) {
      if (guarded.contains(other->uid()) && !reprieve(other)) ++out.violations;
    }
    for (const PodInfoPtr& other : lower) {
      if (!guarded.contains(other->uid())) reprieve(other);
    }
    std::sort(out.victims.begin(), out.victims.end(), more_important);
    return Rejection::none();
  }

  static int64_t sum_of_priorities(const Candidate& candidate) {
    int64_t sum = 0;
    // Shifted, so that a few Pods of negative priority are not worse than many.
    for (const PodInfoPtr& victim : candidate.victims)
      sum += int64_t{priority_of(*victim->pod)} + std::numeric_limits<int32_t>::max() + 1LL;
    return sum;
  }

  // Of the most important victims, when the first of them started.
  static int64_t earliest_start(const Candidate& candidate) {
    int64_t earliest = std::numeric_limits<int64_t>::max();
    for (const PodInfoPtr& victim : candidate.victims) {
      if (priority_of(*victim->pod) == priority_of(*candidate.victims[0]->pod))
        earliest = std::min(earliest, start_of(*victim));
    }
    return earliest;
  }

  static bool better(const Candidate& a, const Candidate& b) {
    if (a.violations != b.violations) return a.violations < b.violations;
    if (a.victims.empty() || b.victims.empty()) return a.victims.size() < b.victims.size();
    int32_t pa = priority_of(*a.victims[0]->pod), pb = priority_of(*b.victims[0]->pod);
    if (pa != pb) return pa < pb;
    int64_t sa = sum_of_priorities(a), sb = sum_of_priorities(b);
    if (sa != sb) return sa < sb;
    if (a.victims.size() != b.victims.size()) return a.victims.size() < b.victims.size();
    return earliest_start(a) > earliest_start(b);
  }

  const PreemptionInputs& in_;
  CycleState& state_;
  const PodInfo& pod_;
  int32_t priority_;
};

}  // namespace

int32_t priority_of(const corev1::Pod& pod) { return pod.spec.priority.value_or(0); }

void Nominations::set(PodInfoPtr pod, std::string node) {
  std::string uid = pod->uid();
  entries_[uid] = Entry{std::move(pod), std::move(node)};
}

void Nominations::remove(const std::string& uid) { entries_.erase(uid); }

const NodeInfo* Nominations::with(const NodeInfo& node, const PodInfo& pod, NodeInfo& copy) const {
  const NodeInfo* out = &node;
  for (const auto& [uid, entry] : entries_) {
    bool counts = entry.node == node.node->metadata.name && uid != pod.uid() && !node.pods.contains(uid) &&
                  priority_of(*entry.pod->pod) >= priority_of(*pod.pod);
    if (!counts) continue;
    if (out == &node) copy = node;
    out = &copy;
    copy.add_pod(entry.pod);
  }
  return out;
}

std::vector<PodInfoPtr> Nominations::lower(const std::string& node, int32_t priority) const {
  std::vector<PodInfoPtr> out;
  for (const auto& [uid, entry] : entries_) {
    if (entry.node == node && priority_of(*entry.pod->pod) < priority) out.push_back(entry.pod);
  }
  return out;
}

Preemption plan_preemption(const PreemptionInputs& in, CycleState& state, const PodInfo& pod) {
  return Planner(in, state, pod).plan();
}

}  // namespace xebec::scheduler
