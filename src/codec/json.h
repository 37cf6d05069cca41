// JSON <-> typed objects (over the field tables) and Value, with the bytes and the error words of upstream's
// sigs.k8s.io/json decoder and encoding/json encoder. Stateless; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/descriptor.h"
#include "api/object.h"
#include "base/result.h"
#include "codec/value.h"

namespace xebec::codec {

// What to do about unknown and duplicate fields: fieldValidation=Ignore|Warn|Strict.
enum class Strictness : uint8_t { Ignore, Warn, Strict };

struct DecodeResult {
  // As the text says; empty when absent. Nobody has checked them.
  std::string api_version;
  std::string kind;
  // `unknown field "spec.foo"`, `duplicate field "spec.foo"`: at most 100; empty with Strictness::Ignore.
  std::vector<std::string> strict_errors;
};

// Decodes into `object`, a value of `type` (zero, or one whose fields the text then overrides).
// Errors are BadRequest with Go's message, e.g. `json: cannot unmarshal string into Go struct field
// DeploymentSpec.spec.replicas of type int32`; with Strictness::Strict also `strict decoding error: ...`.
// The caller adds what upstream puts before it (decode_error).
Result<DecodeResult> decode_json(const api::Message& type, std::string_view text, void* object,
                                 Strictness strictness = Strictness::Ignore);
Result<api::Object> decode_json(const api::Message& type, std::string_view text);

struct TypeMeta {
  std::string api_version;
  std::string kind;
};
// kind and apiVersion of a text. Error: `couldn't get version/kind; json parse error: ...`.
Result<TypeMeta> interpret_json(std::string_view text);

// One value of any type. `strict_errors`, when given, gets the duplicates.
Result<Value> parse_json(std::string_view text, std::vector<std::string>* strict_errors = nullptr);

// `strict decoding error: a, b`.
std::string strict_message(const std::vector<std::string>& errors);
// BadRequest as the API server words a body that cannot be decoded (transformDecodeError): `Pod in version
// "v1" cannot be handled as a Pod: ...`; without a kind: `the object provided is unrecognized (must be of
// type Pod): ...`.
Status decode_error(const Status& cause, const api::GroupVersionKind& gvk, std::string_view expected_kind,
                    std::string_view body);

// Appends the object without a trailing newline; kind and apiVersion come first, left out where empty.
void append_json(const api::Message& type, const void* object, std::string_view api_version,
                 std::string_view kind, std::string& out);
// The value's members in ascending order of keys, as Go writes maps.
void append_json(const Value& value, std::string& out);
// One value of a field kind, e.g. a Quantity as a quoted string.
void append_json_scalar(api::Kind kind, const void* value, std::string& out);

// As upstream's serializer ends a document: compact with a newline, or pretty without.
std::string encode_json(const api::Message& type, const void* object, std::string_view api_version,
                        std::string_view kind, bool pretty = false);
// apiVersion and kind of the type's first GVK.
std::string encode_json(const api::Object& object, bool pretty = false);
std::string encode_json(const Value& value, bool pretty = false);
// Without the newline.
std::string to_json(const Value& value);

}  // namespace xebec::codec
