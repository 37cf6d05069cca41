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

bool tolerates_unready(const corev1::Service& service) {
  return service.spec.publishNotReadyAddresses ||
         service.metadata.annotations.value_or("service.alpha.kubernetes.io/tolerate-unready-endpoints",
                                               "") == "true";
}

}  // namespace

bool selects(const corev1::Service& service, const corev1::Pod& pod) {
  if (service.spec.selector.empty()) return false;
  return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&](const auto& term) {
    const std::string* label = pod.metadata.labels.get(term.first);
    return label != nullptr && *label == term.second;
  });
}

std::vector<ServiceEndpoint> endpoints_of(const corev1::Service& service, const std::vector<PodPtr>& pods) {
  std::vector<ServiceEndpoint> out;
  bool unready_fine = tolerates_unready(service);
  for (const PodPtr& pod : pods) {
    if (!selects(service, *pod) || pod->status.podIP.empty() || pod_finished(*pod)) continue;
    ServiceEndpoint endpoint;
    endpoint.pod = pod;
    endpoint.address = pod->status.podIP;
    endpoint.terminating = pod->metadata.deletionTimestamp.has_value();
    endpoint.serving = unready_fine || pod_ready(*pod);
    endpoint.ready = unready_fine || (pod_ready(*pod) && !endpoint.terminating);
    endpoint.ports = resolve(service, *pod);
    out.push_back(std::move(endpoint));
  }
  return out;
}

bool endpoint_changed(const corev1::Pod& old, const corev1::Pod& now) {
  return old.metadata.labels != now.metadata.labels || old.status.podIP != now.status.podIP ||
         pod_ready(old) != pod_ready(now) || pod_finished(old) != pod_finished(now) ||
         old.metadata.deletionTimestamp != now.metadata.deletionTimestamp ||
         old.spec.nodeName != now.spec.nodeName || old.spec.hostname != now.spec.hostname ||
         old.spec.subdomain != now.spec.subdomain;
}

api::FlatMap<std::string> labels_for_endpoints(const corev1::Service& service) {
  api::FlatMap<std::string> labels = service.metadata.labels;
  if (service.spec.clusterIP == "None") {
    labels["service.kubernetes.io/headless"] = "";
  } else {
    labels.erase("service.kubernetes.io/headless");
  }
  return labels;
}

}  // namespace xebec::controllers
