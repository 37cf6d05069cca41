#include <fmt/format.h>

#include <algorithm>

#include "apiserver/schema/defaults.h"
#include "apiserver/validation/definitions.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

using Schema = v1::JSONSchemaProps;

constexpr std::string_view kListType = "x-kubernetes-list-type", kMapType = "x-kubernetes-map-type",
                           kMapKeys = "x-kubernetes-list-map-keys";

void check_all(Errors& errors, const Path& path, const std::vector<Schema>& schemas, SchemaRules rules) {
  for (size_t i = 0; i < schemas.size(); ++i) check_schema(errors, path.index(i), schemas[i], rules);
}

void check_own_keys(Errors& errors, const Path& path, const Schema& schema, const SchemaRules& rules) {
  if (rules.types && !schema.type.empty()) {
    check_enum(errors, path.child("type"), std::string_view(schema.type),
               {"array", "boolean", "integer", "number", "object", "string"});
  }
  auto refuse = [&](std::string_view key, std::string_view detail) {
    errors.push_back(field::forbidden(path.child(key), detail));
  };
  if (schema.default_ && !rules.no_defaults.empty())
    refuse("default", fmt::format("must not be set {}", rules.no_defaults));
  if (!schema.id.empty()) refuse("id", "id is not supported");
  if (schema.additionalItems) refuse("additionalItems", "additionalItems is not supported");
  if (!schema.patternProperties.empty()) refuse("patternProperties", "patternProperties is not supported");
  if (!schema.definitions.empty()) refuse("definitions", "definitions is not supported");
  if (!schema.dependencies.empty()) refuse("dependencies", "dependencies is not supported");
  if (schema.ref) refuse("$ref", "$ref is not supported");
  if (schema.type == "null") refuse("type", "type cannot be set to null, use nullable as an alternative");
  if (schema.items && !schema.items->jSONSchemas.empty())
    refuse("items", "items must be a schema object and not an array");
  if (rules.in_meta && schema.xKubernetesEmbeddedResource)
    refuse("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  if (schema.uniqueItems) {
    refuse("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
  }
  const auto& more = schema.additionalProperties;
  if (more && !schema.properties.empty() && (!more->allows || more->schema))
    refuse("additionalProperties", "additionalProperties and properties are mutual exclusive");
}

const Schema* items_of(const Schema& schema) {
  return schema.items && schema.items->schema ? &*schema.items->schema : nullptr;
}

// Where `key` only means something of a `type`.
void check_type_of(Errors& errors, const Path& path, const Schema& schema, std::string_view type,
                   std::string_view key) {
  const std::string detail = fmt::format("must be {} if {} is specified", type, key);
  errors.push_back(schema.type.empty() ? field::required(path.child("type"), detail)
                                       : field::invalid_string(path.child("type"), schema.type, detail));
}

void check_items_of_set(Errors& errors, const Path& path, const Schema& items) {
  constexpr std::string_view kText = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const std::string list = items.xKubernetesListType.value_or("null");
  if (items.type == "array" && list != "null" && list != "atomic")
    errors.push_back(field::invalid_string(path.child(kListType), list, kText));
  if (items.type == "object" && items.xKubernetesMapType != "atomic")
    errors.push_back(field::invalid_string(path.child(kMapType), list, kText));  // upstream shows this one
}

void check_keys_of_map(Errors& errors, const Path& path, const Schema& schema, const Schema& items) {
  const auto& keys = schema.xKubernetesListMapKeys;
  const auto refuse = [&](std::string_view detail) {
    errors.push_back(field::invalid(path.child(kMapKeys), go_json(keys), detail));
  };
  for (size_t i = 0; i < keys.size(); ++i) {
    const Schema* property = items.properties.get(keys[i]);
    if (property == nullptr) {
      refuse("entries must all be names of item properties");
    } else if (property->type == "array" || property->type == "object") {
      errors.push_back(field::invalid_string(
          path.child("items").child("properties").key(keys[i]).child("type"), items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    }
    if (std::find(keys.begin(), keys.begin() + i, keys[i]) != keys.begin() + i)
      refuse("must not contain duplicate entries");
  }
}

void check_map_list(Errors& errors, const Path& path, const Schema& schema) {
  if (schema.xKubernetesListMapKeys.empty()) {
    errors.push_back(
        field::required(path.child(kMapKeys), "must not be empty if x-kubernetes-list-type is map"));
  }
  const Path at = path.child("items");
  const Schema* items = items_of(schema);
  if (!schema.items) {
    errors.push_back(field::required(at, "must have a schema if x-kubernetes-list-type is map"));
  } else if (items == nullptr) {
    errors.push_back(field::invalid(at, go_json(*schema.items),
                                    "must only have a single schema if x-kubernetes-list-type is map"));
  } else if (items->type != "object") {
    errors.push_back(field::invalid_string(at.child("type"), items->type,
                                           "must be object if parent array's x-kubernetes-list-type is map"));
  } else {
    check_keys_of_map(errors, path, schema, *items);
  }
}

// Items are told apart by what each of them has.
void check_items_told_apart(Errors& errors, const Path& path, const Schema& schema, const Schema& items) {
  const std::string& type = *schema.xKubernetesListType;
  if (items.nullable) {
    errors.push_back(field::forbidden(path.child("nullable"),
                                      "cannot be nullable when x-kubernetes-list-type is " + type));
  }
  if (type != "map") return;
  for (const std::string& key : schema.xKubernetesListMapKeys) {
    const Schema* property = items.properties.get(key);
    if (property == nullptr) continue;
    const Path at = path.child("properties").key(key);
    const auto& required = items.required;
    if (std::find(required.begin(), required.end(), key) == required.end() && !property->default_) {
      errors.push_back(field::required(at.child("default"),
                                       "this property is in x-kubernetes-list-map-keys, so it must have a "
                                       "default or be a required property"));
    }
    if (property->nullable) {
      errors.push_back(field::forbidden(
          at.child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
    }
  }
}

void check_list(Errors& errors, const Path& path, const Schema& schema, SchemaRules rules) {
  const auto& type = schema.xKubernetesListType;
  const Schema* items = items_of(schema);
  if (type && schema.type != "array") {
    check_type_of(errors, path, schema, "array", kListType);
  } else if (rules.lists && type == "set" && items != nullptr) {
    check_items_of_set(errors, path.child("items"), *items);
  }
  check_enum(errors, path.child(kListType), type, {"atomic", "set", "map"});
  if (!schema.xKubernetesListMapKeys.empty() && type != "map") {
    constexpr std::string_view kText = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push_back(type ? field::invalid_string(path.child(kListType), *type, kText)
                          : field::required(path.child(kListType), kText));
  }
  if (type == "map") check_map_list(errors, path, schema);
  if (rules.lists && items != nullptr && (type == "set" || type == "map"))
    check_items_told_apart(errors, path.child("items"), schema, *items);
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  if (blank(text)) return {};
  text.remove_prefix(text.find_first_not_of(kBlanks));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool has_lines(std::string_view text) { return text.find_first_of("\n\r") != std::string_view::npos; }

void check_rule(Errors& errors, const Path& path, const Schema& schema, const v1::ValidationRule& rule) {
  const Path message = path.child("message"), field_path = path.child("fieldPath");
  if (blank(rule.rule)) {
    errors.push_back(field::required(path.child("rule"), "rule is not specified"));
  } else if (!rule.message.empty() && blank(rule.message)) {
    errors.push_back(field::invalid_string(message, rule.message, "message must be non-empty if specified"));
  } else if (has_lines(trimmed(rule.message))) {
    errors.push_back(field::invalid_string(message, rule.message, "message must not contain line breaks"));
  } else if (has_lines(trimmed(rule.rule)) && rule.message.empty()) {
    errors.push_back(field::required(message, "message must be specified if rule contains line breaks"));
  }
  if (!rule.messageExpression.empty() && blank(rule.messageExpression)) {
    errors.push_back(
        field::required(path.child("messageExpression"), "messageExpression must be non-empty if specified"));
  }
  check_enum(errors, path.child("reason"), rule.reason,
             {"FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"});
  if (!rule.fieldPath.empty() && blank(rule.fieldPath)) {
    errors.push_back(
        field::invalid_string(field_path, rule.fieldPath, "fieldPath must be non-empty if specified"));
  }
  if (has_lines(rule.fieldPath)) {
    errors.push_back(
        field::invalid_string(field_path, rule.fieldPath, "fieldPath must not contain line breaks"));
  }
  if (is_convertible(schema) && !field_of(schema, rule.fieldPath, true).error.empty())
    errors.push_back(field::invalid_string(field_path, rule.fieldPath, "fieldPath must be a valid path"));
}

void check_extensions(Errors& errors, const Path& path, const Schema& schema, SchemaRules rules) {
  if (schema.xKubernetesPreserveUnknownFields == false) {
    errors.push_back(field::invalid(path.child("x-kubernetes-preserve-unknown-fields"), "false",
                                    "must be true or undefined"));
  }
  if (schema.xKubernetesMapType && schema.type != "object")
    check_type_of(errors, path, schema, "object", kMapType);
  check_enum(errors, path.child(kMapType), schema.xKubernetesMapType, {"atomic", "granular"});
  check_list(errors, path, schema, rules);
  for (size_t i = 0; i < schema.xKubernetesValidations.size(); ++i)
    check_rule(errors, path.child("x-kubernetes-validations").index(i), schema,
               schema.xKubernetesValidations[i]);
}

// What is said of the status as one of the properties must be all that is said of it.
void check_root_with_status(Errors& errors, const Path& path, const Schema& schema) {
  const bool early = !schema.id.empty() || !schema.schema.empty() || schema.ref;  // come before the type
  if (!early && !schema.type.empty() && schema.type != "object") {
    return void(errors.push_back(field::invalid_string(
        path.child("type"), schema.type,
        "only \"object\" is allowed as the type at the root of the schema if the status subresource is "
        "enabled")));
  }
  const bool others =
      schema.nullable || schema.default_ || !schema.enum_.empty() || schema.maxProperties ||
      schema.minProperties || !schema.allOf.empty() || !schema.oneOf.empty() || !schema.anyOf.empty() ||
      schema.not_ || schema.additionalProperties || !schema.patternProperties.empty() ||
      !schema.dependencies.empty() || schema.additionalItems || !schema.definitions.empty() ||
      schema.xKubernetesEmbeddedResource || schema.xKubernetesIntOrString ||
      !schema.xKubernetesListMapKeys.empty() || schema.xKubernetesListType || schema.xKubernetesMapType;
  if (!early && !others) return;
  errors.push_back(field::invalid(
      path, go_json(schema),
      "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength "
      "MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs "
      "Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the "
      "status subresource is enabled"));
}

}  // namespace

SchemaRules schema_rules_after(const v1::CustomResourceDefinition* old) {
  SchemaRules rules;
  if (old == nullptr) return rules;
  const Path path("old");
  Errors all, no_lists, no_types;
  for (const auto& version : old->spec.versions) {
    if (!version.schema || !version.schema->openAPIV3Schema) continue;
    const Schema& schema = *version.schema->openAPIV3Schema;
    check_schema(all, path, schema, {});
    check_schema(no_lists, path, schema, {.lists = false});
    check_schema(no_types, path, schema, {.types = false});
    if (!structural_errors(path, schema).empty())
      rules.structural = false;
    else if (apiserver::schema::has_unpruned_defaults(schema))
      rules.pruned = false;
  }
  rules.lists = all.size() == no_lists.size();
  rules.types = all.size() == no_types.size();
  return rules;
}

void check_schema(Errors& errors, const Path& path, const Schema& schema, SchemaRules rules) {
  if (rules.root && rules.status) check_root_with_status(errors, path, schema);
  if (rules.root && schema.nullable)
    errors.push_back(field::forbidden(path.child("nullable"), "nullable cannot be true at the root"));
  if (rules.root && rules.structural) {
    Errors wrong = structural_errors(path, schema);
    if (wrong.empty() && is_convertible(schema))
      wrong = apiserver::schema::check_defaults(path, schema, rules.pruned);
    field::append(errors, std::move(wrong));
  }
  check_own_keys(errors, path, schema, rules);
  const bool root = rules.root, object = root || schema.xKubernetesEmbeddedResource;
  rules.root = false;
  if (schema.additionalProperties && schema.additionalProperties->schema) {
    SchemaRules inner = rules;
    if (rules.in_meta) inner.no_defaults = "inside additionalProperties applying to object metadata";
    check_schema(errors, path.child("additionalProperties"), *schema.additionalProperties->schema, inner);
  }
  for (const auto& [name, property] : schema.properties) {
    SchemaRules inner = rules;
    if (object && (name == "metadata" || name == "kind" || name == "apiVersion")) {
      inner.in_meta = true;
      if (root) inner.no_defaults = fmt::format("in top-level {}", name);
    }
    check_schema(errors, path.child("properties").key(name), property, inner);
  }
  if (schema.not_) check_schema(errors, path.child("not"), *schema.not_, rules);
  check_all(errors, path.child("allOf"), schema.allOf, rules);
  check_all(errors, path.child("oneOf"), schema.oneOf, rules);
  check_all(errors, path.child("anyOf"), schema.anyOf, rules);
  if (const Schema* items = items_of(schema)) check_schema(errors, path.child("items"), *items, rules);
  check_extensions(errors, path, schema, rules);
}

}  // namespace xebec::apiserver::validation
