#include "apiserver/validation/definitions.h"

namespace xebec::apiserver::validation {
namespace {

namespace v1 = apiextensionsv1;

using Schema = v1::JSONSchemaProps;

void check_all(Errors& errors, const Path& path, const std::vector<Schema>& schemas) {
  for (size_t i = 0; i < schemas.size(); ++i) check_schema_keys(errors, path.index(i), schemas[i]);
}

void check_own_keys(Errors& errors, const Path& path, const Schema& schema) {
  auto refuse = [&](std::string_view key, std::string_view detail) {
    errors.push_back(field::forbidden(path.child(key), detail));
  };
  if (!schema.id.empty()) refuse("id", "id is not supported");
  if (schema.additionalItems) refuse("additionalItems", "additionalItems is not supported");
  if (!schema.patternProperties.empty()) refuse("patternProperties", "patternProperties is not supported");
  if (!schema.definitions.empty()) refuse("definitions", "definitions is not supported");
  if (!schema.dependencies.empty()) refuse("dependencies", "dependencies is not supported");
  if (schema.ref) refuse("$ref", "$ref is not supported");
  if (schema.type == "null") refuse("type", "type cannot be set to null, use nullable as an alternative");
  if (schema.items && !schema.items->jSONSchemas.empty())
    refuse("items", "items must be a schema object and not an array");
  if (schema.uniqueItems) {
    refuse("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
  }
  const auto& more = schema.additionalProperties;
  if (more && !schema.properties.empty() && (!more->allows || more->schema))
    refuse("additionalProperties", "additionalProperties and properties are mutual exclusive");
}

}  // namespace

void check_schema_keys(Errors& errors, const Path& path, const Schema& schema) {
  check_own_keys(errors, path, schema);
  if (schema.additionalProperties && schema.additionalProperties->schema)
    check_schema_keys(errors, path.child("additionalProperties"), *schema.additionalProperties->schema);
  for (const auto& [name, property] : schema.properties)
    check_schema_keys(errors, path.child("properties").key(name), property);
  if (schema.not_) check_schema_keys(errors, path.child("not"), *schema.not_);
  check_all(errors, path.child("allOf"), schema.allOf);
  check_all(errors, path.child("oneOf"), schema.oneOf);
  check_all(errors, path.child("anyOf"), schema.anyOf);
  if (schema.items && schema.items->schema)
    check_schema_keys(errors, path.child("items"), *schema.items->schema);
}

}  // namespace xebec::apiserver::validation
