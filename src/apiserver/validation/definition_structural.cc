// Structural schemas (k8s.io/apiextensions-apiserver/pkg/apiserver/schema): what fields there are, and of
// which types, stands outside of the quantifiers (allOf, anyOf, oneOf, not), which only restrict values.
#include <algorithm>

#include "apiserver/schema/go_regexp.h"
#include "apiserver/validation/definitions.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

using Schema = v1::JSONSchemaProps;

enum class Level { kRoot, kField, kItem };

const Schema* schema_of(const api::Box<v1::JSONSchemaPropsOrArray>& items) {
  return items && items->schema ? &*items->schema : nullptr;
}

const Schema* schema_of(const api::Box<v1::JSONSchemaPropsOrBool>& more) {
  return more && more->schema ? &*more->schema : nullptr;
}

bool keeps_unknown(const Schema& schema) { return schema.xKubernetesPreserveUnknownFields.value_or(false); }

bool all_convertible(const std::vector<Schema>& schemas) {
  return std::all_of(schemas.begin(), schemas.end(), is_convertible);
}

// The one pattern of quantifiers that may name types.
bool is_int_or_string(const std::vector<Schema>& any_of) {
  Schema number, text;
  number.type = "integer";
  text.type = "string";
  return any_of.size() == 2 && any_of[0] == number && any_of[1] == text;
}

class Invariants {
 public:
  explicit Invariants(Errors& errors) : errors_(errors) {}

  void check(const Path& path, const Schema& schema, Level level) {
    const Schema* items = schema_of(schema.items);
    if (schema.type == "array" && items == nullptr) require(path.child("items"), "must be specified");
    if (items != nullptr) check(path.child("items"), *items, Level::kItem);
    for (const auto& [name, property] : schema.properties)
      check(path.child("properties").key(name), property, Level::kField);
    const Path more = path.child("additionalProperties");
    if (schema.additionalProperties && level == Level::kRoot) refuse(more, "must not be used at the root");
    if (const Schema* values = schema_of(schema.additionalProperties)) check(more, *values, Level::kField);
    check_extensions(path, schema);
    check_type(path, schema, level);
    check_quantifiers(path, schema, is_int_or_string(schema.anyOf),
                      !schema.allOf.empty() && is_int_or_string(schema.allOf[0].anyOf));
    check_object_fields(path, schema, level);
  }

 private:
  void require(const Path& path, std::string_view detail) {
    errors_.push_back(field::required(path, detail));
  }
  void refuse(const Path& path, std::string_view detail) {
    errors_.push_back(field::forbidden(path, detail));
  }

  void check_extensions(const Path& path, const Schema& schema) {
    if (!schema.xKubernetesIntOrString) return;
    constexpr std::string_view kText = "must be false if x-kubernetes-int-or-string is true";
    if (keeps_unknown(schema))
      errors_.push_back(field::invalid(path.child("x-kubernetes-preserve-unknown-fields"), "true", kText));
    if (schema.xKubernetesEmbeddedResource)
      errors_.push_back(field::invalid(path.child("x-kubernetes-embedded-resource"), "true", kText));
  }

