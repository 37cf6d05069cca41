// metav1.FormatLabelSelector: a label selector as `kubectl get` shows it.
#pragma once

#include <string>

#include "api/gen/metav1.h"

namespace xebec::apiserver {

std::string selector_text(const metav1::LabelSelector& selector);
std::string selector_text(const api::Box<metav1::LabelSelector>& selector);

}  // namespace xebec::apiserver
