// Whether this node takes a pod that was bound to it: the last look before it runs, for not everybody who
// binds pods looks as the scheduler does. Pure. Source: k8s.io/kubernetes pkg/kubelet/lifecycle/predicate.go,
// pkg/kubelet/sysctl, pkg/security/apparmor, pkg/kubelet/eviction (Admit).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace xebec::corev1 {
struct Node;
struct Pod;
}  // namespace xebec::corev1

namespace xebec::kubelet {

struct Refusal {
  std::string reason, message;
};

struct AdmissionInputs {
  const corev1::Pod* pod = nullptr;
  const corev1::Node* node = nullptr;      // nullptr: not registered yet, so that nothing is known of it
  std::vector<const corev1::Pod*> others;  // that are on this node and not over
  bool apparmor = false;                   // the kernel has it
  std::vector<std::string> pressures;      // node conditions the eviction manager sees: "MemoryPressure" ...
};

// Nothing: it may run.
std::optional<Refusal> refuse(const AdmissionInputs& in);

}  // namespace xebec::kubelet
