// Pods (k8s.io/kubernetes pkg/registry/core/pod).
#include "apiserver/registry/strategies/pod.h"

#include <algorithm>
#include <map>

#include "api/gen/corev1.h"
#include "apiserver/registry/strategies/pod_fields.h"
#include "apiserver/registry/strategies/pod_warnings.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/validation/pod.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kComputeResources[] = {"cpu", "memory"};

using Totals = std::map<std::string_view, api::Quantity>;

void add(Totals& totals, const api::FlatMap<api::Quantity>& list) {
  for (std::string_view name : kComputeResources) {
    const api::Quantity* quantity = list.get(name);
    if (quantity != nullptr && quantity->sign() > 0) totals[name].add(*quantity);
  }
}

// A scheduling gate holds the Pod back, and its status says so.
void apply_scheduling_gates(corev1::Pod& pod) {
  if (pod.spec.schedulingGates.empty()) return;
  corev1::PodCondition condition;
  condition.type = "PodScheduled";
  condition.status = "False";
  condition.reason = "SchedulingGated";
  condition.message = "Scheduling is blocked due to non-empty scheduling gates";
  pod.status.conditions.push_back(std::move(condition));
}

// podIP is the first of podIPs; a client may know only one of them.
void sync_ips(corev1::PodStatus& status) {
  if (!status.podIPs.empty()) {
    if (status.podIP.empty()) status.podIP = status.podIPs[0].ip;
    if (status.podIP != status.podIPs[0].ip) status.podIPs.clear();
  }
  if (status.podIPs.empty() && !status.podIP.empty()) status.podIPs.emplace_back().ip = status.podIP;
}

// A client that does not know of generations clears none.
void keep_observed_generations(corev1::PodStatus& status, const corev1::PodStatus& old) {
  if (status.observedGeneration == 0) status.observedGeneration = old.observedGeneration;
  std::vector<bool> taken(old.conditions.size());  // a type may be there more than once
  for (corev1::PodCondition& condition : status.conditions) {
    for (size_t i = 0; i < taken.size(); ++i) {
      if (taken[i] || old.conditions[i].type != condition.type) continue;
      taken[i] = true;
      if (condition.observedGeneration == 0)
        condition.observedGeneration = old.conditions[i].observedGeneration;
      break;
    }
  }
}

// The containers as they were, with what a resize may change of them. Sent ones that differ in number, order
// or name stay as they are: validation refuses them.
std::vector<corev1::Container> resized(const std::vector<corev1::Container>& old,
                                       const std::vector<corev1::Container>& sent) {
  const bool same = std::equal(old.begin(), old.end(), sent.begin(), sent.end(),
                               [](const auto& a, const auto& b) { return a.name == b.name; });
  if (!same) return sent;
  std::vector<corev1::Container> out = old;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].resources = sent[i].resources;
    out[i].resizePolicy = sent[i].resizePolicy;
  }
  return out;
}

class PodStrategy final : public TableStrategy {
 public:
  using TableStrategy::TableStrategy;

