#include "controllers/disruption/scales.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/autoscalingv1.h"
#include "client/controller_ref.h"

namespace xebec::controllers::disruption {
namespace {

Status plain_error(std::string text) { return Status(500, reason::kUnknown, std::move(text)); }

std::string_view group_of(const metav1::OwnerReference& ref) {
  const size_t slash = ref.apiVersion.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(ref.apiVersion).substr(0, slash);
}

bool is_workload(const metav1::OwnerReference& ref, std::string_view kind) {
  return ref.kind == kind && (group_of(ref) == "apps" || group_of(ref) == "extensions");
}

std::string api_version_of(const api::GroupVersionResource& gvr) {
  return gvr.group.empty() ? gvr.version : gvr.group + "/" + gvr.version;
}

std::string name_of(const api::GroupVersionResource& gvr) {
  return gvr.group.empty() ? gvr.resource : gvr.resource + "." + gvr.group;
}

bool has_scale(const client::DiscoveredResource& resource) {
  return std::find(resource.subresources.begin(), resource.subresources.end(), "scale") !=
         resource.subresources.end();
}

}  // namespace

ScaleFinder::ScaleFinder(const ControllerContext& context, client::Rest rest)
    : rest_(std::move(rest)),
      controllers_(context.informers->get<corev1::ReplicationController>()),
      replica_sets_(context.informers->get<appsv1::ReplicaSet>()),
      deployments_(context.informers->get<appsv1::Deployment>()),
      stateful_sets_(context.informers->get<appsv1::StatefulSet>()) {}

// A set of a Deployment counts as its Deployment: during a rollout the sets' numbers move.
std::optional<ScaleFinder::Scale> ScaleFinder::of_replica_set(const metav1::OwnerReference& ref,
                                                              const std::string& ns) const {
  auto set = replica_sets_.get(ns, ref.name);
  if (!set || set->metadata.uid != ref.uid) return std::nullopt;
  const metav1::OwnerReference* owner = client::controller_of(set->metadata);
  if (owner == nullptr || owner->kind != "Deployment")
    return Scale{set->metadata.uid, set->spec.replicas.value_or(1)};
  if (!is_workload(*owner, "Deployment")) return std::nullopt;
  auto deployment = deployments_.get(ns, owner->name);
  if (!deployment || deployment->metadata.uid != owner->uid) return std::nullopt;
  return Scale{deployment->metadata.uid, deployment->spec.replicas.value_or(1)};
}

std::optional<ScaleFinder::Scale> ScaleFinder::cached(const metav1::OwnerReference& ref,
                                                      const std::string& ns) const {
  if (is_workload(ref, "ReplicaSet")) return of_replica_set(ref, ns);
  if (ref.kind == "ReplicationController" && group_of(ref).empty()) {
    auto found = controllers_.get(ns, ref.name);
    if (found && found->metadata.uid == ref.uid) return Scale{ref.uid, found->spec.replicas.value_or(1)};
  }
  if (ref.kind == "StatefulSet" && group_of(ref) == "apps") {
    auto found = stateful_sets_.get(ns, ref.name);
    if (found && found->metadata.uid == ref.uid) return Scale{ref.uid, found->spec.replicas.value_or(1)};
  }
  return std::nullopt;
}

// What was discovered is kept; a kind that is not known is looked for again.
Task<Result<client::DiscoveredResource>> ScaleFinder::resource_of(metav1::OwnerReference ref) {
  const std::string key = ref.apiVersion + "/" + ref.kind;
  auto known = resources_.find(key);
  if (known == resources_.end()) {
    CO_TRY(client::Discovery discovery, co_await rest_.discover(Context()));
    for (client::DiscoveredResource& resource : discovery.resources) {
      std::string of = api_version_of(resource.gvr) + "/" + resource.kind;
      resources_.insert_or_assign(std::move(of), std::move(resource));
    }
    known = resources_.find(key);
  }
  if (known == resources_.end()) {
    co_return fail(
        plain_error(fmt::format("no matches for kind \"{}\" in version \"{}\"", ref.kind, ref.apiVersion)));
  }
  co_return known->second;
}

Task<Result<std::optional<ScaleFinder::Scale>>> ScaleFinder::asked(metav1::OwnerReference ref,
                                                                   std::string ns) {
  CO_TRY(client::DiscoveredResource resource, co_await resource_of(ref));
  auto scale = co_await rest_.get_scale(Context(), resource.gvr, ns, ref.name);
  if (scale && scale->metadata.uid == ref.uid) {
    std::optional<Scale> out(Scale{ref.uid, scale->spec.replicas});
    co_return out;
  }
  if (scale) co_return std::optional<Scale>();
  if (!scale.error().is(reason::kNotFound)) co_return fail(std::move(scale).error());
  // Either it is gone, or nothing of its kind can be scaled.
  if (has_scale(resource)) co_return std::optional<Scale>();
  co_return fail(plain_error(name_of(resource.gvr) + " does not implement the scale subresource"));
}

Task<Result<Scales>> ScaleFinder::of(std::vector<PodPtr> pods) {
  Scales out;
  std::map<std::string, int32_t> by_controller;
  for (const PodPtr& pod : pods) {
    const metav1::OwnerReference* ref = client::controller_of(pod->metadata);
    if (ref == nullptr) {
      out.unmanaged.push_back(pod->metadata.name);
      continue;
    }
    if (by_controller.contains(ref->uid)) continue;
    std::optional<Scale> scale = cached(*ref, pod->metadata.namespace_);
    if (!scale) {
      CO_TRY(scale, co_await asked(*ref, pod->metadata.namespace_));
    }
    if (!scale)
      co_return fail(plain_error(fmt::format("found no controllers for pod \"{}\"", pod->metadata.name)));
    by_controller[scale->uid] = scale->replicas;
  }
  for (const auto& [uid, replicas] : by_controller) out.total += replicas;
  co_return out;
}

}  // namespace xebec::controllers::disruption
