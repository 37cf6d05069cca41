// What a PodDisruptionBudget allows, worked out from the Pods it covers: pure functions
// (k8s.io/kubernetes/pkg/controller/disruption and k8s.io/component-helpers/apps/poddisruptionbudget).
#pragma once

#include <optional>
#include <vector>

#include "api/gen/policyv1.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers::disruption {

using Budget = policyv1::PodDisruptionBudget;

// An evicted Pod is given this long to be seen as being deleted; then it is believed to stay.
constexpr int64_t kDeletionTimeoutSeconds = 120;

struct Expectation {
  int32_t expected = 0;  // Pods there should be
  int32_t desired = 0;   // of which this many must stay healthy
};
// Whether the number of Pods there should be is that of their controllers (true), or that of the Pods there
// are.
bool counts_controllers(const policyv1::PodDisruptionBudgetSpec& spec);
// `expected`: see counts_controllers.
Result<Expectation> expectation_of(const policyv1::PodDisruptionBudgetSpec& spec, int32_t expected);

// Evictions that were granted and have not been seen yet.
struct Disrupted {
  api::FlatMap<api::Time> pods;
  std::optional<int64_t> recheck_after_seconds;  // when the first of them is given up
  std::vector<PodPtr> given_up;                  // these were not deleted in time
};
Disrupted disrupted_pods(const Budget& budget, const std::vector<PodPtr>& pods, api::Time now);

// Ready, and not on their way out.
int32_t count_healthy(const std::vector<PodPtr>& pods, const api::FlatMap<api::Time>& disrupted,
                      api::Time now);

policyv1::PodDisruptionBudgetStatus status_of(const Budget& budget, const Expectation& expectation,
                                              int32_t healthy, api::FlatMap<api::Time> disrupted,
                                              api::Time now);
// When the numbers could not be found out, nothing is allowed, and the condition says why.
policyv1::PodDisruptionBudgetStatus fail_safe_status(const Budget& budget, const Status& why, api::Time now);

}  // namespace xebec::controllers::disruption
