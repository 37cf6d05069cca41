// Services: what they hold of the cluster's address pools, and what an update keeps of it
// (k8s.io/kubernetes pkg/registry/core/service).
#include <map>
#include <set>

#include "api/gen/corev1.h"
#include "apiserver/allocators/service_allocator.h"
#include "apiserver/registry/strategies/pod_warnings.h"
#include "apiserver/registry/strategies/strategies.h"

namespace xebec::apiserver {
namespace {

std::set<int32_t> node_ports(const corev1::Service& service) {
  std::set<int32_t> out;
  for (const corev1::ServicePort& port : service.spec.ports)
    if (port.nodePort != 0) out.insert(port.nodePort);
  return out;
}

// Ports that lost their node port get it back, found by name, unless another port took it.
void keep_node_ports(corev1::Service& service, const corev1::Service& old) {
  const std::set<int32_t> mine = node_ports(service);
  std::map<std::string_view, int32_t> by_name;
  for (const corev1::ServicePort& port : old.spec.ports) by_name[port.name] = port.nodePort;
  for (corev1::ServicePort& port : service.spec.ports)
    if (auto it = by_name.find(port.name);
        port.nodePort == 0 && it != by_name.end() && !mine.contains(it->second))
      port.nodePort = it->second;
}

// A client that PUTs what it knows does not give up what was allocated.
void keep_allocated(corev1::Service& service, const corev1::Service& old) {
  if (needs_cluster_ip(old) && needs_cluster_ip(service)) {
    if (service.spec.clusterIP.empty()) service.spec.clusterIP = old.spec.clusterIP;
    if (service.spec.clusterIPs.empty() && service.spec.clusterIP == old.spec.clusterIP)
      service.spec.clusterIPs = old.spec.clusterIPs;
  }
  if (needs_node_port(old) && needs_node_port(service)) keep_node_ports(service, old);
  if (needs_health_check_port(old) && needs_health_check_port(service) &&
      service.spec.healthCheckNodePort == 0)
    service.spec.healthCheckNodePort = old.spec.healthCheckNodePort;
}

// clusterIP and clusterIPs: whichever the client changed leads.
void normalize_ips(corev1::Service& service, const corev1::Service& old) {
  corev1::ServiceSpec& spec = service.spec;
  if (spec.clusterIP != old.spec.clusterIP && spec.clusterIPs == old.spec.clusterIPs) {
    if (spec.clusterIP.empty()) {
      spec.clusterIPs.clear();
    } else if (spec.clusterIPs.empty()) {
      spec.clusterIPs.push_back(spec.clusterIP);
    } else {
      spec.clusterIPs[0] = spec.clusterIP;
    }
  } else if (!spec.clusterIP.empty() && spec.clusterIPs.empty()) {
    spec.clusterIPs.push_back(spec.clusterIP);
  }
}

// Fields that belonged to the old type and were not touched go with it.
void drop_type_dependent(corev1::Service& service, const corev1::Service& old) {
  corev1::ServiceSpec& spec = service.spec;
  if (needs_cluster_ip(old) && !needs_cluster_ip(service) && spec.clusterIPs == old.spec.clusterIPs) {
    spec.clusterIP.clear();
    spec.clusterIPs.clear();
    spec.ipFamilies.clear();
    spec.ipFamilyPolicy.reset();
  }
  if (needs_node_port(old) && !needs_node_port(service) && node_ports(service) == node_ports(old))
    for (corev1::ServicePort& port : spec.ports) port.nodePort = 0;
  if (needs_health_check_port(old) && !needs_health_check_port(service) &&
      spec.healthCheckNodePort == old.spec.healthCheckNodePort)
    spec.healthCheckNodePort = 0;
  const bool was_balancer = old.spec.type == "LoadBalancer", is_balancer = spec.type == "LoadBalancer";
  if (was_balancer && !is_balancer) {
    if (spec.allocateLoadBalancerNodePorts == old.spec.allocateLoadBalancerNodePorts)
      spec.allocateLoadBalancerNodePorts.reset();
    if (spec.loadBalancerClass == old.spec.loadBalancerClass) spec.loadBalancerClass.reset();
  }
  const auto external = [](const corev1::Service& s) {
    return s.spec.type == "LoadBalancer" || s.spec.type == "NodePort" || !s.spec.externalIPs.empty();
  };
  if (external(old) && !external(service) && spec.externalTrafficPolicy == old.spec.externalTrafficPolicy)
    spec.externalTrafficPolicy.clear();
}

class ServiceStrategy final : public TableStrategy {
 public:
  ServiceStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules,
                  ServiceAllocator* allocator)
      : TableStrategy(resource, hub, std::move(rules)), allocator_(allocator) {}

  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old_object) const override {
    TableStrategy::prepare_for_update(context, subresource, object, old_object);
    if (!subresource.empty()) return;
    auto& service = object.get<corev1::Service>();
    const auto& old = old_object.get<corev1::Service>();
    keep_allocated(service, old);
    normalize_ips(service, old);
    drop_type_dependent(service, old);
  }

  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    return warnings_for_service(object.get<corev1::Service>());
  }
  std::vector<std::string> warnings_on_update(const api::Object& object, const api::Object&) const override {
    return warnings_for_service(object.get<corev1::Service>());
  }

  bool takes_from_pools() const override { return allocator_ != nullptr; }

  Result<std::unique_ptr<Reservation>> begin_create(const Context&, api::Object& object,
                                                    PoolUse use) const override {
    if (allocator_ == nullptr) return nullptr;
    return allocator_->create(object.get<corev1::Service>(), use);
  }

  Result<std::unique_ptr<Reservation>> begin_update(const Context&, api::Object& object,
                                                    const api::Object& old, PoolUse use) const override {
    if (allocator_ == nullptr) return nullptr;
    return allocator_->update(object.get<corev1::Service>(), old.get<corev1::Service>(), use);
  }

  std::unique_ptr<Reservation> begin_delete(const api::Object& object, bool dry_run) const override {
    if (allocator_ == nullptr) return nullptr;
    return allocator_->remove(object.get<corev1::Service>(), dry_run);
  }

 private:
  ServiceAllocator* const allocator_;
};

}  // namespace

std::shared_ptr<const Strategy> make_service_strategy(const api::Resource& resource, const api::Message& hub,
                                                      ServiceAllocator* allocator) {
  StrategyRules rules;
  rules.name_rule = api::name_is_dns_label;
  rules.returns_object = true;
  rules.create_on_update = true;
  rules.selectable = {{"spec.clusterIP", "spec.clusterIP"}, {"spec.type", "spec.type"}};
  return std::make_shared<ServiceStrategy>(resource, hub, std::move(rules), allocator);
}

}  // namespace xebec::apiserver
