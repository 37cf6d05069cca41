// Warnings about Pods, templates and Services that are valid but not what somebody meant
// (k8s.io/kubernetes/pkg/api/pod/warnings.go, pkg/api/service/warnings.go).
#pragma once

#include <string>
#include <vector>

#include "api/field_error.h"
#include "api/gen/corev1.h"

namespace xebec::apiserver {

using Warnings = std::vector<std::string>;

Warnings warnings_for_pod(const corev1::Pod& pod);
// `path` is where the template is, e.g. spec.template.
Warnings warnings_for_template(const field::Path& path, const corev1::PodTemplateSpec& template_);
Warnings warnings_for_service(const corev1::Service& service);
// A name that cannot be part of a host name; `used_in` says of what.
void warn_of_name(Warnings& warnings, std::string_view name, std::string_view used_in);

}  // namespace xebec::apiserver
