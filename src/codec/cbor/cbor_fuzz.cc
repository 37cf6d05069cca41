// Any bytes parse or fail cleanly, into trees and typed objects, and what parses writes to a fixed point.
#include "codec/cbor/cbor.h"

#include "api/gen/corev1.h"
#include "codec/cbor/reader.h"
#include "codec/view.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::codec {

XEBEC_FUZZ(cbor) {
  Result<Value> value = parse_cbor(input);
  if (value) {
    FUZZ_CHECK(check_cbor(input).empty());
    const std::string once = encode_cbor(*value);
    Result<Value> again = parse_cbor(once);
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(*again == *value);
    FUZZ_CHECK(encode_cbor(*again) == once);
  }
  (void)interpret_cbor(input);

  const api::Message& type = api::type_of<corev1::Pod>();
  corev1::Pod pod;
  if (!decode_cbor(type, input, &pod, Strictness::Warn)) return;
  const std::string once = encode_cbor(type, &pod, "v1", "Pod");
  corev1::Pod copy;
  FUZZ_CHECK(decode_cbor(type, once, &copy, Strictness::Strict).has_value());
  FUZZ_CHECK(encode_cbor(type, &copy, "v1", "Pod") == once);
}

}  // namespace xebec::codec
