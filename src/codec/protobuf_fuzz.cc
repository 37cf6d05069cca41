// libFuzzer entry: any bytes decode or fail cleanly, and what decodes encodes to a fixed point.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/scheme.h"
#include "codec/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const xebec::api::Scheme scheme = xebec::api::Scheme::builtin();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto object = xebec::codec::decode_protobuf_envelope(scheme, bytes);
  if (!object) return 0;
  const std::string once = xebec::codec::encode_protobuf_envelope(*object);
  auto again = xebec::codec::decode_protobuf_envelope(scheme, once);
  if (!again || xebec::codec::encode_protobuf_envelope(*again) != once) std::abort();
  return 0;
}
