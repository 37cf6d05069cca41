#include "api/gen/corev1.h"
#include "kubelet/volumes/volume_mounter.h"

namespace xebec::kubelet {

Task<Result<MountedVolumes>> NullVolumes::mount(std::shared_ptr<const corev1::Pod> pod, CancelToken token) {
  MountedVolumes volumes;
  for (const corev1::Volume& volume : pod->spec.volumes) {
    volumes[volume.name].host_path = "/nonexistent/" + pod->metadata.uid + "/" + volume.name;
  }
  co_return volumes;
}

Result<std::string> NullVolumes::sub_path(const corev1::Pod&, const MountedVolume& volume,
                                          std::string sub_path) {
  return volume.host_path + "/" + sub_path;
}

Task<Result<void>> NullVolumes::unmount(std::string uid) { co_return Result<void>(); }

}  // namespace xebec::kubelet
