// pods/binding and the old /bindings: the scheduler's decision, written once.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/field_error.h"
#include "api/gen/corev1.h"
#include "apiserver/http/body.h"
#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

struct BindState {
  corev1::Binding binding;
  api::Time now;
};

Status binding_conflict(const std::string& name, std::string_view why) {
  return errors::conflict(ResourceName{"", "pods/binding"}, name, why);
}

// A binding may say of which Pod it is, and which state of it was looked at.
Result<void> check_preconditions(const metav1::ObjectMeta& binding, const metav1::ObjectMeta& pod) {
  const auto refuse = [&](std::string_view what, const std::string& wanted, const std::string& have) {
    return fail(errors::conflict(ResourceName{"", "pods"}, pod.name,
                                 fmt::format("Precondition failed: {0} in precondition: {1}, {0} in object "
                                             "meta: {2}",
                                             what, wanted, have)));
  };
  if (!binding.uid.empty() && binding.uid != pod.uid) return refuse("UID", binding.uid, pod.uid);
  if (!binding.resourceVersion.empty() && binding.resourceVersion != pod.resourceVersion)
    return refuse("ResourceVersion", binding.resourceVersion, pod.resourceVersion);
  return {};
}

// Upstream makes no API status of these errors: they are answered as one of the server.
Result<void> check_target(const corev1::ObjectReference& target) {
  std::vector<std::string> wrong;
  if (!target.kind.empty() && target.kind != "Node") {
    wrong.push_back(fmt::format("target.kind: Unsupported value: {}: supported values: \"Node\", \"<empty>\"",
                                field::quote(target.kind)));
  }
  if (target.name.empty()) wrong.emplace_back("target.name: Required value");
  if (wrong.empty()) return {};
  std::string text = wrong.size() == 1 ? wrong[0] : fmt::format("[{}]", fmt::join(wrong, ", "));
  return fail(Status(500, reason::kUnknown, std::move(text)));
}

// Sets the node, as upstream's setPodNodeAndMetadata.
Result<api::Object> bound(const BindState& state, const api::Object* current) {
  const corev1::Pod* old = current ? current->as<corev1::Pod>() : nullptr;
  if (!old) return fail(errors::internal("unexpected object"));
  const corev1::Binding& binding = state.binding;
  const std::string& name = old->metadata.name;
  TRY_VOID(check_preconditions(binding.metadata, old->metadata));
  if (old->metadata.deletionTimestamp)
    return fail(
        binding_conflict(name, fmt::format("pod {} is being deleted, cannot be assigned to a host", name)));
  if (!old->spec.nodeName.empty()) {
    return fail(binding_conflict(
        name, fmt::format("pod {} is already assigned to node \"{}\"", name, old->spec.nodeName)));
  }
  if (!old->spec.schedulingGates.empty()) {
    return fail(binding_conflict(name, fmt::format("pod {} has non-empty .spec.schedulingGates", name)));
  }
  corev1::Pod pod = *old;
  pod.spec.nodeName = binding.target.name;
  pod.status.nominatedNodeName.clear();  // it has served its purpose
  for (const auto& [key, value] : binding.metadata.annotations) pod.metadata.annotations[key] = value;
  for (const auto& [key, value] : binding.metadata.labels) pod.metadata.labels[key] = value;
  corev1::PodCondition* scheduled = nullptr;
  for (corev1::PodCondition& condition : pod.status.conditions) {
    if (condition.type == "PodScheduled") scheduled = &condition;
  }
  if (!scheduled) {
    scheduled = &pod.status.conditions.emplace_back();
    scheduled->type = "PodScheduled";
  }
  if (scheduled->status != "True") scheduled->lastTransitionTime = state.now;
  scheduled->status = "True";
  scheduled->observedGeneration = old->metadata.generation;
  scheduled->reason.clear();
  scheduled->message.clear();
  return api::Object::of(std::move(pod));
}

Task<Result<api::Object>> run_bind(std::shared_ptr<const BindState> state, const api::Object* current) {
  co_return bound(*state, current);
}

http::Response created_status(const Accepted& accepted) {
  metav1::Status status;
  status.status = "Success";
  status.code = 201;
  return object_response(201, api::type_of<metav1::Status>(), &status, "v1", "Status", accepted);
}

}  // namespace

Answer handle_binding(Context context, ResourceCall call) {
  CO_TRY(Accepted accepted, negotiate(call.request(), Offered()));
  CO_TRY(WriteQuery query, parse_write_query(call.request(), WriteKind::kCreate));
  Expected expected{&api::type_of<corev1::Binding>(), api::GroupVersionKind{"", "v1", "Binding"}};
  CO_TRY(api::Object sent, decode_body(call.request(), expected, query.strictness, call.exchange->warnings));
  auto state = std::make_shared<BindState>();
  state->binding = sent.get<corev1::Binding>();
  const corev1::Binding& binding = state->binding;
  if (call.name.empty()) call.name = binding.metadata.name;
  if (binding.metadata.name != call.name) {
    co_return fail(errors::bad_request("name in URL does not match name in Binding object"));
  }
  CO_TRY_VOID(check_target(binding.target));
  auto admitted = std::make_shared<api::Object>(std::move(sent));
  CO_TRY_VOID(co_await admit_create(context, call, expected.kind, admitted, query.dry_run));
  state->binding = admitted->get<corev1::Binding>();
  state->now = api::Time::from_unix(
      std::chrono::floor<std::chrono::seconds>(call.deps->clock->now()).time_since_epoch().count());

  Registry* pods = call.deps->registries->find("", "pods");
  if (!pods) co_return fail(errors::internal("pods are not served"));
  std::shared_ptr<const BindState> shared = state;
  Transform transform = [shared](const api::Object* current) { return run_bind(shared, current); };
  WriteOptions options;
  options.dry_run = query.dry_run;
  options.field_manager = query.field_manager;
  options.request_kind = expected.kind;
  options.request_resource = api::GroupVersionResource{"", "v1", "pods"};
  options.subresource = "binding";
  options.admission = false;
  options.warnings = &call.exchange->warnings;
  CO_TRY_VOID(co_await pods->update(std::move(context), call.namespace_, call.name, std::move(transform),
                                    std::move(options)));
  co_return created_status(accepted);
}

}  // namespace xebec::apiserver
