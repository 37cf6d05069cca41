#include "controllers/namespace/controller.h"

#include <fmt/format.h>

#include "controllers/pod_helpers.h"

namespace xebec::controllers {
namespace {

using NamespacePtr = std::shared_ptr<const corev1::Namespace>;

constexpr std::string_view kFinalizer = "kubernetes";

bool has_finalizer(const corev1::Namespace& ns) {
  return std::find(ns.spec.finalizers.begin(), ns.spec.finalizers.end(), kFinalizer) !=
         ns.spec.finalizers.end();
}

std::string resource_text(const api::GroupVersionResource& gvr) {
  return gvr.group.empty() ? gvr.resource + "." : gvr.resource + "." + gvr.group;
}

bool set_condition(corev1::NamespaceStatus& status, std::string_view type, bool value,
                   std::string_view reason, std::string message, api::Time now) {
  std::string_view text = value ? "True" : "False";
  for (corev1::NamespaceCondition& condition : status.conditions) {
    if (condition.type != type) continue;
    if (condition.status == text && condition.reason == reason && condition.message == message) return false;
    if (condition.status != text) condition.lastTransitionTime = now;
    condition.status = text;
    condition.reason = reason;
    condition.message = std::move(message);
    return true;
  }
  corev1::NamespaceCondition& condition = status.conditions.emplace_back();
  condition.type = type;
  condition.status = text;
  condition.reason = reason;
  condition.message = std::move(message);
  condition.lastTransitionTime = now;
  return true;
}

}  // namespace

// What is still there after one pass.
struct NamespaceController::Remaining {
  std::map<std::string, int64_t> resources;   // "pods." -> how many
  std::map<std::string, int64_t> finalizers;  // on how many objects each
  std::vector<std::string> discovery_failures;
  std::vector<std::string> deletion_failures;
  bool pods = false;

  bool empty() const { return resources.empty() && discovery_failures.empty() && deletion_failures.empty(); }
};

NamespaceController::NamespaceController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("namespace-controller")),
      namespaces_(context.informers->get<corev1::Namespace>()),
      queue_(*env_.executor) {
  namespaces_.on_change([this](const NamespacePtr&, const NamespacePtr& now) {
    if (now && now->metadata.deletionTimestamp) queue_.add(now->metadata.name);
  });
}

