#include "api/field_error.h"

#include "base/go_quote.h"

namespace xebec::field {
namespace {

std::string_view type_text(ErrorType type) {
  switch (type) {
    case ErrorType::kRequired:
      return "Required value";
    case ErrorType::kInvalid:
      return "Invalid value";
    case ErrorType::kNotSupported:
      return "Unsupported value";
    case ErrorType::kDuplicate:
      return "Duplicate value";
    case ErrorType::kForbidden:
      return "Forbidden";
    case ErrorType::kTooLong:
      return "Too long";
    case ErrorType::kTooMany:
      return "Too many";
    case ErrorType::kNotFound:
      return "Not found";
    case ErrorType::kTypeInvalid:
      return "Invalid value";
    case ErrorType::kInternal:
      return "Internal error";
  }
  return "";
}

std::string_view reason_text(ErrorType type) {
  switch (type) {
    case ErrorType::kRequired:
      return "FieldValueRequired";
    case ErrorType::kInvalid:
      return "FieldValueInvalid";
    case ErrorType::kNotSupported:
      return "FieldValueNotSupported";
    case ErrorType::kDuplicate:
      return "FieldValueDuplicate";
    case ErrorType::kForbidden:
      return "FieldValueForbidden";
    case ErrorType::kTooLong:
      return "FieldValueTooLong";
    case ErrorType::kTooMany:
      return "FieldValueTooMany";
    case ErrorType::kNotFound:
      return "FieldValueNotFound";
    case ErrorType::kTypeInvalid:
      return "FieldValueTypeInvalid";
    case ErrorType::kInternal:
      return "InternalError";
  }
  return "";
}

Error make(ErrorType type, const Path& path, std::string_view value, std::string_view detail) {
  std::string body(type_text(type));
  if (!value.empty()) body.append(": ").append(value);
  if (!detail.empty()) body.append(": ").append(detail);
  return {type, path.text(), std::move(body)};
}

}  // namespace

Path Path::child(std::string_view name) const {
  Path out = *this;
  if (!out.text_.empty()) out.text_ += '.';
  out.text_ += name;
  return out;
}

Path Path::index(size_t i) const {
  Path out = *this;
  out.text_.append("[").append(std::to_string(i)).append("]");
  return out;
}

Path Path::key(std::string_view key) const {
  Path out = *this;
  out.text_.append("[").append(key).append("]");
  return out;
}

StatusCause Error::cause() const { return {std::string(reason_text(type)), body, field}; }

std::string quote(std::string_view text) { return go_quote(text); }

Error required(const Path& path, std::string_view detail) {
  return make(ErrorType::kRequired, path, {}, detail);
}

Error invalid(const Path& path, std::string_view rendered_value, std::string_view detail) {
  return make(ErrorType::kInvalid, path, rendered_value, detail);
}

Error invalid_string(const Path& path, std::string_view value, std::string_view detail) {
  return make(ErrorType::kInvalid, path, quote(value), detail);
}

Error invalid_int(const Path& path, int64_t value, std::string_view detail) {
  return make(ErrorType::kInvalid, path, std::to_string(value), detail);
}

Error not_supported(const Path& path, std::string_view value, std::span<const std::string_view> supported) {
  std::string detail;
  for (std::string_view s : supported) {
    detail += detail.empty() ? "supported values: " : ", ";
    detail += quote(s);
  }
  return make(ErrorType::kNotSupported, path, quote(value), detail);
}

Error duplicate(const Path& path, std::string_view value) {
  return make(ErrorType::kDuplicate, path, quote(value), {});
}

Error forbidden(const Path& path, std::string_view detail) {
  return make(ErrorType::kForbidden, path, {}, detail);
}

Error too_long(const Path& path, int64_t max_length) {
  return make(
      ErrorType::kTooLong, path, {},
      max_length < 0 ? "value is too long" : "may not be more than " + std::to_string(max_length) + " bytes");
}

Error too_many(const Path& path, int64_t actual, int64_t max) {
  return make(ErrorType::kTooMany, path, actual < 0 ? "" : std::to_string(actual),
              max < 0 ? "has too many items"
                      : "must have at most " + std::to_string(max) + (max == 1 ? " item" : " items"));
}

Error not_found(const Path& path, std::string_view value) {
  return make(ErrorType::kNotFound, path, quote(value), {});
}

Error type_invalid(const Path& path, std::string_view rendered_value, std::string_view detail) {
  return make(ErrorType::kTypeInvalid, path, rendered_value, detail);
}

Error internal(const Path& path, std::string_view detail) {
  return make(ErrorType::kInternal, path, {}, detail);
}

void append(Errors& to, Errors from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::vector<StatusCause> causes(const Errors& errors) {
  std::vector<StatusCause> out;
  out.reserve(errors.size());
  for (const Error& e : errors) out.push_back(e.cause());
  return out;
}

}  // namespace xebec::field

template class std::vector<xebec::field::Error>;
