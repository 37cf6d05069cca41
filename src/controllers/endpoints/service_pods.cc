#include "controllers/endpoints/service_pods.h"

namespace xebec::controllers {
namespace {

// A named target port is looked up in the Pod's containers (sidecars too).
std::optional<int32_t> find_port(const corev1::Pod& pod, const corev1::ServicePort& port) {
  if (port.targetPort.is_int()) return port.targetPort.int_val == 0 ? port.port : port.targetPort.int_val;
  auto look = [&](const std::vector<corev1::Container>& containers,
                  bool sidecars_only) -> std::optional<int32_t> {
    for (const corev1::Container& container : containers) {
      if (sidecars_only && container.restartPolicy != "Always") continue;
      for (const corev1::ContainerPort& candidate : container.ports) {
        if (candidate.name == port.targetPort.str_val && candidate.protocol == port.protocol)
          return candidate.containerPort;
      }
    }
    return std::nullopt;
  };
  if (auto found = look(pod.spec.containers, false)) return found;
  return look(pod.spec.initContainers, true);
}

std::vector<ResolvedPort> resolve(const corev1::Service& service, const corev1::Pod& pod) {
  std::vector<ResolvedPort> out;
  for (const corev1::ServicePort& port : service.spec.ports) {
    std::optional<int32_t> number = find_port(pod, port);
    if (!number) continue;
    out.push_back({port.name, port.protocol, port.appProtocol, *number});
  }
  return out;
}

std::vector<std::string> addresses_of(const corev1::Pod& pod, std::string_view family) {
  std::vector<std::string> out;
  for (const corev1::PodIP& ip : pod.status.podIPs) {
    if (!ip.ip.empty() && family_of(ip.ip) == family) out.push_back(ip.ip);
  }
  const std::string& only = pod.status.podIP;
  if (pod.status.podIPs.empty() && !only.empty() && family_of(only) == family) out.push_back(only);
  return out;
}

}  // namespace

bool selects(const corev1::Service& service, const corev1::Pod& pod) {
  if (service.spec.selector.empty()) return false;
  return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&](const auto& term) {
    const std::string* label = pod.metadata.labels.get(term.first);
    return label != nullptr && *label == term.second;
  });
}

std::string_view family_of(std::string_view address) {
  return address.find(':') == std::string_view::npos ? "IPv4" : "IPv6";
}

std::vector<std::string> families_of(const corev1::Service& service) {
  if (!service.spec.ipFamilies.empty()) return service.spec.ipFamilies;
  const std::string& ip = service.spec.clusterIP;
  if (!ip.empty() && ip != "None") return {std::string(family_of(ip))};
  return {"IPv4", "IPv6"};
}

bool publishes_not_ready(const corev1::Service& service) {
  return service.spec.publishNotReadyAddresses ||
         service.metadata.annotations.value_or("service.alpha.kubernetes.io/tolerate-unready-endpoints",
                                               "") == "true";
}

bool has_hostname(const corev1::Service& service, const corev1::Pod& pod) {
  return !pod.spec.hostname.empty() && pod.spec.subdomain == service.metadata.name;
}

std::vector<ServiceEndpoint> endpoints_of(const corev1::Service& service, const std::vector<PodPtr>& pods,
                                          std::string_view family) {
  std::vector<ServiceEndpoint> out;
  for (const PodPtr& pod : pods) {
    if (!selects(service, *pod) || pod_finished(*pod)) continue;
    ServiceEndpoint endpoint;
    endpoint.addresses = addresses_of(*pod, family);
    if (endpoint.addresses.empty()) continue;
    endpoint.pod = pod;
    endpoint.terminating = pod->metadata.deletionTimestamp.has_value();
    endpoint.serving = pod_ready(*pod);
    endpoint.ready = publishes_not_ready(service) || (endpoint.serving && !endpoint.terminating);
    endpoint.ports = resolve(service, *pod);
    out.push_back(std::move(endpoint));
  }
  return out;
}

bool endpoint_changed(const corev1::Pod& old, const corev1::Pod& now) {
  return old.metadata.labels != now.metadata.labels || old.status.podIP != now.status.podIP ||
         old.status.podIPs != now.status.podIPs || pod_ready(old) != pod_ready(now) ||
         pod_finished(old) != pod_finished(now) ||
         old.metadata.deletionTimestamp != now.metadata.deletionTimestamp ||
         old.spec.nodeName != now.spec.nodeName || old.spec.hostname != now.spec.hostname ||
         old.spec.subdomain != now.spec.subdomain;
}

api::FlatMap<std::string> labels_for_endpoints(const corev1::Service& service) {
  api::FlatMap<std::string> labels = service.metadata.labels;
  if (service.spec.clusterIP == "None" || service.spec.clusterIP.empty()) {
    labels["service.kubernetes.io/headless"] = "";
  } else {
    labels.erase("service.kubernetes.io/headless");
  }
  return labels;
}

}  // namespace xebec::controllers
