#include "apiserver/schema/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apiserver/schema/formats.h"
#include "apiserver/schema/go_regexp.h"
#include "codec/json.h"
#include "codec/json_text.h"

namespace xebec::apiserver::schema {
namespace {

using codec::Value;
using field::Error;
using field::Errors;
using field::Path;

// Errors with the text that tells them apart, and how many checks a value passed: of several schemas the
// errors of the one that fits best are shown.
struct Outcome {
  struct One {
    std::string text;
    Error error;
  };
  std::vector<One> errors;
  int matches = 0;

  bool ok() const { return errors.empty(); }
  void add(std::string text, Error error) {
    const bool known =
        std::any_of(errors.begin(), errors.end(), [&](const One& one) { return one.text == text; });
    if (!known) errors.push_back({std::move(text), std::move(error)});
  }
  void merge(const Outcome& other) {
    for (const One& one : other.errors) add(one.text, one.error);
    matches += other.matches;
  }
};

std::string_view type_of(const Value& value) {
  switch (value.type()) {
    case Value::Type::Null:
      return "null";
    case Value::Type::Bool:
      return "boolean";
    case Value::Type::Int:
      return "integer";
    case Value::Type::Double:
      return "number";
    case Value::Type::String:
      return "string";
    case Value::Type::List:
      return "array";
    case Value::Type::Map:
      return "object";
  }
  return "";
}

std::string types_text(const Schema& schema) {
  return schema.xKubernetesIntOrString ? "integer,string" : schema.type;
}

bool has_type(const Schema& schema, std::string_view type) {
  if (schema.xKubernetesIntOrString) return type == "integer" || type == "string";
  return schema.type == type;
}

bool is_whole(double value) { return std::isfinite(value) && std::trunc(value) == value; }

// Go's conversion, but for what is out of range there too.
int64_t whole(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value > -kLimit)) return std::numeric_limits<int64_t>::min();
  return value < kLimit ? static_cast<int64_t>(value) : std::numeric_limits<int64_t>::max();
}

int64_t runes(std::string_view text) {
  int64_t n = 0;
  for (const char *p = text.data(), *end = p + text.size(); p < end; ++n)
    p += std::max(1, codec::utf8_length(p, end));
  return n;
}

bool equals(const Value& value, const Value& allowed) {
  if (value.is_number() && allowed.is_number()) {
    return allowed.is_int()
               ? (value.is_int() ? *value.as_int() : whole(*value.as_double())) == *allowed.as_int()
               : value.number_or(0) == *allowed.as_double();
  }
  return !allowed.is_null() && value == allowed;
}

class Validator {
 public:
  explicit Validator(const Path& root) : root_(root) {}

  Outcome validate(const std::string& name, const Value& value, const Schema& schema) const {
    Outcome out;
    const auto run = [&](bool applies, Outcome part) {
      if (!applies) return;
      out.merge(part);
      ++out.matches;
    };
    if (value.is_null()) {
      out.merge(type(name, value, schema));
      out.merge(enumeration(name, value, schema));
      return out;
    }
    run(!types_text(schema).empty() || !schema.format.empty(), type(name, value, schema));
    run(true, quantifiers(name, value, schema));
    if (const std::string* text = value.as_string()) {
      run(true, string(name, *text, schema));
      run(!schema.format.empty(), format(name, *text, schema));
    }
    if (value.is_number()) run(true, number(name, value, schema));
    if (const codec::ValueList* list = value.as_list()) run(true, array(name, *list, schema));
    run(true, enumeration(name, value, schema));
    if (const codec::ValueMap* map = value.as_map()) run(true, object(name, *map, schema));
    ++out.matches;
    return out;
  }

 private:
  Path at(std::string_view name) const {
    if (name.empty() || name == ".") return root_;
    if (name.starts_with('.')) name.remove_prefix(1);
    return root_.child(name);
  }

  void refuse(Outcome& out, const std::string& name, std::string_view value, std::string_view what) const {
    const std::string text = fmt::format("{} in body {}", name, what);
    out.add(text, field::invalid(at(name), value, text));
  }
  void refuse_type(Outcome& out, const std::string& name, std::string_view wanted,
                   std::string_view found) const {
    const std::string text =
        fmt::format("{} in body must be of type {}: {}", name, wanted, field::quote(found));
    out.add(text, field::type_invalid(at(name), field::quote(found), text));
  }
  // About the value as a whole, wherever it stands.
  void refuse_all(Outcome& out, const std::string& text) const {
    out.add(text, field::invalid_string(root_, "", text));
  }

