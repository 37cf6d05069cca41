#include "scheduler/node_info.h"

namespace xebec::scheduler {
namespace {

constexpr int64_t kDefaultMilliCpu = 100;
constexpr int64_t kDefaultMemory = 200 * 1024 * 1024;
constexpr std::string_view kAnyAddress = "0.0.0.0";

std::string address_of(const corev1::ContainerPort& port) {
  return port.hostIP.empty() ? std::string(kAnyAddress) : port.hostIP;
}

std::string protocol_of(const corev1::ContainerPort& port) {
  return port.protocol.empty() ? "TCP" : port.protocol;
}

}  // namespace

PodInfo::PodInfo(std::shared_ptr<const corev1::Pod> p)
    : pod(std::move(p)), request(Resource::from(api::pod_requests(*pod))) {
  count_non_zero();
  auto add_ports = [this](const corev1::Container& container) {
    for (const corev1::ContainerPort& port : container.ports) {
      if (port.hostPort > 0) host_ports.push_back(port);
    }
  };
  for (const corev1::Container& container : pod->spec.containers) add_ports(container);
  for (const corev1::Container& container : pod->spec.initContainers) {
    if (container.restartPolicy == "Always") add_ports(container);
  }
}

// As api::pod_requests does, with what a container that asks for nothing is counted as.
void PodInfo::count_non_zero() {
  struct Amount {
    int64_t cpu = 0, memory = 0;
    void add(const Amount& other) { cpu += other.cpu, memory += other.memory; }
    void raise(const Amount& other) {
      cpu = std::max(cpu, other.cpu);
      memory = std::max(memory, other.memory);
    }
  };
  auto of = [](const api::ResourceList& requests) {
    const api::Quantity* cpu = requests.get("cpu");
    const api::Quantity* memory = requests.get("memory");
    return Amount{cpu == nullptr ? kDefaultMilliCpu : cpu->milli_value(),
                  memory == nullptr ? kDefaultMemory : memory->value()};
  };
  Amount total, sidecars, highest;
  for (const corev1::Container& container : pod->spec.containers) total.add(of(container.resources.requests));
  for (const corev1::Container& container : pod->spec.initContainers) {
    Amount own = of(container.resources.requests);
    if (container.restartPolicy == "Always") {
      total.add(own);
      sidecars.add(own);
      highest.raise(sidecars);
    } else {
      own.add(sidecars);
      highest.raise(own);
    }
  }
  total.raise(highest);
  if (pod->spec.resources) {
    const api::ResourceList& whole = pod->spec.resources->requests;
    if (const api::Quantity* cpu = whole.get("cpu")) total.cpu = cpu->milli_value();
    if (const api::Quantity* memory = whole.get("memory")) total.memory = memory->value();
  }
  if (const api::Quantity* cpu = pod->spec.overhead.get("cpu")) total.cpu += cpu->milli_value();
  if (const api::Quantity* memory = pod->spec.overhead.get("memory")) total.memory += memory->value();
  non_zero_milli_cpu = total.cpu;
  non_zero_memory = total.memory;
}

void HostPorts::add(const corev1::ContainerPort& port) {
  taken_.emplace(protocol_of(port), port.hostPort, address_of(port));
}

void HostPorts::remove(const corev1::ContainerPort& port) {
  auto it = taken_.find(Key(protocol_of(port), port.hostPort, address_of(port)));
  if (it != taken_.end()) taken_.erase(it);
}

bool HostPorts::conflicts(const corev1::ContainerPort& port) const {
  std::string protocol = protocol_of(port);
  std::string address = address_of(port);
  for (auto it = taken_.lower_bound(Key(protocol, port.hostPort, "")); it != taken_.end(); ++it) {
    const auto& [taken_protocol, number, taken_address] = *it;
    if (taken_protocol != protocol || number != port.hostPort) break;
    if (address == kAnyAddress || taken_address == kAnyAddress || taken_address == address) return true;
  }
  return false;
}

void NodeInfo::set_node(std::shared_ptr<const corev1::Node> now) {
  node = std::move(now);
  allocatable = node ? Resource::from(node->status.allocatable) : Resource();
}

void NodeInfo::add_pod(PodInfoPtr pod) {
  remove_pod(pod->uid());
  requested.add(pod->request);
  non_zero_milli_cpu += pod->non_zero_milli_cpu;
  non_zero_memory += pod->non_zero_memory;
  for (const corev1::ContainerPort& port : pod->host_ports) ports.add(port);
  std::string uid = pod->uid();
  pods.emplace(std::move(uid), std::move(pod));
}

void NodeInfo::remove_pod(const std::string& uid) {
  auto it = pods.find(uid);
  if (it == pods.end()) return;
  const PodInfo& pod = *it->second;
  requested.sub(pod.request);
  non_zero_milli_cpu -= pod.non_zero_milli_cpu;
  non_zero_memory -= pod.non_zero_memory;
  for (const corev1::ContainerPort& port : pod.host_ports) ports.remove(port);
  pods.erase(it);
}

}  // namespace xebec::scheduler
