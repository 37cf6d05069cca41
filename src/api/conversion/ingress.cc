// Ingress of v1beta1: a backend is serviceName and servicePort (k8s.io/kubernetes
// pkg/apis/networking/v1beta1).
#include "api/conversion/kinds.h"

#include "api/gen/extensionsv1beta1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/networkingv1beta1.h"

namespace xebec::api::conversion {
namespace {

template <class Old>
void backend_to_new(const Old& from, networkingv1::IngressBackend& to) {
  to.resource = from.resource;
  if (from.serviceName.empty() && from.servicePort == IntOrString()) return;
  auto& service = to.service.emplace();
  service.name = from.serviceName;
  if (from.servicePort.is_string()) {
    service.port.name = from.servicePort.str_val;
  } else {
    service.port.number = from.servicePort.int_val;
  }
}

template <class Old>
void backend_to_old(const networkingv1::IngressBackend& from, Old& to) {
  to.resource = from.resource;
  if (!from.service) return;
  to.serviceName = from.service->name;
  to.servicePort = from.service->port.name.empty() ? IntOrString(from.service->port.number)
                                                   : IntOrString(from.service->port.name);
}

template <class Old>
void to_new(const Old& from, networkingv1::Ingress& to) {
  convert_fields(from, to);
  if (from.spec.backend) backend_to_new(*from.spec.backend, to.spec.defaultBackend.emplace());
  for (size_t i = 0; i < from.spec.rules.size(); ++i) {
    if (!from.spec.rules[i].http) continue;
    const auto& paths = from.spec.rules[i].http->paths;
    for (size_t j = 0; j < paths.size(); ++j) {
      auto& path = to.spec.rules[i].http->paths[j];
      backend_to_new(paths[j].backend, path.backend);
    }
  }
}

template <class Old>
void to_old(const networkingv1::Ingress& from, Old& to) {
  convert_fields(from, to);
  if (from.spec.defaultBackend) backend_to_old(*from.spec.defaultBackend, to.spec.backend.emplace());
  for (size_t i = 0; i < from.spec.rules.size(); ++i) {
    if (!from.spec.rules[i].http) continue;
    const auto& paths = from.spec.rules[i].http->paths;
    for (size_t j = 0; j < paths.size(); ++j)
      backend_to_old(paths[j].backend, to.spec.rules[i].http->paths[j].backend);
  }
}

}  // namespace

void append_ingresses(std::vector<ConversionEntry>& table) {
  using networkingv1::Ingress;
  table.push_back(entry<extensionsv1beta1::Ingress, Ingress, to_new<extensionsv1beta1::Ingress>>());
  table.push_back(entry<Ingress, extensionsv1beta1::Ingress, to_old<extensionsv1beta1::Ingress>>());
  table.push_back(entry<networkingv1beta1::Ingress, Ingress, to_new<networkingv1beta1::Ingress>>());
  table.push_back(entry<Ingress, networkingv1beta1::Ingress, to_old<networkingv1beta1::Ingress>>());
}

}  // namespace xebec::api::conversion
