// Pods and nodes for tests.
#pragma once

#include <memory>
#include <string>

#include "api/gen/corev1.h"

namespace xebec::scheduler::testing {

inline std::shared_ptr<const corev1::Pod> make_pod(std::string name, std::string cpu = "",
                                                   std::string node = "") {
  corev1::Pod pod;
  pod.metadata.name = name;
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = std::move(name);
  pod.spec.nodeName = std::move(node);
  corev1::Container& container = pod.spec.containers.emplace_back();
  if (!cpu.empty()) container.resources.requests["cpu"] = api::Quantity::must_parse(cpu);
  return std::make_shared<const corev1::Pod>(std::move(pod));
}

inline std::shared_ptr<const corev1::Node> make_node(std::string name, std::string cpu = "2",
                                                     std::string pods = "110") {
  corev1::Node node;
  node.metadata.name = std::move(name);
  node.status.allocatable["cpu"] = api::Quantity::must_parse(cpu);
  node.status.allocatable["memory"] = api::Quantity::must_parse("4Gi");
  node.status.allocatable["pods"] = api::Quantity::must_parse(pods);
  return std::make_shared<const corev1::Node>(std::move(node));
}

}  // namespace xebec::scheduler::testing
