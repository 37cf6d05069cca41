// Claiming: a controller adopts the orphans that its selector picks, and lets go of what it owns and no
// longer picks (k8s.io/kubernetes/pkg/controller/controller_ref_manager.go). One helper for every controller
// with a selector.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gen/metav1.h"
#include "api/selectors.h"
#include "client/controller_ref.h"
#include "client/rest.h"

namespace xebec::controllers {

// A workload's selector; nothing when it picks nothing: absent, empty or unreadable.
std::optional<api::LabelSelector> selector_of(const metav1::LabelSelector* selector);

enum class ClaimStep {
  kKeep,     // owned and picked
  kIgnore,   // somebody else's, or none of our business
  kAdopt,    // picked, without a controller
  kRelease,  // owned, no longer picked
};
// An owner that is being deleted keeps what it has, and neither adopts nor releases.
ClaimStep claim_step(const metav1::ObjectMeta& owner, const metav1::ObjectMeta& object, bool picked);

// Strategic merge patches with the object's UID as precondition. `finalizer`, when not empty, comes and goes
// with the ownership.
std::string adopt_patch(const metav1::OwnerReference& owner, const std::string& object_uid,
                        const std::string& finalizer = {});
std::string release_patch(const std::string& owner_uid, const std::string& object_uid,
                          const std::string& finalizer = {});

// Whether the owner, read again from the server, may still adopt: the error says why not.
Result<void> check_adopter(const metav1::ObjectMeta& cached, const metav1::ObjectMeta& live,
                           std::string_view kind);
Status cannot_adopt(std::string_view kind, const metav1::ObjectMeta& object, const Status& why);

// What of `candidates` the owner controls in the end; adopted objects as they are now. The owner is read from
// the server once, before the first adoption. An object that has vanished is left out; other failures are
// returned after all candidates have been tried.
template <class Owner, class Object>
Task<Result<std::vector<std::shared_ptr<const Object>>>> claim(
    client::Rest rest, std::shared_ptr<const Owner> owner,
    std::vector<std::shared_ptr<const Object>> candidates, std::function<bool(const Object&)> picks,
    std::string finalizer = std::string()) {
  std::vector<std::shared_ptr<const Object>> claimed;
  std::optional<Status> failure;
  std::optional<Result<void>> adopter;
  for (const std::shared_ptr<const Object>& object : candidates) {
    const metav1::ObjectMeta& meta = object->metadata;
    ClaimStep step = claim_step(owner->metadata, meta, picks(*object));
    if (step == ClaimStep::kKeep) claimed.push_back(object);
    if (step == ClaimStep::kKeep || step == ClaimStep::kIgnore) continue;
    if (step == ClaimStep::kAdopt && !adopter) {
      auto live = co_await rest.get<Owner>(Context(), owner->metadata.namespace_, owner->metadata.name);
      adopter.emplace(live ? check_adopter(owner->metadata, live->metadata, Owner::kDescriptor.kinds[0].kind)
                           : Result<void>(fail(live.error())));
    }
    if (step == ClaimStep::kAdopt && !*adopter) {
      if (!failure) failure = cannot_adopt(Object::kDescriptor.kinds[0].kind, meta, adopter->error());
      continue;
    }
    std::string patch = step == ClaimStep::kAdopt
                            ? adopt_patch(client::new_controller_ref(*owner), meta.uid, finalizer)
                            : release_patch(owner->metadata.uid, meta.uid, finalizer);
    auto patched = co_await rest.patch<Object>(Context(), meta.namespace_, meta.name,
                                               client::PatchType::kStrategic, std::move(patch));
    if (patched) {
      if (step == ClaimStep::kAdopt) claimed.push_back(std::make_shared<const Object>(std::move(*patched)));
      continue;
    }
    // Of a release 422 says that the object is another one by now, or has been let go already.
    bool settled = patched.error().is(reason::kNotFound) ||
                   (step == ClaimStep::kRelease && patched.error().is(reason::kInvalid));
    if (!settled && !failure) failure = std::move(patched).error();
  }
  if (failure) co_return fail(std::move(*failure));
  co_return claimed;
}

}  // namespace xebec::controllers
