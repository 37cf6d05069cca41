// Any bytes parse or fail cleanly, and what parses writes YAML that means the same.
#include "codec/yaml.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::codec {

XEBEC_FUZZ(yaml) {
  for (std::string_view document : split_yaml(input)) (void)interpret_yaml(document);
  (void)parse_yaml_stream(input);
  std::vector<std::string> duplicates;
  Result<Value> value = parse_yaml(input, &duplicates);
  if (!value || !value->is_map()) return;
  Result<Value> again = parse_yaml(encode_yaml(*value));
  FUZZ_CHECK(again && equal_numeric(*again, *value));
}

}  // namespace xebec::codec
