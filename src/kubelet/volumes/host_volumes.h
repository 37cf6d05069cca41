// HostVolumes: volumes on this machine: emptyDir, configMap, secret, projected, downwardAPI, hostPath, and
// claims bound to hostPath or local volumes. Under ROOT/pods/UID/volumes; secrets, tokens and memory-backed
// ones on tmpfs. Needs root. Work on files is short and blocking; reading the API is not. Source:
// k8s.io/kubernetes pkg/volume.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/flat_map.h"
#include "api/gen/corev1.h"
#include "client/env.h"
#include "client/rest.h"
#include "kubelet/volumes/atomic_writer.h"
#include "kubelet/volumes/projected_sources.h"
#include "kubelet/volumes/volume_mounter.h"

namespace xebec::kubelet {

class HostVolumes final : public VolumeMounter {
 public:
  // `allocatable`: of the node, for downward API limits.
  HostVolumes(client::Env env, client::Rest rest, std::string root_dir,
              api::FlatMap<api::Quantity> allocatable);

  Task<Result<MountedVolumes>> mount(std::shared_ptr<const corev1::Pod> pod, CancelToken token) override;
  Result<std::string> sub_path(const corev1::Pod& pod, const MountedVolume& volume,
                               std::string sub_path) override;
  Task<Result<void>> unmount(std::string uid) override;

 private:
  using PodPtr = std::shared_ptr<const corev1::Pod>;

  Task<Result<MountedVolume>> mount_one(PodPtr pod, corev1::Volume volume, CancelToken token);
  Task<Result<MountedVolume>> mount_claim(PodPtr pod, std::string claim, bool readonly, CancelToken token);
  Result<MountedVolume> empty_dir(const corev1::Pod& pod, const corev1::Volume& volume);
  Result<MountedVolume> write(const corev1::Pod& pod, const std::string& plugin, const std::string& name,
                              const ProjectedFiles& files, bool tmpfs);
  int64_t memory_volume_size(const corev1::Pod& pod, const corev1::EmptyDirVolumeSource& source) const;
  std::string pod_dir(const std::string& uid) const { return root_dir_ + "/pods/" + uid; }

  client::Env env_;
  client::Rest rest_;
  std::string root_dir_;
  api::FlatMap<api::Quantity> allocatable_;
  ProjectedSources sources_;
};

// Checks a hostPath against its type, making what "...OrCreate" asks for.
Result<void> check_host_path(const std::string& path, const std::string& type);

}  // namespace xebec::kubelet
