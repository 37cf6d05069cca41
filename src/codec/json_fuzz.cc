// Any bytes parse or fail cleanly, into trees and typed objects, and what parses writes to a fixed point.
#include "codec/json.h"

#include "api/gen/corev1.h"
#include "codec/json_text.h"
#include "codec/view.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::codec {

XEBEC_FUZZ(json) {
  std::vector<std::string> duplicates;
  Result<Value> value = parse_json(input, &duplicates);
  if (value) {
    FUZZ_CHECK(check_json(input).empty());
    const std::string once = to_json(*value);
    Result<Value> again = parse_json(once);
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(to_json(*again) == once);
    (void)go_format(*value);
    (void)encode_json(*value, true);
  }
  (void)interpret_json(input);

  const api::Message& type = api::type_of<corev1::Pod>();
  corev1::Pod pod;
  if (!decode_json(type, input, &pod, Strictness::Warn)) return;
  const std::string once = encode_json(api::Object::of(pod));
  corev1::Pod copy;
  FUZZ_CHECK(decode_json(type, once, &copy, Strictness::Strict).has_value());
  FUZZ_CHECK(encode_json(api::Object::of(copy)) == once);
  // The tree of an object is its JSON.
  Result<Value> tree = parse_json(once);
  FUZZ_CHECK(tree && equal_numeric(to_value(type, &copy, "v1", "Pod"), *tree));
}

}  // namespace xebec::codec