  void prepare_for_create(const Context& context, api::Object& object) const override {
    TableStrategy::prepare_for_create(context, object);
    auto& pod = object.get<corev1::Pod>();
    drop_disabled_fields(pod.spec);
    pod.status.phase = "Pending";
    pod.status.qosClass = pod_qos_class(pod);
    apply_scheduling_gates(pod);
    apply_match_label_keys(pod);
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    return warnings_for_pod(object.get<corev1::Pod>());
  }

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old_object) const override {
    auto& pod = object.get<corev1::Pod>();
    const auto& old = old_object.get<corev1::Pod>();
    if (subresource == "binding") return;
    drop_disabled_fields(pod.spec);
    if (subresource == "ephemeralcontainers") {
      std::vector<corev1::EphemeralContainer> added = std::move(pod.spec.ephemeralContainers);
      pod.spec = old.spec;
      pod.spec.ephemeralContainers = std::move(added);
      pod.status = old.status;
      keep_metadata(pod.metadata, old.metadata);
    } else if (subresource == "resize") {
      const corev1::PodSpec sent = std::move(pod.spec);
      pod.spec = old.spec;
      pod.spec.resources = sent.resources;
      pod.spec.containers = resized(old.spec.containers, sent.containers);
      pod.spec.initContainers = resized(old.spec.initContainers, sent.initContainers);
      pod.status = old.status;
      keep_metadata(pod.metadata, old.metadata);
    }
    TableStrategy::prepare_for_update(context, subresource, object, old_object);
    if (subresource == "status") {
      pod.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
      pod.metadata.ownerReferences = old.metadata.ownerReferences;
      sync_ips(pod.status);
      if (pod.status.qosClass.empty()) pod.status.qosClass = old.status.qosClass;
      keep_observed_generations(pod.status, old.status);
    }
  }

  field::Errors validate_update(const Context& context, std::string_view subresource,
                                const api::Object& object, const api::Object& old_object) const override {
    const auto& pod = object.get<corev1::Pod>();
    const auto& old = old_object.get<corev1::Pod>();
    if (subresource == "binding") return {};
    if (subresource == "ephemeralcontainers")
      return validation::validate_ephemeral_containers_update(pod, old);
    if (subresource == "resize") return validation::validate_pod_resize(pod, old, pod_qos_class(pod));
    return TableStrategy::validate_update(context, subresource, object, old_object);
  }

  std::optional<int64_t> graceful_seconds(const api::Object& object,
                                          std::optional<int64_t> requested) const override {
    const auto& pod = object.get<corev1::Pod>();
    int64_t seconds = requested ? *requested : pod.spec.terminationGracePeriodSeconds.value_or(0);
    // Nobody would end it gracefully: it is on no node, or over.
    if (pod.spec.nodeName.empty() || pod.status.phase == "Failed" || pod.status.phase == "Succeeded")
      seconds = 0;
    return seconds < 0 ? 1 : seconds;
  }
};

}  // namespace

std::string_view pod_qos_class(const corev1::Pod& pod) {
  Totals requests, limits;
  bool guaranteed = true;
  auto look_at = [&](const corev1::ResourceRequirements& resources) {
    add(requests, resources.requests);
    add(limits, resources.limits);
    for (std::string_view name : kComputeResources) {
      const api::Quantity* limit = resources.limits.get(name);
      guaranteed = guaranteed && limit != nullptr && limit->sign() > 0;
    }
  };
  if (pod.spec.resources && (!pod.spec.resources->requests.empty() || !pod.spec.resources->limits.empty())) {
    look_at(*pod.spec.resources);
  } else {
    for (const corev1::Container& container : pod.spec.containers) look_at(container.resources);
    for (const corev1::Container& container : pod.spec.initContainers) look_at(container.resources);
  }
  if (requests.empty() && limits.empty()) return "BestEffort";
  for (const auto& [name, quantity] : requests)
    if (auto limit = limits.find(name); limit == limits.end() || limit->second.cmp(quantity) != 0)
      guaranteed = false;
  return guaranteed && requests.size() == limits.size() ? "Guaranteed" : "Burstable";
}

std::shared_ptr<const Strategy> make_pod_strategy(const api::Resource& resource, const api::Message& hub) {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  rules.returns_object = true;
  rules.selectable = {{"spec.nodeName", "spec.nodeName"},
                      {"spec.host", "spec.nodeName"},
                      {"spec.restartPolicy", "spec.restartPolicy"},
                      {"spec.schedulerName", "spec.schedulerName"},
                      {"spec.serviceAccountName", "spec.serviceAccountName"},
                      {"spec.hostNetwork", "spec.hostNetwork"},
                      {"status.phase", "status.phase"},
                      {"status.podIP", "status.podIP"},
                      {"status.podIPs", "status.podIP"},
                      {"status.nominatedNodeName", "status.nominatedNodeName"}};
  return std::make_shared<PodStrategy>(resource, hub, std::move(rules));
}

}  // namespace xebec::apiserver
