#include "controllers/disruption/budget.h"

#include <algorithm>

namespace xebec::controllers::disruption {
namespace {

constexpr std::string_view kDisruptionAllowed = "DisruptionAllowed";

// As SetStatusCondition: the time is that of the last change of the status.
void set_condition(policyv1::PodDisruptionBudgetStatus& status, std::string_view value,
                   std::string_view reason, std::string message, api::Time now) {
  auto it = std::find_if(status.conditions.begin(), status.conditions.end(),
                         [](const metav1::Condition& c) { return c.type == kDisruptionAllowed; });
  metav1::Condition& condition = it == status.conditions.end() ? status.conditions.emplace_back() : *it;
  if (condition.status != value) condition.lastTransitionTime = now;
  condition.type = kDisruptionAllowed;
  condition.status = value;
  condition.reason = reason;
  condition.message = std::move(message);
  condition.observedGeneration = status.observedGeneration;
}

}  // namespace

bool counts_controllers(const policyv1::PodDisruptionBudgetSpec& spec) {
  return spec.maxUnavailable || (spec.minAvailable && spec.minAvailable->is_string());
}

Result<Expectation> expectation_of(const policyv1::PodDisruptionBudgetSpec& spec, int32_t expected) {
  Expectation out;
  if (spec.maxUnavailable) {
    TRY(int64_t unavailable, api::get_scaled_value(*spec.maxUnavailable, expected, true));
    out.expected = expected;
    out.desired = static_cast<int32_t>(std::max<int64_t>(expected - unavailable, 0));
  } else if (spec.minAvailable) {
    TRY(int64_t available, api::get_scaled_value(*spec.minAvailable, expected, true));
    out.expected = expected;
    out.desired = static_cast<int32_t>(available);
  }
  return out;
}

Disrupted disrupted_pods(const Budget& budget, const std::vector<PodPtr>& pods, api::Time now) {
  Disrupted out;
  for (const PodPtr& pod : pods) {
    if (pod->metadata.deletionTimestamp) continue;
    const api::Time* since = budget.status.disruptedPods.get(pod->metadata.name);
    if (since == nullptr) continue;
    const int64_t left = since->seconds + kDeletionTimeoutSeconds - now.seconds;
    if (left < 0) {
      out.given_up.push_back(pod);
      continue;
    }
    out.pods[pod->metadata.name] = *since;
    // Given up only when the time is past.
    out.recheck_after_seconds = std::min(out.recheck_after_seconds.value_or(left + 1), left + 1);
  }
  return out;
}

int32_t count_healthy(const std::vector<PodPtr>& pods, const api::FlatMap<api::Time>& disrupted,
                      api::Time now) {
  return static_cast<int32_t>(std::count_if(pods.begin(), pods.end(), [&](const PodPtr& pod) {
    if (pod->metadata.deletionTimestamp) return false;
    const api::Time* since = disrupted.get(pod->metadata.name);
    if (since != nullptr && since->seconds + kDeletionTimeoutSeconds > now.seconds) return false;
    return pod_ready(*pod);
  }));
}

policyv1::PodDisruptionBudgetStatus status_of(const Budget& budget, const Expectation& expectation,
                                              int32_t healthy, api::FlatMap<api::Time> disrupted,
                                              api::Time now) {
  policyv1::PodDisruptionBudgetStatus status = budget.status;
  status.observedGeneration = budget.metadata.generation;
  status.expectedPods = expectation.expected;
  status.desiredHealthy = expectation.desired;
  status.currentHealthy = healthy;
  status.disruptedPods = std::move(disrupted);
  // A budget that covers no Pod yet allows nothing: its first Pods are safe until it has been looked at
  // again.
  status.disruptionsAllowed = expectation.expected > 0 ? std::max(healthy - expectation.desired, 0) : 0;
  if (status.disruptionsAllowed > 0) {
    set_condition(status, "True", "SufficientPods", "", now);
  } else {
    set_condition(status, "False", "InsufficientPods", "", now);
  }
  return status;
}

policyv1::PodDisruptionBudgetStatus fail_safe_status(const Budget& budget, const Status& why, api::Time now) {
  policyv1::PodDisruptionBudgetStatus status = budget.status;
  status.disruptionsAllowed = 0;
  set_condition(status, "False", "SyncFailed", why.message, now);
  return status;
}

}  // namespace xebec::controllers::disruption
