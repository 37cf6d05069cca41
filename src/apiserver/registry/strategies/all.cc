// The strategy of every kind: one line each, or a function of its own file.
#include <algorithm>
#include <charconv>

#include "api/gen/apiextensionsv1.h"
#include "api/gen/appsv1.h"
#include "api/gen/coordinationv1.h"
#include "api/gen/corev1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/storagev1.h"
#include "apiserver/registry/strategies/strategies.h"
#include "apiserver/validation/addresses.h"
#include "apiserver/validation/core.h"
#include "apiserver/validation/object_meta.h"
#include "apiserver/validation/storage_versions.h"

namespace xebec::apiserver {
namespace {

// stringData is written, never read: it overrides data.
void merge_string_data(api::Object& object) {
  auto& secret = object.get<corev1::Secret>();
  for (const auto& [key, value] : secret.stringData) secret.data[key] = api::Bytes(value);
  secret.stringData.clear();
}

// dataSource and dataSourceRef say the same where both can.
void mirror_data_source(corev1::PersistentVolumeClaimSpec& spec) {
  if (spec.dataSource && !spec.dataSourceRef) {
    auto& ref = spec.dataSourceRef.emplace();
    ref.apiGroup = spec.dataSource->apiGroup;
    ref.kind = spec.dataSource->kind;
    ref.name = spec.dataSource->name;
  } else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef->namespace_) {
    const auto& ref = *spec.dataSourceRef;
    const bool claim = ref.kind == "PersistentVolumeClaim" && ref.apiGroup.value_or("").empty();
    const bool snapshot = ref.kind == "VolumeSnapshot" && ref.apiGroup == "snapshot.storage.k8s.io";
    if (!claim && !snapshot) return;
    auto& source = spec.dataSource.emplace();
    source.apiGroup = ref.apiGroup;
    source.kind = ref.kind;
    source.name = ref.name;
  }
}

void create_secret(const Context&, api::Object& object) { merge_string_data(object); }
void update_secret(std::string_view, api::Object& object, const api::Object& old) {
  auto& secret = object.get<corev1::Secret>();
  if (secret.type.empty()) secret.type = old.get<corev1::Secret>().type;
  merge_string_data(object);
}

void create_claim(const Context&, api::Object& object) {
  auto& claim = object.get<corev1::PersistentVolumeClaim>();
  claim.status.phase = "Pending";
  mirror_data_source(claim.spec);
}
void update_claim(std::string_view subresource, api::Object& object, const api::Object&) {
  if (subresource.empty()) mirror_data_source(object.get<corev1::PersistentVolumeClaim>().spec);
}

void sync_cidrs(corev1::NodeSpec& spec) {
  if (spec.podCIDRs.empty() && !spec.podCIDR.empty()) spec.podCIDRs.push_back(spec.podCIDR);
  if (spec.podCIDR.empty() && !spec.podCIDRs.empty()) spec.podCIDR = spec.podCIDRs[0];
}
void create_node(const Context&, api::Object& object) { sync_cidrs(object.get<corev1::Node>().spec); }
void update_node(std::string_view subresource, api::Object& object, const api::Object&) {
  if (subresource.empty()) sync_cidrs(object.get<corev1::Node>().spec);
}

void create_crd(const Context&, api::Object& object) {
  auto& crd = object.get<apiextensionsv1::CustomResourceDefinition>();
  for (const auto& version : crd.spec.versions)
    if (version.storage) crd.status.storedVersions.push_back(version.name);
}
void update_crd(std::string_view subresource, api::Object& object, const api::Object&) {
  if (!subresource.empty()) return;
  auto& crd = object.get<apiextensionsv1::CustomResourceDefinition>();
  auto& stored = crd.status.storedVersions;
  for (const auto& version : crd.spec.versions)
    if (version.storage && std::find(stored.begin(), stored.end(), version.name) == stored.end())
      stored.push_back(version.name);
}

// An annotation of a Deployment may steer its controller, so a change of it counts too.
void update_deployment(std::string_view subresource, api::Object& object, const api::Object& old) {
  if (!subresource.empty()) return;
  auto annotations = [](const api::Object& o) -> const auto& { return o.meta()->annotations; };
  const bool same = std::equal(annotations(object).begin(), annotations(object).end(),
                               annotations(old).begin(), annotations(old).end());
  if (!same) object.meta()->generation = old.meta()->generation + 1;
}

// Of the topology that v1beta1 had, v1 keeps the node.
void drop_topology(discoveryv1::EndpointSlice& slice) {
  for (discoveryv1::Endpoint& endpoint : slice.endpoints) {
    const std::string* node = endpoint.deprecatedTopology.get("kubernetes.io/hostname");
    if (node != nullptr && !endpoint.nodeName) endpoint.nodeName = *node;
    endpoint.deprecatedTopology.clear();
  }
}

void prepare_slice_request(const api::GroupVersionKind& request, api::Object& object,
                           const api::Object* old) {
  if (request.version == "v1beta1") return;
  auto& slice = object.get<discoveryv1::EndpointSlice>();
  if (old == nullptr || slice.endpoints != old->get<discoveryv1::EndpointSlice>().endpoints)
    drop_topology(slice);
}

void update_slice(std::string_view, api::Object& object, const api::Object& old) {
  const auto &now = object.meta()->labels, &before = old.meta()->labels;
  if (!std::equal(now.begin(), now.end(), before.begin(), before.end()))
    object.meta()->generation = old.meta()->generation + 1;
}

field::Errors validate_event_request(const api::GroupVersionKind& request, const api::Object& object,
                                     const api::Object* old) {
  if (request.group != "events.k8s.io" || request.version == "v1beta1") return {};
  const auto& event = object.get<corev1::Event>();
  return old == nullptr ? validation::validate_event_strictly(event)
                        : validation::validate_event_update_strictly(event, old->get<corev1::Event>());
}

// Fields of the gate CoordinatedLeaderElection, which is off.
void drop_coordination(api::Object& object) {
  auto* lease = object.as<coordinationv1::Lease>();
  if (lease == nullptr) return;
  lease->spec.strategy.reset();
  lease->spec.preferredHolder.reset();
}
void create_lease(const Context&, api::Object& object) { drop_coordination(object); }
void update_lease(std::string_view, api::Object& object, const api::Object&) { drop_coordination(object); }

std::vector<std::string> ingress_warnings(const api::Object& object) {
  if (!object.meta()->annotations.contains("kubernetes.io/ingress.class")) return {};
  return {
      "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"};
}

// Deprecated fields of Nodes.
std::vector<std::string> node_warnings(const api::Object& object) {
  const auto& node = object.get<corev1::Node>();
  std::vector<std::string> out;
  if (node.spec.configSource) out.emplace_back("spec.configSource: the feature is no longer supported");
  if (!node.spec.externalID.empty())
    out.emplace_back("spec.externalID: this field is deprecated, and is unused by Kubernetes");
  return out;
}

std::vector<std::string> account_warnings(const api::Object& object) {
  if (!object.meta()->annotations.contains("kubernetes.io/enforce-mountable-secrets")) return {};
  return {
      "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate "
      "namespaces to isolate access to mounted secrets"};
}

const std::vector<SelectableField> kEventFields = {
    {"involvedObject.kind", "involvedObject.kind"},
    {"involvedObject.namespace", "involvedObject.namespace"},
    {"involvedObject.name", "involvedObject.name"},
    {"involvedObject.uid", "involvedObject.uid"},
    {"involvedObject.apiVersion", "involvedObject.apiVersion"},
    {"involvedObject.resourceVersion", "involvedObject.resourceVersion"},
    {"involvedObject.fieldPath", "involvedObject.fieldPath"},
    {"reason", "reason"},
    {"reportingComponent", "reportingComponent"},
    {"source", "source.component|reportingComponent"},
    {"type", "type"},
    // The names of events.k8s.io/v1.
    {"regarding.kind", "involvedObject.kind"},
    {"regarding.namespace", "involvedObject.namespace"},
    {"regarding.name", "involvedObject.name"},
    {"regarding.uid", "involvedObject.uid"},
    {"regarding.apiVersion", "involvedObject.apiVersion"},
    {"regarding.resourceVersion", "involvedObject.resourceVersion"},
    {"regarding.fieldPath", "involvedObject.fieldPath"},
    {"reportingController", "reportingComponent"},
};

// How often a DaemonSet's template has changed: a field of old versions, an annotation since.
constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";

int64_t template_generation(const appsv1::DaemonSet& set) {
  const std::string* text = set.metadata.annotations.get(kTemplateGeneration);
  int64_t out = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

void create_daemon_set(const Context&, api::Object& object) {
  auto& set = object.get<appsv1::DaemonSet>();
  const int64_t given = template_generation(set);
  set.metadata.annotations[kTemplateGeneration] = std::to_string(std::max<int64_t>(given, 1));
}

void update_daemon_set(std::string_view subresource, api::Object& object, const api::Object& old_object) {
  auto& set = object.get<appsv1::DaemonSet>();
  const auto& old = old_object.get<appsv1::DaemonSet>();
  const bool changed = subresource != "status" && !(set.spec.template_ == old.spec.template_);
  set.metadata.annotations[kTemplateGeneration] = std::to_string(template_generation(old) + changed);
}

// maxUnavailable is of a feature that is off; what has it keeps it.
void drop_max_unavailable(appsv1::StatefulSet& set) {
  if (set.spec.updateStrategy.rollingUpdate) set.spec.updateStrategy.rollingUpdate->maxUnavailable.reset();
}
void create_stateful_set(const Context&, api::Object& object) {
  drop_max_unavailable(object.get<appsv1::StatefulSet>());
}
void update_stateful_set(std::string_view, api::Object& object, const api::Object& old_object) {
  const auto& rolling = old_object.get<appsv1::StatefulSet>().spec.updateStrategy.rollingUpdate;
  if (!rolling || !rolling->maxUnavailable) drop_max_unavailable(object.get<appsv1::StatefulSet>());
}

StrategyRules spec_generation() {
  StrategyRules rules;
  rules.generation = Generation::kSpec;
  return rules;
}

StrategyRules content_generation() {
  StrategyRules rules;
  rules.generation = Generation::kContent;
  return rules;
}

StrategyRules strict(StrategyRules rules) {
  rules.unconditional_update = false;
  return rules;
}

StrategyRules upsert(StrategyRules rules) {
  rules.create_on_update = true;
  return rules;
}

StrategyRules path_named(StrategyRules rules) {
  rules.name_rule = api::name_is_path_segment;
  return rules;
}

StrategyRules object_answer(StrategyRules rules) {
  rules.returns_object = true;
  return rules;
}

StrategyRules strict_status(StrategyRules rules) {
  rules.status_meta = StatusMeta::kKeepAll;
  return rules;
}

StrategyRules selecting(StrategyRules rules, std::vector<SelectableField> fields) {
  rules.selectable = std::move(fields);
  return rules;
}

StrategyRules hooked(StrategyRules rules, void (*create)(const Context&, api::Object&),
                     void (*update)(std::string_view, api::Object&, const api::Object&)) {
  rules.prepare_create = create;
  rules.prepare_update = update;
  return rules;
}

StrategyRules core_rules(std::string_view plural) {
  if (plural == "secrets") return selecting(hooked({}, create_secret, update_secret), {{"type", "type"}});
  if (plural == "persistentvolumeclaims") return object_answer(hooked({}, create_claim, update_claim));
  if (plural == "nodes") {
    StrategyRules rules =
        selecting(hooked({}, create_node, update_node), {{"spec.unschedulable", "spec.unschedulable"}});
    rules.keeps_status_on_create = true;  // a kubelet registers with the status it has
    rules.warnings = node_warnings;
    return rules;
  }
  if (plural == "replicationcontrollers") {
    StrategyRules rules = selecting(spec_generation(), {{"status.replicas", "status.replicas"}});
    rules.propagation = Propagation::kOrphan;
    return rules;
  }
  if (plural == "podtemplates") return object_answer(content_generation());
  if (plural == "events") {
    StrategyRules rules = upsert(selecting(path_named({}), kEventFields));
    rules.validate_request = validate_event_request;
    rules.read_from_cache = false;
    rules.propagation = Propagation::kUnsupported;
    return rules;
  }
  if (plural == "limitranges" || plural == "endpoints") return upsert({});
  if (plural == "serviceaccounts") {
    StrategyRules rules = object_answer({});
    rules.warnings = account_warnings;
    return rules;
  }
  if (plural == "resourcequotas") return object_answer({});
  return {};
}

StrategyRules workload_kind_rules(std::string_view plural) {
  if (plural == "deployments") {
    StrategyRules rules = hooked(spec_generation(), nullptr, update_deployment);
    rules.status_meta = StatusMeta::kKeepLabels;
    return rules;
  }
  if (plural == "statefulsets") {
    StrategyRules rules = hooked(spec_generation(), create_stateful_set, update_stateful_set);
    rules.name_rule = api::name_is_dns_label;
    return rules;
  }
  if (plural == "daemonsets") return hooked(spec_generation(), create_daemon_set, update_daemon_set);
  return spec_generation();
}

// Before apps/v1 what a workload made outlived it.
Propagation workload_propagation(std::string_view, std::string_view version) {
  return version.starts_with("v1beta") ? Propagation::kOrphan : Propagation::kBackground;
}

StrategyRules workload_rules(std::string_view plural) {
  if (plural == "controllerrevisions") return {};
  StrategyRules rules = workload_kind_rules(plural);
  rules.default_propagation = workload_propagation;
  return rules;
}

StrategyRules networking_rules(std::string_view plural) {
  if (plural == "ingresses") {
    StrategyRules rules = spec_generation();
    rules.warnings_on_create = ingress_warnings;
    return rules;
  }
  if (plural == "ingressclasses" || plural == "networkpolicies") return spec_generation();
  StrategyRules rules;
  if (plural == "ipaddresses") rules.name_rule = validation::name_is_ip_address;
  if (plural == "servicecidrs") {
    rules = strict_status(rules);
    rules.keeps_status_on_create = rules.keeps_status_on_update = true;
  }
  return rules;
}

// A field of a feature that is off (VolumeLimitScaling); what has it keeps it.
void drop_scheduling(api::Object& object) {
  object.get<storagev1::CSIDriver>().spec.preventPodSchedulingIfMissing.reset();
}
void create_driver(const Context&, api::Object& object) { drop_scheduling(object); }
void update_driver(std::string_view, api::Object& object, const api::Object& old) {
  if (!old.get<storagev1::CSIDriver>().spec.preventPodSchedulingIfMissing) drop_scheduling(object);
}

StrategyRules storage_rules(std::string_view plural) {
  if (plural == "csidrivers") {
    StrategyRules rules = strict(hooked({}, create_driver, update_driver));
    rules.generation = Generation::kUpdate;
    return rules;
  }
  if (plural == "volumeattachments") return strict(strict_status({}));
  if (plural == "csinodes" || plural == "csistoragecapacities") return strict({});
  return {};
}

StrategyRules resource_rules(std::string_view plural) {
  if (plural == "deviceclasses") return spec_generation();
  if (plural == "resourcepoolstatusrequests") return strict(strict_status({}));
  return strict_status({});
}

StrategyRules certificates_rules(std::string_view plural) {
  if (plural == "clustertrustbundles") {
    StrategyRules rules = strict(selecting({}, {{"spec.signerName", "spec.signerName"}}));
    // Which names are right depends on the signer: validation looks at it.
    rules.name_rule = [](std::string_view, bool) { return api::Messages(); };
    return rules;
  }
  return strict(strict_status(selecting({}, {{"spec.signerName", "spec.signerName"},
                                             {"spec.podName", "spec.podName"},
                                             {"spec.nodeName", "spec.nodeName"}})));
}

StrategyRules rules_of(std::string_view group, std::string_view plural) {
  if (group.empty()) return core_rules(plural);
  if (group == "apps") return workload_rules(plural);
  if (group == "batch") return spec_generation();
  if (group == "policy")
    return plural == "poddisruptionbudgets" ? strict(spec_generation()) : StrategyRules();
  if (group == "networking.k8s.io") return networking_rules(plural);
  if (group == "discovery.k8s.io") {
    StrategyRules rules = hooked(content_generation(), nullptr, update_slice);
    rules.prepare_request = prepare_slice_request;
    return rules;
  }
  if (group == "coordination.k8s.io") {
    StrategyRules rules = strict(upsert(hooked({}, create_lease, update_lease)));
    if (plural == "leasecandidates") rules.name_rule = validation::name_is_config_key;
    return rules;
  }
  if (group == "rbac.authorization.k8s.io") return upsert(path_named({}));
  if (group == "node.k8s.io") return strict(upsert({}));
  if (group == "scheduling.k8s.io") {
    StrategyRules rules;
    rules.generation = plural == "priorityclasses" ? Generation::kCreate : Generation::kSpec;
    rules.status_meta = StatusMeta::kKeepAll;
    return rules;
  }
  if (group == "storage.k8s.io") return storage_rules(plural);
  if (group == "admissionregistration.k8s.io") return strict(strict_status(content_generation()));
  if (group == "flowcontrol.apiserver.k8s.io") return strict_status(spec_generation());
  if (group == "apiextensions.k8s.io") return strict(hooked(spec_generation(), create_crd, update_crd));
  if (group == "resource.k8s.io") return resource_rules(plural);
  if (group == "certificates.k8s.io") return certificates_rules(plural);
  if (group == "internal.apiserver.k8s.io" || group == "storagemigration.k8s.io") {
    StrategyRules rules = strict(strict_status({}));
    if (plural == "storageversions") rules.name_rule = validation::name_is_storage_version;
    return rules;
  }
  return {};
}

}  // namespace

std::shared_ptr<const Strategy> make_strategy(const api::Resource& resource, const api::Message& hub,
                                              const StrategyEnv& env) {
  const std::string_view group = resource.storage_group, plural = resource.plural;
  if (group.empty() && plural == "pods") return make_pod_strategy(resource, hub);
  if (group.empty() && plural == "namespaces") return make_namespace_strategy(resource, hub);
  if (group.empty() && plural == "services") return make_service_strategy(resource, hub, env.services);
  if (group.empty() && plural == "persistentvolumes") return make_volume_strategy(resource, hub, env.clock);
  if (group == "batch" && plural == "jobs") return make_job_strategy(resource, hub);
  if (group == "batch" && plural == "cronjobs") return make_cron_job_strategy(resource, hub);
  if (group == "certificates.k8s.io" && plural == "certificatesigningrequests")
    return make_csr_strategy(resource, hub, env.clock);
  if (group == "apiregistration.k8s.io") return make_api_service_strategy(resource, hub, env.clock);
  if (group == "resource.k8s.io" && plural == "resourceslices")
    return make_slice_strategy(resource, hub, env.clock);
  if (group == "resource.k8s.io" && plural == "devicetaintrules")
    return make_taint_rule_strategy(resource, hub, env.clock);
  StrategyRules rules = rules_of(group, plural);
  if (auto workload = make_workload_strategy(resource, hub, rules)) return workload;
  if (group.empty() && plural == "events") rules.ttl_seconds = env.event_ttl_seconds;
  return std::make_shared<TableStrategy>(resource, hub, std::move(rules));
}

}  // namespace xebec::apiserver
