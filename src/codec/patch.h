// The three patch formats of the API, applied to trees as the API server does: current object -> Value ->
// patch -> object. Error texts and their status codes are upstream's (evanphx/json-patch, apimachinery's
// strategicpatch).
#pragma once

#include <string_view>
#include <vector>

#include "api/descriptor.h"
#include "base/result.h"
#include "codec/value.h"

namespace xebec::codec {

// JSON Patch (RFC 6902). On an error the document is left half-patched: work on a copy.
// Malformed patch: BadRequest; an operation that does not apply: 422; more than 10000 operations: 413.
// `strict_errors`, when given, gets duplicate fields of the patch (`json patch duplicate field ...`).
Result<void> apply_json_patch(std::string_view patch, Value& document,
                              std::vector<std::string>* strict_errors = nullptr);

// JSON merge patch (RFC 7386).
Result<void> apply_merge_patch(std::string_view patch, Value& document,
                               std::vector<std::string>* strict_errors = nullptr);
void merge_patch(const Value& patch, Value& document);

// Strategic merge patch of a kind, with patch strategies and merge keys from its table.
Result<void> apply_strategic_merge_patch(const api::Message& type, std::string_view patch, Value& document,
                                         std::vector<std::string>* strict_errors = nullptr);
Result<void> strategic_merge(const api::Message& type, Value patch, Value& document);

// The JSON merge patch that turns `from` into `to` (evanphx CreateMergePatch); an empty map when they are
// equal.
Value create_merge_patch(const Value& from, const Value& to);

}  // namespace xebec::codec
