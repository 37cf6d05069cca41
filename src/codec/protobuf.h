// Kubernetes' protobuf, over the tables of api/descriptor.h: byte for byte what upstream's generated
// marshalers write (fields ascending, plain values written even when zero, map keys ascending), and a
// tolerant reader (any field order, unknown fields skipped, packed or unpacked numbers). Pure functions, safe
// from any thread. Readers accept arbitrary bytes; nesting is bounded by kMaxProtobufDepth.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
#pragma once

#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "api/gvk.h"
#include "api/object.h"
#include "base/result.h"

namespace xebec::api {
class Scheme;
}

namespace xebec::codec {

inline constexpr int kMaxProtobufDepth = 256;
inline constexpr std::string_view kProtobufMagic{"k8s\0", 4};

// The plain message, without envelope. Precondition: the type has a protobuf form (!type.json_only).
std::string encode_protobuf(const api::Message& type, const void* object);
// Reads a plain message over a zero value (like protobuf, a second reading would merge). On error the object
// is valid but its content unspecified.
Result<void> decode_protobuf(const api::Message& type, std::string_view bytes, void* object);

// runtime.Unknown: what stands between the magic and the message in storage and on the wire. Views into the
// input.
struct ProtobufEnvelope {
  std::string_view api_version;
  std::string_view kind;
  std::string_view raw;
  std::string_view content_encoding;
  std::string_view content_type;
};

inline bool is_protobuf(std::string_view bytes) { return bytes.starts_with(kProtobufMagic); }
// `k8s\0` + Unknown around an encoded message.
std::string wrap_protobuf(std::string_view api_version, std::string_view kind, std::string_view raw);
Result<ProtobufEnvelope> unwrap_protobuf(std::string_view bytes);

// The object in its envelope, in one pass. The GVK is the type's first unless one is given.
std::string encode_protobuf_envelope(const api::Object& object);
std::string encode_protobuf_envelope(const api::GroupVersionKind& gvk, const api::Message& type,
                                     const void* object);
// The object an envelope holds; BadRequest for bytes that are none, or a kind the scheme does not know.
Result<api::Object> decode_protobuf_envelope(const api::Scheme& scheme, std::string_view bytes);
// The same for a caller that knows the type; the envelope's names are not looked at.
Result<api::Object> decode_protobuf_envelope(const api::Message& type, std::string_view bytes);

// Size of a base-128 varint, for those who splice encoded messages.
std::size_t varint_size(uint64_t value);
void append_varint(std::string& out, uint64_t value);

}  // namespace xebec::codec
