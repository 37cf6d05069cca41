// The formats of strings (k8s.io/kube-openapi/pkg/validation/strfmt).
#pragma once

#include <string_view>

namespace xebec::apiserver::schema {

// True also when the format is unknown. Every text passes as a uri, an email address, a datetime, a duration,
// a quantity, an rgbcolor, an ISBN or the number of a credit card.
bool has_format(std::string_view format, std::string_view text);

}  // namespace xebec::apiserver::schema
