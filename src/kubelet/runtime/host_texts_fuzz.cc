// What the kernel and containerd's tools print: mounts, capabilities, lists of images.
#include "kubelet/runtime/host.h"
#include "kubelet/runtime/images.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::containerd {

XEBEC_FUZZ(host_texts) {
  const std::string text(input);
  for (const MountPoint& mount : parse_mountinfo(text)) FUZZ_CHECK(mount.path.size() <= text.size());
  (void)has_capability(text, 24);
  (void)parse_refs(text);
  (void)parse_image_list(text);
}

}  // namespace xebec::containerd
