// libFuzzer entry: any bytes parse or fail cleanly, into trees and typed objects, and what parses writes to a
// fixed point.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/gen/corev1.h"
#include "codec/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace xebec;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> strict;
  if (auto value = codec::parse_json(text, &strict)) {
    std::string once = codec::to_json(*value);
    auto again = codec::parse_json(once);
    if (!again || codec::to_json(*again) != once) std::abort();
  }
  corev1::Pod pod;
  if (codec::decode_json(api::type_of<corev1::Pod>(), text, &pod, codec::Strictness::Warn)) {
    std::string once = codec::encode_json(api::Object::of(pod));
    corev1::Pod copy;
    if (!codec::decode_json(api::type_of<corev1::Pod>(), once, &copy)) std::abort();
    if (codec::encode_json(api::Object::of(copy)) != once) std::abort();
  }
  return 0;
}
