// HostVolumes: volumes on this machine: emptyDir, configMap, secret, projected, downwardAPI, hostPath, and
// claims bound to hostPath or local volumes. Under ROOT/pods/UID/volumes; secrets, tokens and memory-backed
// ones on tmpfs. Needs root. Work on files is short and blocking; reading the API is not. Source:
// k8s.io/kubernetes pkg/volume.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/flat_map.h"
#include "api/gen/corev1.h"
#include "client/env.h"
#include "client/rest.h"
#include "kubelet/volumes/atomic_writer.h"
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
  struct Token {
    std::string text;
    int64_t issued = 0, expires = 0;  // seconds
  };
  using PodPtr = std::shared_ptr<const corev1::Pod>;

  Task<Result<MountedVolume>> mount_one(PodPtr pod, corev1::Volume volume, CancelToken token);
  Task<Result<MountedVolume>> mount_claim(PodPtr pod, std::string claim, bool readonly, CancelToken token);
  Result<MountedVolume> empty_dir(const corev1::Pod& pod, const corev1::Volume& volume);
  Task<Result<ProjectedFiles>> config_map_files(PodPtr pod, std::string name,
                                                std::vector<corev1::KeyToPath> items, int mode, bool optional,
                                                CancelToken token);
  Task<Result<ProjectedFiles>> secret_files(PodPtr pod, std::string name,
                                            std::vector<corev1::KeyToPath> items, int mode, bool optional,
                                            CancelToken token);
  Result<ProjectedFiles> downward_files(const corev1::Pod& pod,
                                        const std::vector<corev1::DownwardAPIVolumeFile>& items, int mode);
  Task<Result<ProjectedFiles>> projected_files(PodPtr pod, corev1::Volume volume, CancelToken token);
  Task<Result<std::string>> service_account_token(PodPtr pod, std::string volume,
                                                  corev1::ServiceAccountTokenProjection source,
                                                  CancelToken token);
  Result<MountedVolume> write(const corev1::Pod& pod, const std::string& plugin, const std::string& name,
                              const ProjectedFiles& files, bool tmpfs);
  int64_t memory_volume_size(const corev1::Pod& pod, const corev1::EmptyDirVolumeSource& source) const;
  std::string pod_dir(const std::string& uid) const { return root_dir_ + "/pods/" + uid; }
  int64_t now_seconds() const;

  client::Env env_;
  client::Rest rest_;
  std::string root_dir_;
  api::FlatMap<api::Quantity> allocatable_;
  std::map<std::string, Token> tokens_;  // by "uid/volume/path"
};

// Checks a hostPath against its type, making what "...OrCreate" asks for.
Result<void> check_host_path(const std::string& path, const std::string& type);

}  // namespace xebec::kubelet
