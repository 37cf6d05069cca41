// Any bytes decode or fail cleanly, and what decodes encodes to a fixed point, which transcodes to the
// object's JSON.
#include "codec/protobuf.h"

#include "api/scheme.h"
#include "codec/json.h"
#include "codec/transcode.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::codec {

XEBEC_FUZZ(protobuf) {
  static const api::Scheme scheme = api::Scheme::builtin();
  static const Transcoder transcoder(scheme);
  Result<api::Object> object = decode_protobuf_envelope(scheme, input);
  if (!object) return;
  const std::string once = encode_protobuf_envelope(*object);
  Result<api::Object> again = decode_protobuf_envelope(scheme, once);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(encode_protobuf_envelope(*again) == once);

  // The bytes as they came, whatever their order, give the same JSON as the way over the object.
  Result<ProtobufEnvelope> envelope = unwrap_protobuf(input);
  FUZZ_CHECK(envelope.has_value());
  const api::Message& type = object->type();
  const Transcoder::Names names{envelope->api_version, envelope->kind, {}};
  std::string transcoded, encoded;
  if (transcoder.append(type, envelope->raw, names, transcoded)) {
    append_json(type, object->data(), envelope->api_version, envelope->kind, encoded);
    FUZZ_CHECK(transcoded == encoded);
  }
}

}  // namespace xebec::codec
