// VolumeMounter: makes the volumes of pods ready on the node, keeps them current, and takes them away.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::corev1 {
struct Pod;
}

namespace xebec::kubelet {

struct MountedVolume {
  std::string host_path;
  bool readonly = false;  // whatever the mount says
};
using MountedVolumes = std::map<std::string, MountedVolume>;  // by volume name

class VolumeMounter {
 public:
  virtual ~VolumeMounter() = default;
  // Idempotent; on a pod that is mounted it brings contents up to date. Errors read as the FailedMount
  // event's message.
  virtual Task<Result<MountedVolumes>> mount(std::shared_ptr<const corev1::Pod> pod, CancelToken token) = 0;
  // The path of a subPath inside a mounted volume, made when missing; never leaves the volume.
  virtual Result<std::string> sub_path(const corev1::Pod& pod, const MountedVolume& volume,
                                       std::string sub_path) = 0;
  // Idempotent; works without knowing the pod's spec.
  virtual Task<Result<void>> unmount(std::string uid) = 0;
};

// Volumes without files: for hollow nodes.
class NullVolumes final : public VolumeMounter {
 public:
  Task<Result<MountedVolumes>> mount(std::shared_ptr<const corev1::Pod> pod, CancelToken token) override;
  Result<std::string> sub_path(const corev1::Pod& pod, const MountedVolume& volume,
                               std::string sub_path) override;
  Task<Result<void>> unmount(std::string uid) override;
};

}  // namespace xebec::kubelet
