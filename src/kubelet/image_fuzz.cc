// Image names and pull secrets as users write them.
#include "api/defaults/image.h"
#include "kubelet/cri/image_name.h"
#include "kubelet/images/keyring.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::kubelet {

XEBEC_FUZZ(image) {
  fuzz::Pieces pieces(input);
  const std::string image(pieces.part());
  const std::string full = cri::full_image_name(image);
  FUZZ_CHECK(cri::full_image_name(full) == full);
  (void)api::default_pull_policy(image);
  for (const char* key : {".dockerconfigjson", ".dockercfg"}) {
    corev1::Secret secret;
    secret.data[key] = api::Bytes(std::string(pieces.rest()));
    Keyring ring;
    ring.add(secret);
    (void)ring.lookup(image);
  }
}

}  // namespace xebec::kubelet
