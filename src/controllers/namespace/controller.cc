#include "controllers/namespace/controller.h"

#include <fmt/format.h>

#include "controllers/pod_helpers.h"

namespace xebec::controllers {
namespace {

using NamespacePtr = std::shared_ptr<const corev1::Namespace>;

constexpr std::string_view kFinalizer = "kubernetes";
constexpr Duration kFinalizerEstimate = std::chrono::seconds(15);  // of things that wait for a finalizer

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
  Duration estimate{};  // until the rest may be gone

  std::string failure_text() const {
    return discovery_failures.empty() ? deletion_failures.front() : discovery_text();
  }
  std::string discovery_text() const {
    std::string groups;
    for (const std::string& group : discovery_failures) groups += (groups.empty() ? "" : ", ") + group;
    return fmt::format(
        "Discovery failed for some groups, {} failing: unable to retrieve the complete list of server APIs: "
        "{}",
        discovery_failures.size(), groups);
  }
  bool empty() const { return resources.empty() && discovery_failures.empty() && deletion_failures.empty(); }
};

NamespaceController::NamespaceController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("namespace-controller")),
      namespaces_(context.informers->get<corev1::Namespace>()),
      queue_(env_, "namespace") {
  namespaces_.on_change([this](const NamespacePtr& old, const NamespacePtr& now) {
    if (!now) rounds_.erase(old->metadata.name);
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
  if (!remaining.deletion_failures.empty() || !remaining.discovery_failures.empty())
    co_return fail(errors::internal(remaining.failure_text()));
  // Pods take their grace period; other things mostly wait for whoever owns their finalizers. Looked at again
  // soon, for most are quicker than they may be, then less often.
  Duration soon = std::chrono::seconds(1) * (1 + std::min(rounds_[name]++, 4));
  queue_.add_after(name, std::min<Duration>(remaining.estimate / 2 + std::chrono::seconds(1), soon));
  co_return Result<void>();
}

Task<Result<NamespaceController::Remaining>> NamespaceController::delete_content(
    const corev1::Namespace& ns) {
  Remaining remaining;
  CO_TRY(client::Discovery discovery, co_await rest_.discover(Context()));
  for (const api::GroupVersion& failed : discovery.failed_groups) {
    remaining.discovery_failures.push_back(
        fmt::format("{}: stale GroupVersion discovery: {}", failed.api_version(), failed.api_version()));
  }
  // Pods go first, and everything else only when they are gone (KEP-5080): what protects or serves a Pod must
  // not vanish before it.
  CO_TRY_VOID(co_await delete_resources(discovery, ns, true, remaining));
  if (!remaining.resources.empty() || !remaining.deletion_failures.empty()) co_return remaining;
  CO_TRY_VOID(co_await delete_resources(discovery, ns, false, remaining));
  co_return remaining;
}

Task<Result<void>> NamespaceController::delete_resources(const client::Discovery& discovery,
                                                         const corev1::Namespace& ns, bool pods,
                                                         Remaining& remaining) {
  for (const client::DiscoveredResource& resource : discovery.resources) {
    bool is_pods = resource.gvr.group.empty() && resource.gvr.resource == "pods";
    bool deletable = resource.namespaced && resource.preferred && resource.has_verb("delete");
    if (!deletable || is_pods != pods) continue;
    auto deleted = co_await delete_resource(resource, ns, remaining);
    if (!deleted) remaining.deletion_failures.push_back(deleted.error().message);
  }
  std::sort(remaining.deletion_failures.begin(), remaining.deletion_failures.end());
  co_return Result<void>();
}

Task<Result<void>> NamespaceController::delete_resource(const client::DiscoveredResource& resource,
                                                        const corev1::Namespace& ns, Remaining& remaining) {
  const std::string& name = ns.metadata.name;
  bool listable = resource.has_verb("list");
  auto unsupported = [](const Status& error) {
    return error.is(reason::kNotFound) || error.is(reason::kMethodNotAllowed);
  };
  if (resource.has_verb("deletecollection")) {
    auto deleted = co_await rest_.delete_collection(Context(), resource.gvr, name);
    if (!deleted && !unsupported(deleted.error())) co_return fail(std::move(deleted).error());
  } else if (listable) {
    auto before = co_await rest_.list_metadata(Context(), resource.gvr, name);
    if (!before && unsupported(before.error())) co_return Result<void>();
    if (!before) co_return fail(std::move(before).error());
    for (const auto& item : before->items) {
      auto deleted = co_await rest_.delete_resource(Context(), resource.gvr, name, item.metadata.name);
      if (!deleted && !unsupported(deleted.error())) co_return fail(std::move(deleted).error());
    }
  }
  if (!listable) co_return Result<void>();
  auto after = co_await rest_.list_metadata(Context(), resource.gvr, name);
  if (!after && unsupported(after.error())) co_return Result<void>();
  if (!after) co_return fail(std::move(after).error());
  if (after->items.empty()) co_return Result<void>();
  remaining.resources[resource_text(resource.gvr)] += static_cast<int64_t>(after->items.size());
  remaining.estimate = std::max<Duration>(remaining.estimate, kFinalizerEstimate);
  for (const auto& item : after->items) {
    int64_t grace = item.metadata.deletionGracePeriodSeconds.value_or(0);
    remaining.estimate = std::max<Duration>(remaining.estimate, std::chrono::seconds(grace));
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
                    discovery ? remaining.discovery_text() : "All resources successfully discovered", now);
  changed |= set_condition(ns.status, "NamespaceDeletionGroupVersionParsingFailure", false,
                           "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
  bool failed = !remaining.deletion_failures.empty();
  changed |= set_condition(
      ns.status, "NamespaceDeletionContentFailure", failed,
      failed ? "ContentDeletionFailed" : "ContentDeleted",
      failed ? fmt::format("Failed to delete all resource types, {} remaining: {}",
                           remaining.deletion_failures.size(), join(remaining.deletion_failures))
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