  Outcome type(const std::string& name, const Value& value, const Schema& schema) const {
    Outcome out;
    const std::string_view found = type_of(value);
    const bool typed = !types_text(schema).empty();
    if (value.is_null()) {
      if (typed && !schema.nullable) refuse_type(out, name, types_text(schema), found);
      out.matches += out.ok();
      return out;
    }
    const bool whole_number =
        value.is_double() && is_whole(*value.as_double()) && has_type(schema, "integer");
    const bool fits =
        has_type(schema, found) || whole_number || (value.is_int() && has_type(schema, "number"));
    const bool textual = value.is_string() || value.is_list();
    if (!schema.format.empty() && !textual && !fits) {
      const std::string_view native = value.is_int() ? "int64" : value.is_double() ? "float64" : "";
      if (native != schema.format) {
        refuse_type(out, name, schema.format, native);
        return out;
      }
    }
    const bool by_format =
        !schema.format.empty() && textual && !has_type(schema, "number") && !has_type(schema, "integer");
    if (!by_format && !fits) {
      refuse_type(out, name, types_text(schema), found);
      return out;
    }
    ++out.matches;
    return out;
  }

  Outcome quantifiers(const std::string& name, const Value& value, const Schema& schema) const {
    Outcome out;
    any_of(out, name, value, schema.anyOf);
    one_of(out, name, value, schema.oneOf);
    size_t good = 0;
    for (const Schema& one : schema.allOf) {
      const Outcome part = validate(name, value, one);
      good += part.ok();
      out.merge(part);
    }
    if (good != schema.allOf.size()) {
      refuse_all(out, fmt::format("{} must validate all the schemas (allOf){}", field::quote(name),
                                  good == 0 ? ". None validated" : ""));
    }
    if (schema.not_ && validate(name, value, *schema.not_).ok())
      refuse_all(out, fmt::format("{} must not validate the schema (not)", field::quote(name)));
    ++out.matches;
    return out;
  }

  static void keep_best(std::optional<Outcome>& best, Outcome part) {
    if (!best || part.matches > best->matches) best = std::move(part);
  }

  void any_of(Outcome& out, const std::string& name, const Value& value,
              const std::vector<Schema>& schemas) const {
    std::optional<Outcome> best;
    for (const Schema& one : schemas) {
      Outcome part = validate(name, value, one);
      if (part.ok()) return out.merge(part);
      keep_best(best, std::move(part));
    }
    if (!best) return;
    refuse_all(out, fmt::format("{} must validate at least one schema (anyOf)", field::quote(name)));
    out.merge(*best);
  }

  void one_of(Outcome& out, const std::string& name, const Value& value,
              const std::vector<Schema>& schemas) const {
    if (schemas.empty()) return;
    std::optional<Outcome> best, first;
    size_t good = 0;
    for (const Schema& one : schemas) {
      Outcome part = validate(name, value, one);
      if (!part.ok()) {
        if (good == 0) keep_best(best, std::move(part));
      } else if (++good == 1) {
        first = std::move(part);
      }
    }
    if (good == 1) return out.merge(*first);
    refuse_all(out, fmt::format("{} must validate one and only one schema (oneOf). {}", field::quote(name),
                                good == 0 ? std::string("Found none valid")
                                          : fmt::format("Found {} valid alternatives", good)));
    if (good == 0) out.merge(*best);
  }

  // Only the first of these is said.
  Outcome string(const std::string& name, const std::string& text, const Schema& schema) const {
    Outcome out;
    const int64_t length = schema.maxLength || schema.minLength ? runes(text) : 0;
    if (schema.maxLength && length > *schema.maxLength) {
      out.add(fmt::format("{} in body should be at most {} chars long", name, *schema.maxLength),
              field::too_long(at(name), *schema.maxLength));
    } else if (schema.minLength && length < *schema.minLength) {
      refuse(out, name, field::quote(text),
             fmt::format("should be at least {} chars long", *schema.minLength));
    } else if (!schema.pattern.empty() && !GoRegexp(schema.pattern).matches(text)) {
      refuse(out, name, field::quote(text), fmt::format("should match '{}'", schema.pattern));
    }
    return out;
  }

  Outcome format(const std::string& name, const std::string& text, const Schema& schema) const {
    Outcome out;
    if (!has_format(schema.format, text)) refuse_type(out, name, schema.format, text);
    return out;
  }

  Outcome number(const std::string& name, const Value& value, const Schema& schema) const {
    Outcome out;
    const auto limit = [&](double of) {  // that of an integer is one
      return value.is_int() ? std::to_string(whole(of)) : codec::go_float_g(of);
    };
    // <0, 0, >0
    const auto compare = [&](double with) {
      if (!value.is_int()) return *value.as_double() < with ? -1 : *value.as_double() > with ? 1 : 0;
      const int64_t other = whole(with);
      return *value.as_int() < other ? -1 : *value.as_int() > other ? 1 : 0;
    };
    if (schema.multipleOf && !is_multiple(value, *schema.multipleOf))
      refuse(out, name, shown(value), fmt::format("should be a multiple of {}", limit(*schema.multipleOf)));
    if (schema.minimum) {
      const int sign = compare(*schema.minimum);
      if (sign < 0 || (sign == 0 && schema.exclusiveMinimum)) {
        refuse(out, name, shown(value),
               fmt::format("should be greater than {}{}", schema.exclusiveMinimum ? "" : "or equal to ",
                           limit(*schema.minimum)));
      }
    }
    if (schema.maximum) {
      const int sign = compare(*schema.maximum);
      if (sign > 0 || (sign == 0 && schema.exclusiveMaximum)) {
        refuse(out, name, shown(value),
               fmt::format("should be less than {}{}", schema.exclusiveMaximum ? "" : "or equal to ",
                           limit(*schema.maximum)));
      }
    }
    ++out.matches;
    return out;
  }

