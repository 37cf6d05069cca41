// Defaults of networking (k8s.io/kubernetes/pkg/apis/networking/*/defaults.go).
#include "api/defaults/groups.h"
#include "api/defaults/util.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/networkingv1beta1.h"

namespace xebec::api {
namespace {

template <class Policy>
void set_network_policy_defaults(Policy& policy) {
  auto& spec = policy.spec;
  for (auto& rule : spec.ingress)
    for (auto& port : rule.ports) default_to(port.protocol, "TCP");
  for (auto& rule : spec.egress)
    for (auto& port : rule.ports) default_to(port.protocol, "TCP");
  if (!spec.policyTypes.empty()) return;
  spec.policyTypes.emplace_back("Ingress");
  if (!spec.egress.empty()) spec.policyTypes.emplace_back("Egress");
}

// Before v1 the type of a path could be left out.
template <class Ingress>
void set_path_types(Ingress& ingress) {
  for (auto& rule : ingress.spec.rules) {
    if (!rule.http) continue;
    for (auto& path : rule.http->paths) default_to(path.pathType, "ImplementationSpecific");
  }
}

template <class IngressClass>
void set_ingress_class_defaults(IngressClass& ingress_class) {
  if (ingress_class.spec.parameters) default_to(ingress_class.spec.parameters->scope, "Cluster");
}

}  // namespace

void add_networking_defaults(DefaultsTable& table) {
  add_defaults<networkingv1::NetworkPolicy, extensionsv1beta1::NetworkPolicy>(
      table, [](auto& policy) { set_network_policy_defaults(policy); });
  add_defaults<networkingv1beta1::Ingress, extensionsv1beta1::Ingress>(
      table, [](auto& ingress) { set_path_types(ingress); });
  add_defaults<networkingv1::IngressClass, networkingv1beta1::IngressClass>(
      table, [](auto& ingress_class) { set_ingress_class_defaults(ingress_class); });
}

}  // namespace xebec::api
