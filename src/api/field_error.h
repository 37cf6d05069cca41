// Validation errors with the path of the field they are about
// (k8s.io/apimachinery/pkg/util/validation/field). Their texts are part of the API: people and tools match on
// them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace xebec::field {

// A path such as spec.containers[0].ports[1].name or metadata.labels[app]. A cheap value.
class Path {
 public:
  Path() = default;
  explicit Path(std::string_view name) : text_(name) {}
  Path child(std::string_view name) const;
  Path index(size_t i) const;
  Path key(std::string_view key) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

enum class ErrorType {
  kRequired,
  kInvalid,
  kNotSupported,
  kDuplicate,
  kForbidden,
  kTooLong,
  kTooMany,
  kNotFound,
  kTypeInvalid,
  kInternal
};

struct Error {
  ErrorType type;
  std::string field;
  std::string body;  // text after "<field>: ", as upstream's ErrorBody

  StatusCause cause() const;
};

using Errors = std::vector<Error>;

// `rendered_value` is rendered by the caller as upstream prints it: quote() for strings, digits for numbers,
// JSON for structs; plain `value` strings are quoted here.
std::string quote(std::string_view text);  // Go's %q

Error required(const Path& path, std::string_view detail = {});
Error invalid(const Path& path, std::string_view rendered_value, std::string_view detail);
Error invalid_string(const Path& path, std::string_view value, std::string_view detail);
Error invalid_int(const Path& path, int64_t value, std::string_view detail);
// Supported values are listed in the order given (callers sort, as upstream does).
Error not_supported(const Path& path, std::string_view value, std::span<const std::string_view> supported);
Error duplicate(const Path& path, std::string_view value);
Error forbidden(const Path& path, std::string_view detail);
Error too_long(const Path& path, int64_t max_length);
Error too_many(const Path& path, int64_t actual, int64_t max);
Error not_found(const Path& path, std::string_view value);
Error type_invalid(const Path& path, std::string_view rendered_value, std::string_view detail);
Error internal(const Path& path, std::string_view detail);

void append(Errors& to, Errors from);
std::vector<StatusCause> causes(const Errors& errors);

}  // namespace xebec::field

extern template class std::vector<xebec::field::Error>;  // compiled once, in field_error.cc
