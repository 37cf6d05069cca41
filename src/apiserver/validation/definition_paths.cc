// Paths to a field of a schema, such as `.spec['a'].b` (ValidFieldPath of
// k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel).
#include "apiserver/validation/definitions.h"

namespace xebec::apiserver::validation {
namespace {

using Schema = apiextensionsv1::JSONSchemaProps;

class PathReader {
 public:
  PathReader(const Schema& schema, std::string_view path, bool brackets)
      : rest_(path), brackets_(brackets), schema_(&schema) {}

  FieldOfPath read() {
    FieldOfPath out;
    while (!rest_.empty()) {
      out.error = step();
      if (!out.error.empty()) return out;
      if (out.root.empty()) out.root = name_;
    }
    out.schema = schema_;
    return out;
  }

 private:
  static constexpr std::string_view kEnd = "unexpected end of JSON path";

  // A delimiter, a quoted text, or what is before the next delimiter; empty at the end.
  std::string_view next() {
    size_t size = 1;
    if (rest_.starts_with('\'')) {
      while (size < rest_.size() && (rest_[size] != '\'' || rest_[size - 1] == '\\')) ++size;
      size = std::min(size + 1, rest_.size());
    } else if (std::string_view(".[]").find(rest_.substr(0, 1)) == std::string_view::npos) {
      size = std::min(rest_.find_first_of(".[]"), rest_.size());
    }
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(token.size());
    return token;
  }

  // The message of what is wrong.
  std::string step() {
    const std::string_view token = next();
    if (token == "[") return brackets_ ? bracket() : "array notation is not allowed";
    if (token != ".") return "expected [ or . but got: " + std::string(token);
    if (rest_.empty()) return std::string(kEnd);
    return enter(std::string(next()));
  }
  std::string bracket() {
    if (rest_.empty()) return std::string(kEnd);
    const std::string_view quoted = next();
    if (quoted.size() < 2 || quoted.front() != '\'' || quoted.back() != '\'')
      return "expected single quoted string but got " + std::string(quoted);
    if (std::string error = enter(unescaped(quoted.substr(1, quoted.size() - 2))); !error.empty())
      return error;
    if (rest_.empty()) return std::string(kEnd);
    const std::string_view end = next();
    return end == "]" ? "" : "expected ] but got " + std::string(end);
  }
  static std::string unescaped(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      out += text[i];
    }
    return out;
  }
  std::string enter(std::string name) {
    name_ = std::move(name);
    const Schema* found = nullptr;
    bool valid = false;
    if (schema_ != nullptr && !schema_->properties.empty()) {
      found = schema_->properties.get(name_);
      valid = found != nullptr;
    } else if (schema_ != nullptr && schema_->additionalProperties) {
      const auto& values = schema_->additionalProperties->schema;
      found = values ? &*values : nullptr;
      valid = true;
    }
    schema_ = found;
    return valid ? "" : "does not refer to a valid field";
  }

  std::string_view rest_;
  bool brackets_;
  const Schema* schema_;
  std::string name_;
};

}  // namespace

FieldOfPath field_of(const Schema& schema, std::string_view path, bool brackets) {
  return PathReader(schema, path, brackets).read();
}

}  // namespace xebec::apiserver::validation
