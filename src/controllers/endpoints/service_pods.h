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
  std::string address;
  bool ready = false;    // gets traffic (or publishNotReadyAddresses)
  bool serving = false;  // ready, even while it terminates
  bool terminating = false;
  std::vector<ResolvedPort> ports;
};

// The Pods that the Service selects and that have an address, finished ones left out; in order of name.
// Terminating Pods are included: slices list them, Endpoints leave them out.
std::vector<ServiceEndpoint> endpoints_of(const corev1::Service& service, const std::vector<PodPtr>& pods);

bool selects(const corev1::Service& service, const corev1::Pod& pod);
// Whether a change of a Pod can change the endpoints of services that select it.
bool endpoint_changed(const corev1::Pod& old, const corev1::Pod& now);
// metadata.labels carried over from the Service, without those that name the object itself.
api::FlatMap<std::string> labels_for_endpoints(const corev1::Service& service);

}  // namespace xebec::controllers
