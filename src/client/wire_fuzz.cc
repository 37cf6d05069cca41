// What an API server may answer: the frames of watches, objects and Status in either form.
#include "client/wire.h"

#include "api/gen/corev1.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::client {

XEBEC_FUZZ(wire) {
  fuzz::Pieces pieces(input);
  const bool protobuf = pieces.byte() % 2 != 0;
  const std::string_view bytes = pieces.rest();
  const std::string_view content_type = protobuf ? wire::kProtobuf : wire::kJson;
  const api::Message& type = api::type_of<corev1::Pod>();
  if (auto object = wire::decode(type, content_type, bytes)) {
    const std::string once = wire::encode(type, object->data(), {"", "v1"}, !protobuf);
    auto again = wire::decode(type, content_type, once);
    FUZZ_CHECK(again && wire::encode(type, again->data(), {"", "v1"}, !protobuf) == once);
  }
  (void)wire::decode_status(content_type, bytes);
  std::string_view rest = bytes;
  while (auto frame = wire::next_frame(rest, protobuf)) {
    FUZZ_CHECK(frame->data() >= bytes.data() && frame->data() + frame->size() <= bytes.data() + bytes.size());
    (void)wire::decode_event(type, *frame, protobuf);
  }
}

}  // namespace xebec::client
