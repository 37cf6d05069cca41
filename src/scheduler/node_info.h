// PodInfo and NodeInfo: what the scheduler knows of a Pod and of a node, kept up to date incrementally.
// Belong to the scheduler's executor.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "api/gen/corev1.h"
#include "scheduler/resource.h"

namespace xebec::scheduler {

// Immutable: made once when a Pod is seen.
struct PodInfo {
  explicit PodInfo(std::shared_ptr<const corev1::Pod> pod);
  std::shared_ptr<const corev1::Pod> pod;
  Resource request;
  // What scoring counts a container without requests as (100 millicores, 200 MB), so that such Pods spread
  // too.
  int64_t non_zero_milli_cpu = 0;
  int64_t non_zero_memory = 0;
  std::vector<corev1::ContainerPort> host_ports;

  const std::string& uid() const { return pod->metadata.uid; }

 private:
  void count_non_zero();
};

using PodInfoPtr = std::shared_ptr<const PodInfo>;

// Ports of the host that Pods have taken.
class HostPorts {
 public:
  void add(const corev1::ContainerPort& port);
  void remove(const corev1::ContainerPort& port);
  // The wildcard address conflicts with every address.
  bool conflicts(const corev1::ContainerPort& port) const;

 private:
  using Key = std::tuple<std::string, int32_t, std::string>;  // protocol, port, address
  std::multiset<Key> taken_;
};

struct NodeInfo {
  std::shared_ptr<const corev1::Node>
      node;  // nullptr: Pods are bound to it, the Node object is not (or no longer) there
  Resource allocatable;
  Resource requested;
  int64_t non_zero_milli_cpu = 0;
  int64_t non_zero_memory = 0;
  HostPorts ports;
  std::map<std::string, PodInfoPtr> pods;  // by UID

  void set_node(std::shared_ptr<const corev1::Node> now);
  void add_pod(PodInfoPtr pod);
  void remove_pod(const std::string& uid);
};

}  // namespace xebec::scheduler