void NamespaceController::start(Scope& scope) {
  client::run_controller(
      scope, queue_, 10, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

Task<Result<void>> NamespaceController::sync(std::string name) {
  if (!namespaces_.get("", name)) co_return Result<void>();
  auto live = co_await rest_.get<corev1::Namespace>(Context(), "", name);
  if (!live && live.error().is(reason::kNotFound)) co_return Result<void>();
  if (!live) co_return fail(std::move(live).error());
  if (!live->metadata.deletionTimestamp || !has_finalizer(*live)) co_return Result<void>();
  CO_TRY(Remaining remaining, co_await delete_content(*live));
  if (remaining.empty()) co_return co_await finalize(std::move(*live));
  CO_TRY_VOID(co_await report(std::move(*live), remaining));
  // Pods take their grace period; other things mostly wait for whoever owns their finalizers.
  queue_.add_after(name, remaining.pods ? std::chrono::seconds(1) : std::chrono::seconds(2));
  co_return Result<void>();
}

Task<Result<NamespaceController::Remaining>> NamespaceController::delete_content(
    const corev1::Namespace& ns) {
  Remaining remaining;
  CO_TRY(client::Discovery discovery, co_await rest_.discover(Context()));
  for (const api::GroupVersion& group : discovery.failed_groups)
    remaining.discovery_failures.push_back(group.group);
  for (const client::DiscoveredResource& resource : discovery.resources) {
    if (!resource.namespaced || !resource.preferred || !resource.has_verb("delete") ||
        !resource.has_verb("list"))
      continue;
    auto deleted = co_await delete_resource(resource, ns.metadata.name, remaining);
    if (!deleted) remaining.deletion_failures.push_back(deleted.error().message);
  }
  co_return remaining;
}

Task<Result<void>> NamespaceController::delete_resource(const client::DiscoveredResource& resource,
                                                        std::string ns, Remaining& remaining) {
  auto before = co_await rest_.list_metadata(Context(), resource.gvr, ns);
  if (!before && before.error().is(reason::kNotFound)) co_return Result<void>();
  if (!before) co_return fail(std::move(before).error());
  if (before->items.empty()) co_return Result<void>();
  if (resource.has_verb("deletecollection")) {
    auto deleted = co_await rest_.delete_collection(Context(), resource.gvr, ns);
    bool fine =
        deleted || deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kMethodNotAllowed);
    if (!fine) co_return fail(std::move(deleted).error());
  } else {
    for (const auto& item : before->items) {
      auto deleted = co_await rest_.delete_resource(Context(), resource.gvr, ns, item.metadata.name);
      bool fine = deleted || deleted.error().is(reason::kNotFound);
      if (!fine) co_return fail(std::move(deleted).error());
    }
  }
  CO_TRY(auto after, co_await rest_.list_metadata(Context(), resource.gvr, ns));
  if (after.items.empty()) co_return Result<void>();
  remaining.resources[resource_text(resource.gvr)] += static_cast<int64_t>(after.items.size());
  if (resource.gvr.group.empty() && resource.gvr.resource == "pods") remaining.pods = true;
  for (const auto& item : after.items) {
    for (const std::string& finalizer : item.metadata.finalizers) ++remaining.finalizers[finalizer];
  }
  co_return Result<void>();
}

Task<Result<void>> NamespaceController::report(corev1::Namespace ns, const Remaining& remaining) {
  api::Time now = to_time(env_.clock->now());
  auto list = [](const std::map<std::string, int64_t>& counts, std::string_view format) {
    std::string out;
    for (const auto& [name, count] : counts) {
      out += fmt::format("{}{}", out.empty() ? "" : ", ", fmt::format(fmt::runtime(format), name, count));
    }
    return out;
  };
  auto join = [](const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
  };
  bool changed = false;
  bool discovery = !remaining.discovery_failures.empty();
  changed |=
      set_condition(ns.status, "NamespaceDeletionDiscoveryFailure", discovery,
                    discovery ? "DiscoveryFailed" : "ResourcesDiscovered",
                    discovery ? "Discovery failed for some groups: " + join(remaining.discovery_failures)
                              : "All resources successfully discovered",
                    now);
  changed |= set_condition(ns.status, "NamespaceDeletionGroupVersionParsingFailure", false,
                           "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
  bool failed = !remaining.deletion_failures.empty();
  changed |=
      set_condition(ns.status, "NamespaceDeletionContentFailure", failed,
                    failed ? "ContentDeletionFailed" : "ContentDeleted",
                    failed ? "Failed to delete all resource types, " + join(remaining.deletion_failures)
                           : "All content successfully deleted, may be waiting on finalization",
                    now);
  bool content = !remaining.resources.empty();
  changed |= set_condition(
      ns.status, "NamespaceContentRemaining", content, content ? "SomeResourcesRemain" : "ContentRemoved",
      content ? "Some resources are remaining: " + list(remaining.resources, "{} has {} resource instances")
              : "All content successfully removed",
      now);
  bool finalizers = !remaining.finalizers.empty();
  changed |= set_condition(ns.status, "NamespaceFinalizersRemaining", finalizers,
                           finalizers ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
                           finalizers ? "Some content in the namespace has finalizers remaining: " +
                                            list(remaining.finalizers, "{} in {} resource instances")
                                      : "All content-preserving finalizers finished",
                           now);
  if (!changed) co_return Result<void>();
  auto written = co_await rest_.update_status(Context(), ns);
  bool fine = written || written.error().is(reason::kNotFound) || written.error().is(reason::kConflict);
  if (!fine) co_return fail(std::move(written).error());
  co_return Result<void>();
}

Task<Result<void>> NamespaceController::finalize(corev1::Namespace ns) {
  std::erase(ns.spec.finalizers, std::string(kFinalizer));
  auto finalized = co_await rest_.finalize(Context(), ns);
  bool fine = finalized || finalized.error().is(reason::kNotFound);
  if (!fine) co_return fail(std::move(finalized).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
