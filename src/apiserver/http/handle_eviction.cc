// pods/eviction: deletes the Pod if no PodDisruptionBudget forbids it, and takes the disruption from the
// budget (k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go).
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/gen/policyv1.h"
#include "api/selectors.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/body.h"
#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kMostDisruptedPods = 2000;

bool is_ready(const corev1::Pod& pod) {
  for (const auto& condition : pod.status.conditions) {
    if (condition.type == "Ready") return condition.status == "True";
  }
  return false;
}

// Such a Pod is not what a budget counts.
bool ignores_budget(const corev1::Pod& pod) {
  const std::string& phase = pod.status.phase;
  return phase == "Succeeded" || phase == "Failed" || phase == "Pending" ||
         pod.metadata.deletionTimestamp.has_value();
}

Status too_many_disruptions(std::string cause) {
  Status status =
      errors::too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.", 0);
  status.details.causes.push_back({"DisruptionBudget", std::move(cause), ""});
  return status;
}

struct TakeState {
  std::string pod;
  api::Time now;
};

// The budget with one disruption less, the Pod noted as on its way out.
Result<api::Object> taken(const TakeState& state, const api::Object* current) {
  const policyv1::PodDisruptionBudget* old = current ? current->as<policyv1::PodDisruptionBudget>() : nullptr;
  if (!old) return fail(errors::internal("unexpected object"));
  const std::string& name = old->metadata.name;
  if (old->status.observedGeneration < old->metadata.generation) {
    Status status = too_many_disruptions(
        fmt::format("The disruption budget {} is still being processed by the server.", name));
    status.details.retry_after_seconds = 10;
    return fail(std::move(status));
  }
  ResourceName resource{"policy", "poddisruptionbudgets"};
  if (old->status.disruptionsAllowed < 0)
    return fail(errors::forbidden(resource, name, "pdb disruptions allowed is negative"));
  if (old->status.disruptedPods.size() > kMostDisruptedPods) {
    return fail(errors::forbidden(
        resource, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
  }
  if (old->status.disruptionsAllowed == 0) {
    return fail(too_many_disruptions(
        fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                    old->status.desiredHealthy, old->status.currentHealthy)));
  }
  policyv1::PodDisruptionBudget budget = *old;
  --budget.status.disruptionsAllowed;
  budget.status.disruptedPods[state.pod] = state.now;
  return api::Object::of(std::move(budget));
}

Task<Result<api::Object>> run_take(std::shared_ptr<const TakeState> state, const api::Object* current) {
  co_return taken(*state, current);
}

// The one budget that covers the Pod; an empty name when none does.
Task<Result<std::string>> budget_of(Context context, Registry* budgets, std::string ns,
                                    std::shared_ptr<const api::Object> object) {
  const corev1::Pod& pod = object->get<corev1::Pod>();
  ListRequest request;
  request.namespace_ = ns;
  CO_TRY(ListPage page, co_await budgets->list(std::move(context), std::move(request)));
  std::string found;
  for (const std::shared_ptr<const Entry>& entry : page.items) {
    CO_TRY(std::shared_ptr<const api::Object> budget_object, entry->object());
    const auto& budget = budget_object->get<policyv1::PodDisruptionBudget>();
    if (!budget.spec.selector) continue;
    Result<api::LabelSelector> selector = api::LabelSelector::from(*budget.spec.selector);
    if (!selector || !selector->matches(pod.metadata.labels)) continue;
    if (!found.empty()) {
      co_return fail(
          errors::internal("This pod has more than one PodDisruptionBudget, which the eviction subresource "
                           "does not support."));
    }
    // A Pod that is not running well may go whenever the policy or a healthy budget says so.
    const bool always = budget.spec.unhealthyPodEvictionPolicy.value_or("") == "AlwaysAllow";
    const bool healthy =
        budget.status.currentHealthy >= budget.status.desiredHealthy && budget.status.desiredHealthy > 0;
    if (!is_ready(pod) && pod.status.phase == "Running" && (always || healthy)) continue;
    found = budget.metadata.name;
  }
  co_return found;
}

http::Response success(const Accepted& accepted) {
  metav1::Status status;
  status.status = "Success";
  status.code = 201;
  return object_response(201, api::type_of<metav1::Status>(), &status, "v1", "Status", accepted);
}

}  // namespace

Answer handle_eviction(Context context, ResourceCall call) {
  CO_TRY(Accepted accepted, negotiate(call.request(), Offered()));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kCreate));
  // Clients older than policy/v1 send the beta version, for good.
  Expected expected{&api::type_of<policyv1::Eviction>(), api::GroupVersionKind{"policy", "v1", "Eviction"},
                    "v1beta1"};
  CO_TRY(api::Object sent, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  const policyv1::Eviction& eviction = sent.get<policyv1::Eviction>();
  if (!eviction.metadata.name.empty() && eviction.metadata.name != call.name) {
    co_return fail(errors::bad_request("name in URL does not match name in Eviction object"));
  }
  auto options = std::make_shared<metav1::DeleteOptions>();
  if (eviction.deleteOptions) *options = *eviction.deleteOptions;
  query.dry_run = query.dry_run || !options->dryRun.empty();

  Registry* pods = call.registry;
  Registry* budgets = call.deps->registries->find("policy", "poddisruptionbudgets");
  GetRequest get;
  get.namespace_ = call.namespace_;
  get.name = call.name;
  CO_TRY(std::shared_ptr<const Entry> entry, co_await pods->get(context, std::move(get)));
  CO_TRY(std::shared_ptr<const api::Object> pod, entry->object());
  if (budgets && !ignores_budget(pod->get<corev1::Pod>())) {
    CO_TRY(std::string budget, co_await budget_of(context, budgets, call.namespace_, pod));
    if (!budget.empty()) {
      auto state = std::make_shared<TakeState>();
      state->pod = call.name;
      state->now = api::Time::from_unix(
          std::chrono::floor<std::chrono::seconds>(call.deps->clock->now()).time_since_epoch().count());
      std::shared_ptr<const TakeState> shared = std::move(state);
      Transform transform = [shared](const api::Object* current) { return run_take(shared, current); };
      WriteOptions take;
      take.dry_run = query.dry_run;
      take.subresource = "status";
      take.request_kind = api::GroupVersionKind{"policy", "v1", "PodDisruptionBudget"};
      take.request_resource = api::GroupVersionResource{"policy", "v1", "poddisruptionbudgets"};
      CO_TRY_VOID(
          co_await budgets->update(context, call.namespace_, budget, std::move(transform), std::move(take)));
    }
  }
  // Only the Pod that was looked at is evicted, not one that took its name meanwhile.
  metav1::Preconditions& preconditions = options->preconditions.ensure();
  if (!preconditions.uid) preconditions.uid = pod->meta()->uid;
  Shape shape = shape_of(call);
  WriteOptions remove = write_options(call, shape, query);
  remove.subresource.clear();
  std::shared_ptr<const metav1::DeleteOptions> final_options = std::move(options);
  CO_TRY_VOID(co_await pods->remove(std::move(context), call.namespace_, call.name, final_options,
                                    std::move(remove)));
  co_return success(accepted);
}

}  // namespace xebec::apiserver
