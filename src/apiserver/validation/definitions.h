// Validation of apiextensions.k8s.io (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation). Of a
// schema only that it is there, and that it has none of the keys that none may have, is checked.
#pragma once

#include "api/gen/apiextensionsv1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

using Definition = apiextensionsv1::CustomResourceDefinition;
Errors validate_definition(const Definition& definition);
Errors validate_definition_update(const Definition& definition, const Definition& old);
Errors validate_definition_status_update(const Definition& definition, const Definition& old);

// definition_schema.cc
void check_schema_keys(Errors& errors, const Path& path, const apiextensionsv1::JSONSchemaProps& schema);

}  // namespace xebec::apiserver::validation
