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

constexpr std::string_view kDisruptionAllowed = "DisruptionAllowed";

template <class Conditions>
auto* condition_of(Conditions& conditions, std::string_view type) {
  auto it = std::find_if(conditions.begin(), conditions.end(), [&](const auto& c) { return c.type == type; });
  return it == conditions.end() ? nullptr : &*it;
}

bool is_ready(const corev1::Pod& pod) {
  const auto* ready = condition_of(pod.status.conditions, "Ready");
  return ready != nullptr && ready->status == "True";
}

// It is over, or ends already, and disrupts nobody any more.
bool is_ending(const corev1::Pod& pod) {
  const std::string& phase = pod.status.phase;
  return phase == "Succeeded" || phase == "Failed" || pod.metadata.deletionTimestamp.has_value();
}

Status with_cause(Status status, std::string cause) {
  status.details.causes.push_back({"DisruptionBudget", std::move(cause), ""});
  return status;
}

Status too_many_disruptions(int32_t retry_after_seconds, std::string cause) {
  return with_cause(
      errors::too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.",
                                retry_after_seconds),
      std::move(cause));
}

Status still_processed(std::string_view budget) {
  return too_many_disruptions(
      10, fmt::format("The disruption budget {} is still being processed by the server.", budget));
}

Status forbidden(std::string_view budget, std::string_view why, std::string_view cause) {
  return with_cause(
      errors::forbidden(ResourceName{"policy", "poddisruptionbudget"}, budget, why),
      fmt::format("The disruption budget {} does not allow evicting pods currently: {}", budget, cause));
}

// Why a budget that allows nothing does so.
std::string exhausted(const policyv1::PodDisruptionBudget& budget) {
  const std::string& name = budget.metadata.name;
  const auto* condition = condition_of(budget.status.conditions, kDisruptionAllowed);
  if (condition != nullptr && (condition->status != "False" || condition->message.empty()))
    condition = nullptr;
  // Numbers cannot be trusted when they could not be found out.
  if (condition != nullptr && condition->reason == "SyncFailed") {
    return fmt::format(
        "The disruption budget {} does not allow evicting pods currently because it failed sync: {}", name,
        condition->message);
  }
  if (budget.status.currentHealthy <= budget.status.desiredHealthy) {
    return fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                       budget.status.desiredHealthy, budget.status.currentHealthy);
  }
  std::string text = fmt::format("The disruption budget {} does not allow evicting pods currently", name);
  if (condition == nullptr) return text;
  return fmt::format("{} ({}): {}", text, condition->reason, condition->message);
}

void set_exhausted(policyv1::PodDisruptionBudget& budget, api::Time now) {
  auto* condition = condition_of(budget.status.conditions, kDisruptionAllowed);
  if (condition == nullptr) {
    condition = &budget.status.conditions.emplace_back();
    condition->type = kDisruptionAllowed;
  }
  if (condition->status != "False") condition->lastTransitionTime = now;
  condition->status = "False";
  condition->reason = "InsufficientPods";
  condition->message.clear();
  condition->observedGeneration = budget.status.observedGeneration;
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
  if (old->status.observedGeneration < old->metadata.generation) return fail(still_processed(name));
  if (old->status.disruptionsAllowed < 0) {
    return fail(
        forbidden(name, "pdb disruptions allowed is negative", "pdb disruptions allowed is negative"));
  }
  if (old->status.disruptedPods.size() > kMostDisruptedPods) {
    return fail(forbidden(name,
                          "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
                          "too many pending evictions not confirmed by PDB controller"));
  }
  if (old->status.disruptionsAllowed == 0) return fail(too_many_disruptions(0, exhausted(*old)));
  policyv1::PodDisruptionBudget budget = *old;
  if (--budget.status.disruptionsAllowed == 0) set_exhausted(budget, state.now);
  budget.status.disruptedPods[state.pod] = state.now;
  return api::Object::of(std::move(budget));
}

Task<Result<api::Object>> run_take(std::shared_ptr<const TakeState> state, const api::Object* current) {
  co_return taken(*state, current);
}

using ObjectPtr = std::shared_ptr<const api::Object>;

