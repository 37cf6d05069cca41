// Parts of the NodeRestriction plugin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/gen/corev1.h"
#include "apiserver/admission/plugin.h"

namespace xebec::apiserver {

class Authorizer;
class RegistryMap;

namespace node_restriction {

Status refuse(const AdmissionAttributes& a, std::string_view why);

// A write of a Node, by `node`.
Result<void> check_node(const AdmissionAttributes& a, std::string_view node);

// That it is a mirror Pod on the node and owned by it; whether the owner's uid is right is not looked at.
Result<void> check_mirror_pod(const AdmissionAttributes& a, const corev1::Pod& pod, std::string_view node);
// Which API objects a Pod needs, in upstream's words; empty: none (kubernetes pkg/api/pod
// HasAPIObjectReference).
std::string referenced_objects(const corev1::Pod& pod);

// Of which audiences a node may ask tokens for: those of the Pod's volumes and their drivers, and those it
// was given the verb request-serviceaccounts-token-audience for.
struct Audiences {
  const RegistryMap& registries;
  Authorizer& authorizer;

  Task<Result<void>> check(const Context& context, const AdmissionAttributes& a,
                           std::vector<std::string> requested, const corev1::Pod& pod) const;

 private:
  Task<Result<std::string>> driver_of(const Context& context, const corev1::Pod& pod,
                                      const corev1::Volume& volume) const;
  Task<Result<bool>> driver_has(const Context& context, std::string driver, std::string audience) const;
  Task<Result<bool>> referenced(const Context& context, const corev1::Pod& pod, std::string audience) const;
};

}  // namespace node_restriction
}  // namespace xebec::apiserver
