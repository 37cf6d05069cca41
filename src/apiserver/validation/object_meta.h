// Validation of metadata, for every kind alike (k8s.io/apimachinery/pkg/api/validation/objectmeta.go).
#pragma once

#include "api/field_error.h"
#include "api/flat_map.h"
#include "api/names.h"
#include "api/object.h"

namespace xebec::metav1 {
struct DeleteOptions;
struct OwnerReference;
}  // namespace xebec::metav1

namespace xebec::apiserver::validation {

field::Errors validate_object_meta(const metav1::ObjectMeta& meta, bool namespaced, api::NameRule name_rule,
                                   const field::Path& path = field::Path("metadata"));
field::Errors validate_object_meta_update(const metav1::ObjectMeta& meta, const metav1::ObjectMeta& old,
                                          const field::Path& path = field::Path("metadata"));
// As a ConfigMap's key.
api::Messages name_is_config_key(std::string_view name, bool prefix);
field::Errors validate_labels(const api::FlatMap<std::string>& labels, const field::Path& path);
field::Errors validate_annotations(const api::FlatMap<std::string>& annotations, const field::Path& path);
field::Errors validate_delete_options(const metav1::DeleteOptions& options);
// The option that deletes what cannot be read is refused.
field::Error unsafe_delete_error(std::string_view why);
field::Errors validate_dry_run(const std::vector<std::string>& dry_run, const field::Path& path);
// A finalizer without a domain must be one that Kubernetes knows.
void check_standard_finalizer(field::Errors& errors, const field::Path& path, std::string_view name);
// Go's %#v of a []string.
std::string go_strings(const std::vector<std::string>& values);

}  // namespace xebec::apiserver::validation
