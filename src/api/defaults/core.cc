#include "api/defaults/core.h"

#include "api/defaults/groups.h"
#include "api/defaults/util.h"

namespace xebec::corev1 {
namespace {

using api::default_to;

bool externally_accessible(const ServiceSpec& spec) {
  return spec.type == "LoadBalancer" || spec.type == "NodePort" ||
         (spec.type == "ClusterIP" && !spec.externalIPs.empty());
}

void set_service_ports(ServiceSpec& spec) {
  for (ServicePort& port : spec.ports) {
    default_to(port.protocol, "TCP");
    bool unset = port.targetPort == api::IntOrString() || port.targetPort == api::IntOrString(std::string());
    if (unset) port.targetPort = api::IntOrString(port.port);
  }
}

void set_session_affinity(ServiceSpec& spec) {
  default_to(spec.sessionAffinity, "None");
  if (spec.sessionAffinity == "None") spec.sessionAffinityConfig.reset();
  if (spec.sessionAffinity != "ClientIP") return;
  SessionAffinityConfig& config = spec.sessionAffinityConfig.ensure();
  default_to(config.clientIP.ensure().timeoutSeconds, 10800);
}

}  // namespace

void set_defaults(Service& service) {
  ServiceSpec& spec = service.spec;
  set_session_affinity(spec);
  default_to(spec.type, "ClusterIP");
  set_service_ports(spec);
  if (externally_accessible(spec)) default_to(spec.externalTrafficPolicy, "Cluster");
  if (spec.type == "ClusterIP" || spec.type == "NodePort" || spec.type == "LoadBalancer") {
    default_to(spec.internalTrafficPolicy, "Cluster");
  }
  if (spec.type == "LoadBalancer") {
    default_to(spec.allocateLoadBalancerNodePorts, true);
    for (LoadBalancerIngress& ingress : service.status.loadBalancer.ingress) {
      if (!ingress.ip.empty()) default_to(ingress.ipMode, "VIP");
    }
  }
}

void set_defaults(ReplicationController& rc) {
  if (rc.spec.template_) {
    set_template_defaults(*rc.spec.template_);
    const auto& labels = rc.spec.template_->metadata.labels;
    if (rc.spec.selector.empty()) rc.spec.selector = labels;
    if (rc.metadata.labels.empty()) rc.metadata.labels = labels;
  }
  default_to(rc.spec.replicas, 1);
}

void set_defaults(Endpoints& endpoints) {
  for (EndpointSubset& subset : endpoints.subsets) {
    for (EndpointPort& port : subset.ports) default_to(port.protocol, "TCP");
  }
}

void set_defaults(Namespace& ns) {
  if (!ns.metadata.name.empty()) ns.metadata.labels["kubernetes.io/metadata.name"] = ns.metadata.name;
  default_to(ns.status.phase, "Active");
}

void set_defaults(Node& node) {
  api::round_up_all(node.status.capacity);
  api::round_up_all(node.status.allocatable);
  if (node.status.allocatable.empty()) node.status.allocatable = node.status.capacity;
}

void set_defaults(PersistentVolume& volume) {
  default_to(volume.status.phase, "Pending");
  default_to(volume.spec.persistentVolumeReclaimPolicy, "Retain");
  default_to(volume.spec.volumeMode, "Filesystem");
  if (volume.spec.hostPath && !volume.spec.hostPath->type) volume.spec.hostPath->type = "";
  api::set_plugin_defaults(volume.spec);
  api::round_up_all(volume.spec.capacity);
}

void set_defaults(PersistentVolumeClaim& claim) {
  default_to(claim.status.phase, "Pending");
  default_to(claim.spec.volumeMode, "Filesystem");
  for (auto* list : {&claim.spec.resources.limits, &claim.spec.resources.requests, &claim.status.capacity,
                     &claim.status.allocatedResources})
    api::round_up_all(*list);
}

void set_defaults(Secret& secret) { default_to(secret.type, "Opaque"); }

void set_defaults(LimitRange& range) {
  for (LimitRangeItem& item : range.spec.limits) {
    for (auto* list :
         {&item.max, &item.min, &item.default_, &item.defaultRequest, &item.maxLimitRequestRatio})
      api::round_up_all(*list);
    if (item.type != "Container") continue;
    for (const auto& [name, quantity] : item.max) item.default_.insert(name, quantity);
    for (const auto& [name, quantity] : item.default_) item.defaultRequest.insert(name, quantity);
    for (const auto& [name, quantity] : item.min) item.defaultRequest.insert(name, quantity);
  }
}

void set_defaults(ResourceQuota& quota) {
  for (auto* list : {&quota.spec.hard, &quota.status.hard, &quota.status.used}) api::round_up_all(*list);
}

}  // namespace xebec::corev1

namespace xebec::api {

void add_core_defaults(DefaultsTable& table) {
  add_defaults<corev1::Pod, corev1::PodTemplate, corev1::ReplicationController, corev1::Service,
               corev1::Endpoints, corev1::Namespace, corev1::Node, corev1::PersistentVolume,
               corev1::PersistentVolumeClaim, corev1::Secret, corev1::LimitRange, corev1::ResourceQuota>(
      table, [](auto& object) { set_defaults(object); });
}

}  // namespace xebec::api
