#include "apiserver/http/owner_references.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/gen/metav1.h"

namespace xebec::apiserver {
namespace {

bool same(const metav1::OwnerReference& a, const metav1::OwnerReference& b) {
  return a.uid == b.uid && a.name == b.name && a.kind == b.kind && a.apiVersion == b.apiVersion &&
         a.controller == b.controller && a.blockOwnerDeletion == b.blockOwnerDeletion;
}

}  // namespace

void drop_repeated_owners(api::Object& object, OwnersOf of, std::vector<std::string>& warnings) {
  metav1::ObjectMeta* meta = object.meta();
  if (meta == nullptr || meta->ownerReferences.size() < 2) return;
  std::vector<metav1::OwnerReference> kept;
  std::string repeated;
  for (metav1::OwnerReference& owner : meta->ownerReferences) {
    const bool known =
        std::ranges::any_of(kept, [&](const metav1::OwnerReference& other) { return same(other, owner); });
    if (!known) {
      kept.push_back(std::move(owner));
      continue;
    }
    if (!repeated.empty()) repeated += ", ";
    repeated += owner.uid;
  }
  meta->ownerReferences = std::move(kept);
  if (repeated.empty()) return;
  warnings.push_back(fmt::format(
      ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+, "
      "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
      "{}",
      of == OwnersOf::kPatched ? " after mutating admission happens" : "", repeated));
}

}  // namespace xebec::apiserver
