// libFuzzer entry: any bytes parse as a field set or fail cleanly; what parses writes to a fixed point.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/fields_v1.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using xebec::codec::FieldSet;
  auto set = FieldSet::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!set) return 0;
  auto again = FieldSet::parse(set->serialize());
  if (!again || !(*again == *set) || !set->difference(*again).empty()) std::abort();
  return 0;
}
