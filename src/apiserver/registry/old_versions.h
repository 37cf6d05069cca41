// Rules that old versions of a kind do not have: a request that speaks them is not held to what later
// versions added (k8s.io/kubernetes pkg/registry/*/*/strategy.go, where they look at the request's group
// version).
#pragma once

#include "api/field_error.h"
#include "api/gvk.h"

namespace xebec::apiserver {

// Whether the version that `request` is of never had the rule that `error` comes from.
bool excused_in_version(const api::GroupVersionKind& request, const field::Error& error);
// Gives the field of the error the name it has in that version (Ingress: backend.serviceName).
void name_in_version(const api::GroupVersionKind& request, field::Error& error);

}  // namespace xebec::apiserver
