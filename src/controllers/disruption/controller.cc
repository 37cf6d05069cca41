#include "controllers/disruption/controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/selectors.h"
#include "client/controller_ref.h"
#include "controllers/disruption/budget.h"

namespace xebec::controllers {
namespace {

using disruption::Budget;

constexpr std::string_view kAccount = "disruption-controller";
constexpr int64_t kStaleSeconds = 120;

bool covers(const Budget& budget, const corev1::Pod& pod) {
  if (!budget.spec.selector) return false;
  Result<api::LabelSelector> selector = api::LabelSelector::from(*budget.spec.selector);
  return selector && selector->matches(pod.metadata.labels);
}

// How long until the condition of a Pod that goes on living is stale; nothing when it has none. The kubelet's
// own conditions are not: it may take any time to end a Pod.
std::optional<int64_t> stale_after(const corev1::Pod& pod, api::Time now) {
  if (pod.metadata.deletionTimestamp || pod_finished(pod)) return std::nullopt;
  for (const corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type != "DisruptionTarget" || condition.status != "True") continue;
    if (condition.reason == "TerminationByKubelet") return std::nullopt;
    return std::max<int64_t>(condition.lastTransitionTime.seconds + kStaleSeconds - now.seconds, 0);
  }
  return std::nullopt;
}

// Go's %v of a *metav1.LabelSelector.
std::string go_text(const metav1::LabelSelector* selector) {
  if (selector == nullptr) return "nil";
  std::string labels, expressions;
  for (const auto& [key, value] : selector->matchLabels) labels += fmt::format("{}: {},", key, value);
  for (const auto& one : selector->matchExpressions) {
    expressions += fmt::format("LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},", one.key,
                               one.operator_, fmt::join(one.values, " "));
  }
  return fmt::format(
      "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},"
      "}}",
      labels, expressions);
}

std::string unmanaged_text(const Budget& budget) {
  return fmt::format(
      "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the "
      "status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account "
      "for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
      go_text(budget.spec.selector ? &*budget.spec.selector : nullptr));
}

}  // namespace

DisruptionController::DisruptionController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as(kAccount)),
      budgets_(context.informers->get<policyv1::PodDisruptionBudget>()),
      pods_(context.informers->get<corev1::Pod>()),
      scales_(context, rest_),
      queue_(env_, "disruption"),
      stale_(env_, "stale_pod_disruption"),
      recorder_(rest_, env_, "controllermanager") {
  budgets_.on_change([this](const BudgetPtr& old, const BudgetPtr& now) {
    queue_.add(client::key_of((now ? now : old)->metadata));
  });
  pods_.on_change([this](const PodPtr& old, const PodPtr& now) { on_pod(old, now); });
}

void DisruptionController::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 1, [this](std::string key) { return sync(std::move(key)); }, env_.logger);
  client::run_controller(
      scope, stale_, 1, [this](std::string key) { return sync_stale(std::move(key)); }, env_.logger);
}

void DisruptionController::on_pod(const PodPtr& old, const PodPtr& now) {
  enqueue_budgets_of(now ? now : old);
  // A Pod that got other labels leaves a budget, too.
  if (old && now && old->metadata.labels != now->metadata.labels) enqueue_budgets_of(old);
  if (!now) return;
  if (auto left = stale_after(*now, to_time(env_.clock->now())))
    stale_.add_after(client::key_of(now->metadata), std::chrono::seconds(*left));
}

// There should be one. Of several every one is kept right, and the user is told that evictions will fail.
void DisruptionController::enqueue_budgets_of(const PodPtr& pod) {
  std::vector<BudgetPtr> found;
  for (const BudgetPtr& budget : budgets_.list(pod->metadata.namespace_))
    if (covers(*budget, *pod)) found.push_back(budget);
  for (const BudgetPtr& budget : found) queue_.add(client::key_of(budget->metadata));
  if (found.size() < 2) return;
  recorder_.event(*pod, client::kEventWarning, "MultiplePodDisruptionBudgets",
                  fmt::format("Pod \"{}\"/\"{}\" matches multiple PodDisruptionBudgets.  Chose \"{}\" "
                              "arbitrarily.",
                              pod->metadata.namespace_, pod->metadata.name, found[0]->metadata.name));
}