// The one budget that covers the Pod; nullptr when none does.
Task<Result<ObjectPtr>> budget_of(Context context, Registry* budgets, ObjectPtr object) {
  const corev1::Pod& pod = object->get<corev1::Pod>();
  ListRequest request;
  request.namespace_ = pod.metadata.namespace_;
  CO_TRY(ListPage page, co_await budgets->list(std::move(context), std::move(request)));
  ObjectPtr found;
  for (const std::shared_ptr<const Entry>& entry : page.items) {
    CO_TRY(ObjectPtr budget, entry->object());
    const auto& spec = budget->get<policyv1::PodDisruptionBudget>().spec;
    if (!spec.selector) continue;
    Result<api::LabelSelector> selector = api::LabelSelector::from(*spec.selector);
    if (!selector || !selector->matches(pod.metadata.labels)) continue;
    if (found) {
      Status several(
          500, reason::kUnknown,
          "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
          "support.");
      co_return fail(std::move(several));
    }
    found = std::move(budget);
  }
  co_return found;
}

// A Pod that is not ready may go whenever the policy or a healthy budget says so.
bool may_go_unready(const corev1::Pod& pod, const policyv1::PodDisruptionBudget& budget) {
  if (is_ready(pod)) return false;
  if (budget.spec.unhealthyPodEvictionPolicy.value_or("") == "AlwaysAllow") return true;
  return budget.status.currentHealthy >= budget.status.desiredHealthy && budget.status.desiredHealthy > 0;
}

struct Eviction {
  ResourceCall call;
  std::shared_ptr<metav1::DeleteOptions> options;
  bool dry_run = false;
  api::Time now;
  // The deletion must be of the Pod as it was looked at: it might be ready by now.
  bool at_version = false;
  std::string budget;  // whose answer that was
};

// Asks the Pod's budget, and takes the disruption from it.
Task<Result<void>> take_from_budget(Context context, std::shared_ptr<Eviction> eviction, ObjectPtr pod) {
  Registry* budgets = eviction->call.deps->registries->find("policy", "poddisruptionbudgets");
  if (budgets == nullptr) co_return Result<void>();
  CO_TRY(ObjectPtr found, co_await budget_of(context, budgets, pod));
  if (!found) co_return Result<void>();
  eviction->budget = found->meta()->name;
  if (may_go_unready(pod->get<corev1::Pod>(), found->get<policyv1::PodDisruptionBudget>())) {
    eviction->at_version = true;
    co_return Result<void>();
  }
  auto state = std::make_shared<TakeState>();
  state->pod = eviction->call.name;
  state->now = eviction->now;
  std::shared_ptr<const TakeState> shared = std::move(state);
  Transform transform = [shared](const api::Object* current) { return run_take(shared, current); };
  WriteOptions take;
  take.dry_run = eviction->dry_run;
  take.subresource = "status";
  take.request_kind = api::GroupVersionKind{"policy", "v1", "PodDisruptionBudget"};
  take.request_resource = api::GroupVersionResource{"policy", "v1", "poddisruptionbudgets"};
  CO_TRY_VOID(co_await budgets->update(std::move(context), eviction->call.namespace_, eviction->budget,
                                       std::move(transform), std::move(take)));
  co_return Result<void>();
}

WriteOptions pod_write(const Eviction& eviction) {
  WriteOptions options;
  options.dry_run = eviction.dry_run;
  options.request_kind = api::GroupVersionKind{"", "v1", "Pod"};
  options.request_resource = api::GroupVersionResource{"", "v1", "pods"};
  options.admission = false;
  return options;
}

Result<void> check_preconditions(const metav1::ObjectMeta& meta, const metav1::DeleteOptions& options) {
  if (!options.preconditions) return {};
  const auto& want = *options.preconditions;
  const ResourceName resource{"", "Pod"};
  if (want.uid && !want.uid->empty() && *want.uid != meta.uid) {
    return fail(errors::conflict(
        resource, meta.name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                    "object might have been deleted and then recreated",
                    *want.uid, meta.uid)));
  }
  const auto& version = want.resourceVersion;
  if (version && !version->empty() && *version != meta.resourceVersion) {
    return fail(
        errors::conflict(resource, meta.name,
                         fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                     "ResourceVersion in record ({}). The object might have been modified",
                                     *version, meta.resourceVersion)));
  }
  return {};
}

