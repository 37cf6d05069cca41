// Validation of networking.k8s.io and discovery.k8s.io
// (k8s.io/kubernetes/pkg/apis/{networking,discovery}/validation).
#pragma once

#include "api/gen/discoveryv1.h"
#include "api/gen/networkingv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// ingress.cc
Errors validate_ingress(const networkingv1::Ingress& ingress);
Errors validate_ingress_update(const networkingv1::Ingress& ingress, const networkingv1::Ingress& old);
Errors validate_ingress_status_update(const networkingv1::Ingress& ingress, const networkingv1::Ingress& old);
Errors validate_ingress_class(const networkingv1::IngressClass& ingress_class);
Errors validate_ingress_class_update(const networkingv1::IngressClass& ingress_class,
                                     const networkingv1::IngressClass& old);
// network_policy.cc
Errors validate_network_policy(const networkingv1::NetworkPolicy& policy);
Errors validate_network_policy_update(const networkingv1::NetworkPolicy& policy,
                                      const networkingv1::NetworkPolicy& old);
// service_cidr.cc
Errors validate_ip_address(const networkingv1::IPAddress& address);
Errors validate_ip_address_update(const networkingv1::IPAddress& address, const networkingv1::IPAddress& old);
Errors validate_service_cidr(const networkingv1::ServiceCIDR& range);
Errors validate_service_cidr_update(const networkingv1::ServiceCIDR& range,
                                    const networkingv1::ServiceCIDR& old);
// endpoint_slice.cc
Errors validate_endpoint_slice(const discoveryv1::EndpointSlice& slice);
Errors validate_endpoint_slice_update(const discoveryv1::EndpointSlice& slice,
                                      const discoveryv1::EndpointSlice& old);

}  // namespace xebec::apiserver::validation
