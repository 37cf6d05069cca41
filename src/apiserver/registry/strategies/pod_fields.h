// What a strategy does to a PodSpec before it is looked at: fields of disabled features go, selectors that
// follow the Pod's own labels are filled in.
#pragma once

#include "api/gen/corev1.h"

namespace xebec::apiserver {

// Of a Pod or of a template: fields whose feature gate is off by default in 1.36.
void drop_disabled_fields(corev1::PodSpec& spec);
// matchLabelKeys and mismatchLabelKeys become requirements of the label selectors (KEP-3633, KEP-3243).
void apply_match_label_keys(corev1::Pod& pod);

}  // namespace xebec::apiserver