  static bool is_multiple(const Value& value, double factor) {
    if (value.is_int() && whole(factor) != 0)
      return whole(factor) == -1 || *value.as_int() % whole(factor) == 0;
    const double number = value.number_or(0);
    return is_whole(factor < 1 ? 1 / factor * number : number / factor);
  }

  Outcome array(const std::string& name, const codec::ValueList& list, const Schema& schema) const {
    Outcome out;
    if (const Schema* items = items_of(schema))
      for (size_t i = 0; i < list.size(); ++i)
        out.merge(validate(fmt::format("{}[{}]", name, i), list[i], *items));
    const auto size = static_cast<int64_t>(list.size());
    if (schema.minItems && size < *schema.minItems) {
      refuse(out, name, std::to_string(size), fmt::format("should have at least {} items", *schema.minItems));
    }
    if (schema.maxItems && size > *schema.maxItems) {
      out.add(fmt::format("{} in body should have at most {} items", name, *schema.maxItems),
              field::too_many(at(name), size, *schema.maxItems));
    }
    ++out.matches;
    return out;
  }

  Outcome enumeration(const std::string& name, const Value& value, const Schema& schema) const {
    Outcome out;
    if (schema.enum_.empty()) return out;
    std::string supported;
    for (const api::Json& raw : schema.enum_) {
      const Result<Value> allowed = codec::parse_json(raw.raw.empty() ? "null" : raw.raw);
      if (!allowed) continue;
      if (equals(value, *allowed)) return out;
      supported += supported.empty() ? "" : ", ";
      supported += field::quote(allowed->is_string() ? *allowed->as_string() : codec::to_json(*allowed));
    }
    const std::string body =
        fmt::format("Unsupported value: {}: supported values: {}", shown(value), supported);
    out.add(fmt::format("{} in body should be one of [{}]", name, supported),
            {field::ErrorType::kNotSupported, at(name).text(), body});
    return out;
  }

  Outcome object(const std::string& name, const codec::ValueMap& map, const Schema& schema) const {
    Outcome out;
    const auto size = static_cast<int64_t>(map.size());
    if (schema.minProperties && size < *schema.minProperties) {
      refuse(out, name, std::to_string(size),
             fmt::format("should have at least {} properties", *schema.minProperties));
      return out;
    }
    if (schema.maxProperties && size > *schema.maxProperties) {
      out.add(fmt::format("{} in body should have at most {} properties", name, *schema.maxProperties),
              field::too_many(at(name), size, *schema.maxProperties));
      return out;
    }
    const Schema* values = values_of(schema);
    const bool closed = schema.additionalProperties && !schema.additionalProperties->allows && !values;
    for (const auto& [key, value] : map) {
      if (schema.properties.get(key) != nullptr) continue;
      if (closed) {
        const std::string text = fmt::format("{}.{} in body is a forbidden property", name, key);
        out.add(text, field::invalid_string(at(name), key, text));
      } else if (values != nullptr) {
        out.merge(validate(fmt::format("{}.{}", name, key), value, *values));
      }
    }
    for (const auto& [key, property] : schema.properties)
      if (const Value* value = map.find(key))
        out.merge(validate(name.empty() ? key : fmt::format("{}.{}", name, key), *value, property));
    for (const std::string& key : schema.required) {
      if (map.contains(key)) continue;
      const std::string missing = fmt::format("{}.{}", name, key);
      out.add(fmt::format("{} in body is required", missing), field::required(at(missing)));
    }
    return out;
  }

  const Path& root_;
};

}  // namespace

const Schema* items_of(const Schema& schema) {
  return schema.items && schema.items->schema ? &*schema.items->schema : nullptr;
}

const Schema* values_of(const Schema& schema) {
  const auto& more = schema.additionalProperties;
  return more && more->schema ? &*more->schema : nullptr;
}

bool keeps_unknown(const Schema& schema) { return schema.xKubernetesPreserveUnknownFields.value_or(false); }

std::string shown(const Value& value) {
  if (const std::string* text = value.as_string()) return field::quote(*text);
  if (const double* number = value.as_double()) return codec::go_float_g(*number);
  return codec::to_json(value);
}

Errors validate_value(const Path& path, const Value& value, const Schema& schema) {
  Errors out;
  for (auto& one : Validator(path).validate("", value, schema).errors) out.push_back(std::move(one.error));
  return out;
}

}  // namespace xebec::apiserver::schema
