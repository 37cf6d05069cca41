// Names of compute resources (k8s.io/kubernetes/pkg/apis/core/helper).
#pragma once

#include <string_view>

#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

bool is_huge_page(std::string_view name);
// Of Kubernetes' own: without a domain, or of kubernetes.io.
bool is_native_resource(std::string_view name);
bool is_extended_resource(std::string_view name);
// Counted in whole units.
bool is_integer_resource(std::string_view name);
// A request may be less than its limit.
bool is_overcommit_allowed(std::string_view name);
bool is_whole_huge_pages(std::string_view name, const api::Quantity& quantity);
// A qualified name; without a domain it must be one that Kubernetes knows.
void check_resource_name(Errors& errors, const Path& path, std::string_view name);
// Beside that, one that a container can have.
void check_container_resource_name(Errors& errors, const Path& path, std::string_view name);

}  // namespace xebec::apiserver::validation
