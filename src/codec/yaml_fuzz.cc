// libFuzzer entry: any bytes parse or fail cleanly, and what parses writes YAML that means the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace xebec;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> strict;
  auto value = codec::parse_yaml(text, &strict);
  if (!value || !value->is_map()) return 0;
  auto again = codec::parse_yaml(codec::encode_yaml(*value));
  if (!again || !codec::equal_numeric(*again, *value)) std::abort();
  return 0;
}
