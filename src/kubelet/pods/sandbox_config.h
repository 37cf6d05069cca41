// What the runtime is told to make a pod's sandbox of.
// Source: k8s.io/kubernetes pkg/kubelet/kuberuntime/kuberuntime_sandbox.go, pkg/kubelet/network/dns.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kubelet/cri/types.h"
#include "kubelet/options.h"

namespace xebec::corev1 {
struct Pod;
struct SecurityContext;
struct PodSecurityContext;
}  // namespace xebec::corev1

namespace xebec::kubelet {

// Something about a pod that its owner should know of, as an event.
struct PodWarning {
  std::string reason, message;
};

// `host_resolv_conf` is the content of the node's resolv.conf. Errors: what this node cannot do.
Result<cri::PodSandboxConfig> make_sandbox_config(const KubeletOptions& options, const corev1::Pod& pod,
                                                  uint32_t attempt, std::string_view host_resolv_conf,
                                                  std::vector<PodWarning>* warnings = nullptr);
std::string pod_log_directory(const KubeletOptions& options, const corev1::Pod& pod);
std::string pod_hostname(const corev1::Pod& pod);
// Of a container (or a sandbox, with nullptr); Unconfined when nothing is said.
cri::SecurityProfile seccomp_of(const corev1::PodSecurityContext* pod,
                                const corev1::SecurityContext* container, const std::string& seccomp_root);
cri::NamespaceOptions namespaces_of(const corev1::Pod& pod);

}  // namespace xebec::kubelet