Task<Result<void>> DisruptionController::sync(std::string key) {
  BudgetPtr budget = budgets_.get_key(key);
  if (!budget) co_return Result<void>();
  auto status = co_await wanted_status(key, budget);
  if (!status && status.error().is(reason::kConflict)) co_return fail(std::move(status).error());
  if (!status) {
    env_.logger.warning("Failed to sync PDB",
                        {{"podDisruptionBudget", key}, {"err", status.error().message}});
    status = disruption::fail_safe_status(*budget, status.error(), to_time(env_.clock->now()));
  }
  co_return co_await write_status(std::move(budget), std::move(*status));
}

Task<Result<policyv1::PodDisruptionBudgetStatus>> DisruptionController::wanted_status(std::string key,
                                                                                      BudgetPtr budget) {
  std::vector<PodPtr> pods;
  for (const PodPtr& pod : pods_.list(budget->metadata.namespace_))
    if (covers(*budget, *pod)) pods.push_back(pod);
  if (pods.empty()) recorder_.event(*budget, client::kEventNormal, "NoPods", "No matching pods found");
  int32_t expected = static_cast<int32_t>(pods.size());
  if (disruption::counts_controllers(budget->spec)) {
    auto scales = co_await scales_.of(pods);
    if (!scales) {
      recorder_.event(*budget, client::kEventWarning, "CalculateExpectedPodCountFailed",
                      "Failed to calculate the number of expected pods: " + scales.error().message);
      co_return fail(std::move(scales).error());
    }
    if (!scales->unmanaged.empty())
      recorder_.event(*budget, client::kEventWarning, "UnmanagedPods", unmanaged_text(*budget));
    expected = scales->total;
  }
  CO_TRY(disruption::Expectation expectation, disruption::expectation_of(budget->spec, expected));
  const api::Time now = to_time(env_.clock->now());
  disruption::Disrupted disrupted = disruption::disrupted_pods(*budget, pods, now);
  for (const PodPtr& pod : disrupted.given_up) {
    // Upstream names the namespace twice.
    const std::string& ns = budget->metadata.namespace_;
    recorder_.event(*pod, client::kEventWarning, "NotDeleted",
                    fmt::format("Pod was expected by PDB {}/{} to be deleted but it wasn't", ns, ns));
  }
  if (disrupted.recheck_after_seconds)
    queue_.add_after(key, std::chrono::seconds(*disrupted.recheck_after_seconds));
  const int32_t healthy = disruption::count_healthy(pods, disrupted.pods, now);
  co_return disruption::status_of(*budget, expectation, healthy, std::move(disrupted.pods), now);
}

// With the version that was looked at: an eviction in between is not forgotten.
Task<Result<void>> DisruptionController::write_status(BudgetPtr budget,
                                                      policyv1::PodDisruptionBudgetStatus status) {
  if (status == budget->status) co_return Result<void>();
  policyv1::PodDisruptionBudget updated = *budget;
  updated.status = std::move(status);
  auto written = co_await rest_.update_status(Context(), updated);
  if (!written && !written.error().is(reason::kNotFound)) co_return fail(std::move(written).error());
  co_return Result<void>();
}

Task<Result<void>> DisruptionController::sync_stale(std::string key) {
  PodPtr pod = pods_.get_key(key);
  if (!pod) co_return Result<void>();
  const api::Time now = to_time(env_.clock->now());
  std::optional<int64_t> left = stale_after(*pod, now);
  if (!left) co_return Result<void>();
  if (*left > 0) {
    stale_.add_after(key, std::chrono::seconds(*left));
    co_return Result<void>();
  }
  corev1::Pod updated = *pod;
  for (corev1::PodCondition& condition : updated.status.conditions) {
    if (condition.type != "DisruptionTarget") continue;
    condition = corev1::PodCondition();
    condition.type = "DisruptionTarget";
    condition.status = "False";
    condition.observedGeneration = pod->metadata.generation;
    condition.lastTransitionTime = now;
  }
  auto written = co_await rest_.update_status(Context(), updated);
  if (!written && !written.error().is(reason::kNotFound)) co_return fail(std::move(written).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
