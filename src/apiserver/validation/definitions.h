// Validation of apiextensions.k8s.io (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation). Not
// checked of schemas: the rules' expressions.
#pragma once

#include "api/gen/apiextensionsv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

using Definition = apiextensionsv1::CustomResourceDefinition;
Errors validate_definition(const Definition& definition);
Errors validate_definition_update(const Definition& definition, const Definition& old);
Errors validate_definition_status_update(const Definition& definition, const Definition& old);

// definition_versions.cc
// What all versions have alike stands above them in upstream's internal type, and so in its errors.
struct Places {
  bool schema, subresources, columns, selectable;
};
// Which rules of schemas there are: not those that what is stored is older than. And where a schema stands.
struct SchemaRules {
  bool lists = true;  // whose items have an identity
  bool types = true;
  bool structural = true;
  bool pruned = true;   // defaults
  bool status = false;  // is a subresource
  bool root = true, in_meta = false;
  std::string no_defaults;  // why there are none here
};
Places places_of(const std::vector<apiextensionsv1::CustomResourceDefinitionVersion>& versions);
bool has_status(const apiextensionsv1::CustomResourceDefinitionVersion& version);
// The parts of a version that all have alike (`common`), or the others; they stand at `at`.
void check_version_parts(Errors& errors, const Path& at, const Places& alike, bool common,
                         const apiextensionsv1::CustomResourceDefinitionVersion& version, SchemaRules rules);
void check_versions(Errors& errors, const Path& path,
                    const std::vector<apiextensionsv1::CustomResourceDefinitionVersion>& versions,
                    SchemaRules rules);
// The messages of a name rule are one error.
void check_joined(Errors& errors, const Path& path, std::string_view value, const api::Messages& wrong,
                  std::string_view intro = {});
// definition_schema.cc
void check_schema(Errors& errors, const Path& path, const apiextensionsv1::JSONSchemaProps& schema,
                  SchemaRules rules);
SchemaRules schema_rules_after(const apiextensionsv1::CustomResourceDefinition* old);
// definition_structural.cc
// Whether it has no key that structural schemas do not know; such ones are refused elsewhere.
bool is_convertible(const apiextensionsv1::JSONSchemaProps& schema);
Errors structural_errors(const Path& path, const apiextensionsv1::JSONSchemaProps& schema);
// definition_paths.cc
struct FieldOfPath {
  const apiextensionsv1::JSONSchemaProps* schema = nullptr;
  std::string root, error;  // the first name; why the path is none
};
// `brackets`: names may stand in brackets as well.
FieldOfPath field_of(const apiextensionsv1::JSONSchemaProps& schema, std::string_view path, bool brackets);

}  // namespace xebec::apiserver::validation
