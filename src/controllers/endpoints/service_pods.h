// What a Service's Pods amount to, shared by the Endpoints and EndpointSlice controllers
// (k8s.io/endpointslice/util and pkg/controller/endpoint).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "controllers/pod_helpers.h"

namespace xebec::controllers {

// A port of the Service as one Pod answers it.
struct ResolvedPort {
  std::string name;
  std::string protocol;
  std::optional<std::string> app_protocol;
  int32_t port = 0;
  auto operator<=>(const ResolvedPort&) const = default;
};

struct ServiceEndpoint {
  PodPtr pod;
  std::vector<std::string> addresses;  // of one family
  bool ready = false;                  // gets traffic (or publishNotReadyAddresses)
  bool serving = false;                // the Pod is ready, even while it terminates
  bool terminating = false;
  std::vector<ResolvedPort> ports;
};

// "IPv4" or "IPv6".
std::string_view family_of(std::string_view address);
// The families the Service has: its ipFamilies, else that of its cluster IP, else (headless) both.
std::vector<std::string> families_of(const corev1::Service& service);
// The Pods that the Service selects and that have an address of the family, finished ones left out; in order
// of name. Terminating Pods are included: slices list them, Endpoints leave them out.
std::vector<ServiceEndpoint> endpoints_of(const corev1::Service& service, const std::vector<PodPtr>& pods,
                                          std::string_view family);
// Also Pods that are not ready get traffic.
bool publishes_not_ready(const corev1::Service& service);
// A name of its own has an endpoint whose Pod's subdomain is the Service.
bool has_hostname(const corev1::Service& service, const corev1::Pod& pod);

bool selects(const corev1::Service& service, const corev1::Pod& pod);
// Whether a change of a Pod can change the endpoints of services that select it.
bool endpoint_changed(const corev1::Pod& old, const corev1::Pod& now);
// metadata.labels carried over from the Service, without those that name the object itself.
api::FlatMap<std::string> labels_for_endpoints(const corev1::Service& service);

}  // namespace xebec::controllers
