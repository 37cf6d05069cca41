// CBOR (RFC 8949) <-> typed objects (over the field tables) and Value, by the rules of upstream's serializer
// (KEP-4222, k8s.io/apimachinery/pkg/runtime/serializer/cbor) and with its error words:
// - strings are byte strings, taken as text strings too; bytes are byte strings with tag 22, and base64
// without;
// - times, quantities and durations are strings; integers and floats stay apart; null is what JSON's null is;
// - a key that comes twice is an error whatever the strictness; an unknown field is told by its index alone;
// - indefinite lengths are read, never written; NaN, infinities, bignums and other simple values are refused.
// Stateless; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "base/result.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::codec {

// The head of the tag that every document begins with (self-described CBOR, RFC 8949, 3.4.6).
inline constexpr std::string_view kCborMagic = "\xd9\xd9\xf7";

// Appends the object as one data item without the magic; kind and apiVersion come first, left out where
// empty.
void append_cbor(const api::Message& type, const void* object, std::string_view api_version,
                 std::string_view kind, std::string& out);
// Members are in upstream's deterministic order.
void append_cbor(const Value& value, std::string& out);

// With the magic.
std::string encode_cbor(const api::Message& type, const void* object, std::string_view api_version,
                        std::string_view kind);
std::string encode_cbor(const Value& value);

// As decode_json: fills `object`; errors are BadRequest.
Result<DecodeResult> decode_cbor(const api::Message& type, std::string_view bytes, void* object,
                                 Strictness strictness = Strictness::Ignore);
// kind and apiVersion alone. Error: `unable to determine group/version/kind: ...`.
Result<TypeMeta> interpret_cbor(std::string_view bytes);
// One data item of any kind, with or without the magic.
Result<Value> parse_cbor(std::string_view bytes);

}  // namespace xebec::codec
