// What the runtime is told to make a container of.
// Source: k8s.io/kubernetes pkg/kubelet/kuberuntime/kuberuntime_container*.go, security_context.go.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/corev1.h"
#include "base/result.h"
#include "kubelet/cri/types.h"
#include "kubelet/options.h"

namespace xebec::kubelet {

struct ContainerInputs {
  const KubeletOptions* options = nullptr;
  const corev1::Pod* pod = nullptr;
  const corev1::Container* container = nullptr;
  std::string image_ref;
  std::optional<cri::Image> image;  // as the runtime knows it, for runAsNonRoot
  std::vector<cri::EnvVar> env;
  std::vector<cri::Mount> mounts;  // volumes, hosts file, termination log
  int32_t restart_count = 0;
  int64_t memory_capacity = 0;  // of the node
  std::string target_id;        // of an ephemeral container: the container whose processes it sees
  bool cgroup2 = false;         // the node's control groups are of version 2
};

// Errors read as the message of CreateContainerConfigError.
Result<cri::ContainerConfig> make_container_config(const ContainerInputs& in);

cri::LinuxResources linux_resources(const corev1::Pod& pod, const corev1::Container& container,
                                    int64_t memory_capacity, bool cgroup2);
// Changes when the container has to be made anew: the image.
std::string container_hash(const corev1::Container& container);
// The fields that both kinds have.
corev1::Container as_container(const corev1::EphemeralContainer& ephemeral);

}  // namespace xebec::kubelet
