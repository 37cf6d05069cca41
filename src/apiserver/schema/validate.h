// Values against schemas, with the errors of upstream (k8s.io/kube-openapi/pkg/validation/validate, as
// k8s.io/apiextensions-apiserver/pkg/apiserver/validation words them).
#pragma once

#include "api/field_error.h"
#include "api/gen/apiextensionsv1.h"
#include "codec/value.h"

namespace xebec::apiserver::schema {

using Schema = apiextensionsv1::JSONSchemaProps;

// nullptr: there is none, or no single one.
const Schema* items_of(const Schema& schema);
const Schema* values_of(const Schema& schema);  // of additionalProperties
bool keeps_unknown(const Schema& schema);
// As a message shows it: strings quoted, all else as JSON.
std::string shown(const codec::Value& value);

// The schema is structural. Its rules (x-kubernetes-validations) are not evaluated.
field::Errors validate_value(const field::Path& path, const codec::Value& value, const Schema& schema);

}  // namespace xebec::apiserver::schema