Task<Result<api::Object>> mark(std::shared_ptr<const Eviction> eviction, const api::Object* current) {
  if (current == nullptr) co_return fail(errors::not_found(ResourceName{"", "pods"}, eviction->call.name));
  CO_TRY_VOID(check_preconditions(*current->meta(), *eviction->options));
  corev1::Pod pod = current->get<corev1::Pod>();
  auto* condition = condition_of(pod.status.conditions, "DisruptionTarget");
  if (condition == nullptr) {
    condition = &pod.status.conditions.emplace_back();
    condition->type = "DisruptionTarget";
  }
  if (condition->status != "True") condition->lastTransitionTime = eviction->now;
  condition->status = "True";
  condition->observedGeneration = pod.metadata.generation;
  condition->reason = "EvictionByEvictionAPI";
  condition->message = "Eviction API: evicting";
  co_return api::Object::of(std::move(pod));
}

// Says in the Pod's status why it goes, then deletes it.
Task<Result<void>> mark_and_delete(Context context, std::shared_ptr<const Eviction> eviction) {
  const ResourceCall& call = eviction->call;
  auto options = std::make_shared<metav1::DeleteOptions>(*eviction->options);
  if (!eviction->dry_run) {
    Transform transform = [eviction](const api::Object* current) { return mark(eviction, current); };
    WriteOptions status = pod_write(*eviction);
    status.subresource = "status";
    CO_TRY(WriteResult marked, co_await call.registry->update(context, call.namespace_, call.name,
                                                              std::move(transform), std::move(status)));
    if (options->preconditions && options->preconditions->resourceVersion)
      options->preconditions->resourceVersion = marked.object.meta()->resourceVersion;
  }
  std::shared_ptr<const metav1::DeleteOptions> final_options = std::move(options);
  CO_TRY_VOID(co_await call.registry->remove(std::move(context), call.namespace_, call.name, final_options,
                                             pod_write(*eviction)));
  co_return Result<void>();
}

Task<Result<void>> evict(Context context, std::shared_ptr<Eviction> eviction) {
  const ResourceCall& call = eviction->call;
  GetRequest get;
  get.namespace_ = call.namespace_;
  get.name = call.name;
  CO_TRY(std::shared_ptr<const Entry> entry, co_await call.registry->get(context, std::move(get)));
  CO_TRY(ObjectPtr object, entry->object());
  const corev1::Pod& pod = object->get<corev1::Pod>();
  const bool pending = pod.status.phase == "Pending";
  if (!is_ending(pod) && !pending) {
    CO_TRY_VOID(co_await take_from_budget(context, eviction, object));
  }
  metav1::DeleteOptions& options = *eviction->options;
  const bool asked = options.preconditions && options.preconditions->resourceVersion;
  const bool pinned = eviction->at_version || (pending && !is_ending(pod) && !asked);
  if (pinned) options.preconditions.ensure().resourceVersion = std::to_string(entry->revision());
  Result<void> gone = co_await mark_and_delete(std::move(context), eviction);
  if (!gone && gone.error().is(reason::kConflict) && eviction->at_version && !asked)
    co_return fail(still_processed(eviction->budget));
  co_return gone;
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
  auto object = std::make_shared<api::Object>(std::move(sent));
  const policyv1::Eviction& body = object->get<policyv1::Eviction>();
  if (body.metadata.name != call.name)
    co_return fail(errors::bad_request("name in URL does not match name in Eviction object"));
  auto eviction = std::make_shared<Eviction>();
  eviction->options = std::make_shared<metav1::DeleteOptions>();
  if (body.deleteOptions) *eviction->options = *body.deleteOptions;
  eviction->dry_run = query.dry_run || !eviction->options->dryRun.empty();
  eviction->now = api::Time::from_unix(
      std::chrono::floor<std::chrono::seconds>(call.deps->clock->now()).time_since_epoch().count());
  CO_TRY_VOID(co_await admit_create(context, call, expected.kind, object, eviction->dry_run));
  eviction->call = std::move(call);
  CO_TRY_VOID(co_await evict(std::move(context), std::move(eviction)));
  co_return success(accepted);
}

}  // namespace xebec::apiserver
