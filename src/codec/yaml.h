// YAML <-> Value and typed objects as sigs.k8s.io/yaml does it: YAML becomes JSON first, with go-yaml v2's
// YAML 1.1 scalars (yes, on, 0o17, ...), and comes out in block style with sorted keys, folded at 80 columns.
// Stateless; safe from any thread. Parsing is libfyaml's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/descriptor.h"
#include "base/result.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::codec {

// The first document of the text; null when there is none. `strict_errors`, when given, gets duplicate keys
// (`yaml: unmarshal errors:\n  line 3: key "a" already set in map`).
// Errors: BadRequest `yaml: line 2: ...`; aliases that expand too far; cycles; depth.
Result<Value> parse_yaml(std::string_view text, std::vector<std::string>* strict_errors = nullptr);
// All documents of a stream.
Result<std::vector<Value>> parse_yaml_stream(std::string_view text);
// Splits at lines of `---`, as clients do before they decode one document at a time.
std::vector<std::string_view> split_yaml(std::string_view text);

// As decode_json, from YAML or JSON.
Result<DecodeResult> decode_yaml(const api::Message& type, std::string_view text, void* object,
                                 Strictness strictness = Strictness::Ignore);
Result<TypeMeta> interpret_yaml(std::string_view text);

std::string encode_yaml(const Value& value);
std::string encode_yaml(const api::Message& type, const void* object, std::string_view api_version,
                        std::string_view kind);

}  // namespace xebec::codec