  void check_type(const Path& path, const Schema& schema, Level level) {
    const Path type = path.child("type");
    const bool embedded = schema.xKubernetesEmbeddedResource;
    if (embedded && schema.type != "object") {
      constexpr std::string_view kText = "must be object if x-kubernetes-embedded-resource is true";
      errors_.push_back(schema.type.empty() ? field::required(type, kText)
                                            : field::invalid_string(type, schema.type, kText));
    } else if (schema.type.empty() && !schema.xKubernetesIntOrString && !keeps_unknown(schema)) {
      require(type, level == Level::kRoot   ? "must not be empty at the root"
                    : level == Level::kItem ? "must not be empty for specified array items"
                                            : "must not be empty for specified object fields");
    }
    if (embedded && schema.additionalProperties) {
      refuse(path.child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set");
    }
    if (level == Level::kRoot && !schema.type.empty() && schema.type != "object")
      errors_.push_back(field::invalid_string(type, schema.type, "must be object at the root"));
  }

  // What every object has is as it is.
  void check_object_fields(const Path& path, const Schema& schema, Level level) {
    const Path properties = path.child("properties");
    const bool object = level == Level::kRoot || schema.xKubernetesEmbeddedResource;
    const auto check_one = [&](std::string_view name, std::string_view type, std::string_view detail) {
      const Schema* property = schema.properties.get(name);
      if (object && property != nullptr && property->type != type)
        errors_.push_back(field::invalid_string(properties.key(name).child("type"), property->type, detail));
    };
    check_one("kind", "string", "must be string");
    check_one("apiVersion", "string", "must be string");
    check_one("metadata", "object", "must be object");
    const Schema* metadata = schema.properties.get("metadata");
    if (level == Level::kRoot && metadata != nullptr && !only_restricts_names(*metadata)) {
      refuse(properties.key("metadata"),
             "must not specify anything other than name and generateName, but metadata is implicitly "
             "specified");
    }
    if (schema.xKubernetesEmbeddedResource && !keeps_unknown(schema) && schema.properties.empty()) {
      require(properties,
              "must not be empty if x-kubernetes-embedded-resource is true without "
              "x-kubernetes-preserve-unknown-fields");
    }
  }

  static bool only_restricts_names(Schema metadata) {
    const size_t names = (metadata.properties.get("name") != nullptr ? 1 : 0) +
                         (metadata.properties.get("generateName") != nullptr ? 1 : 0);
    if (metadata.properties.size() == names) metadata.properties = {};
    metadata.type.clear();
    metadata.default_.reset();
    return metadata == Schema();
  }

  void check_quantifiers(const Path& path, const Schema& schema, bool skip_any_of, bool skip_first_any_of) {
    for (size_t i = 0; i < schema.anyOf.size() && !skip_any_of; ++i)
      check_nested(path.child("anyOf").index(i), schema.anyOf[i], false);
    for (size_t i = 0; i < schema.allOf.size(); ++i)
      check_nested(path.child("allOf").index(i), schema.allOf[i], skip_first_any_of && i == 0);
    for (size_t i = 0; i < schema.oneOf.size(); ++i)
      check_nested(path.child("oneOf").index(i), schema.oneOf[i], false);
    if (schema.not_) check_nested(path.child("not"), *schema.not_, false);
    if (schema.pattern.empty()) return;
    if (const apiserver::schema::GoRegexp pattern(schema.pattern); !pattern.error().empty()) {
      errors_.push_back(
          field::invalid_string(path.child("pattern"), schema.pattern,
                                "must be a valid regular expression, but isn't: " + pattern.error()));
    }
  }

  // Under a quantifier.
  void check_nested(const Path& path, const Schema& schema, bool skip_any_of) {
    check_quantifiers(path, schema, skip_any_of, false);
    if (const Schema* items = schema_of(schema.items)) check_nested(path.child("items"), *items, false);
    for (const auto& [name, property] : schema.properties)
      check_nested(path.child("properties").key(name), property, false);
    const auto none = [&](bool there, std::string_view key, std::string_view detail) {
      if (there) refuse(path.child(key), detail);
    };
    constexpr std::string_view kEmpty = "must be empty to be structural",
                               kFalse = "must be false to be structural",
                               kUndefined = "must be undefined to be structural";
    none(!schema.type.empty(), "type", kEmpty);
    none(bool(schema.additionalProperties), "additionalProperties", kUndefined);
    none(schema.default_.has_value(), "default", kUndefined);
    none(!schema.title.empty(), "title", kEmpty);
    none(!schema.description.empty(), "description", kEmpty);
    none(schema.nullable, "nullable", kFalse);
    none(keeps_unknown(schema), "x-kubernetes-preserve-unknown-fields", kFalse);
    none(schema.xKubernetesEmbeddedResource, "x-kubernetes-embedded-resource", kFalse);
    none(schema.xKubernetesIntOrString, "x-kubernetes-int-or-string", kFalse);
    none(!schema.xKubernetesListMapKeys.empty(), "x-kubernetes-list-map-keys", kEmpty);
    none(schema.xKubernetesListType.has_value(), "x-kubernetes-list-type", kUndefined);
    none(schema.xKubernetesMapType.has_value(), "x-kubernetes-map-type", kUndefined);
    none(!schema.xKubernetesValidations.empty(), "x-kubernetes-validations", kEmpty);
    if (schema.properties.get("metadata") != nullptr)
      refuse(path.child("properties").key("metadata"), "must not be specified in a nested context");
  }

  Errors& errors_;
};

// What the quantifiers of a schema speak of is there outside of them.
class Completeness {
 public:
  explicit Completeness(Errors& errors) : errors_(errors) {}

  void check_quantifiers(const Path& path, const Schema& schema, const Path& where,
                         const Schema& quantified) {
    if (quantified.not_) check_nested(path, schema, where.child("not"), *quantified.not_);
    check_all(path, schema, where.child("allOf"), quantified.allOf);
    check_all(path, schema, where.child("anyOf"), quantified.anyOf);
    check_all(path, schema, where.child("oneOf"), quantified.oneOf);
  }

 private:
  void check_all(const Path& path, const Schema& schema, const Path& where, const std::vector<Schema>& all) {
    for (size_t i = 0; i < all.size(); ++i) check_nested(path, schema, where.index(i), all[i]);
  }
  void check_nested(const Path& path, const Schema& schema, const Path& where, const Schema& nested) {
    check_quantifiers(path, schema, where, nested);
    if (const Schema* items = schema_of(nested.items))
      check_part(path.child("items"), schema_of(schema.items), where.child("items"), *items);
    for (const auto& [name, property] : nested.properties) {
      check_part(path.child("properties").key(name), schema.properties.get(name),
                 where.child("properties").key(name), property);
    }
  }
  void check_part(const Path& path, const Schema* part, const Path& where, const Schema& nested) {
    if (part == nullptr) {
      errors_.push_back(field::required(path, "because it is defined in " + where.text()));
    } else {
      check_nested(path, *part, where, nested);
    }
  }

  Errors& errors_;
};

}  // namespace

bool is_convertible(const Schema& schema) {
  const bool known = schema.id.empty() && !schema.ref && schema.definitions.empty() &&
                     schema.dependencies.empty() && schema.patternProperties.empty() &&
                     !schema.additionalItems && !(schema.items && !schema.items->jSONSchemas.empty());
  const auto convertible = [](const Schema* part) { return part == nullptr || is_convertible(*part); };
  return known && convertible(schema_of(schema.items)) &&
         convertible(schema_of(schema.additionalProperties)) &&
         (!schema.not_ || is_convertible(*schema.not_)) && all_convertible(schema.allOf) &&
         all_convertible(schema.anyOf) && all_convertible(schema.oneOf) &&
         std::all_of(schema.properties.begin(), schema.properties.end(),
                     [](const auto& property) { return is_convertible(property.second); });
}

Errors structural_errors(const Path& path, const Schema& schema) {
  Errors errors;
  if (!is_convertible(schema)) return errors;
  Invariants(errors).check(path, schema, Level::kRoot);
  Completeness(errors).check_quantifiers(path, schema, path, schema);
  std::sort(errors.begin(), errors.end(), [](const field::Error& a, const field::Error& b) {
    return a.field + ": " + a.body < b.field + ": " + b.body;
  });
  return errors;
}

}  // namespace xebec::apiserver::validation
