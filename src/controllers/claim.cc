#include "controllers/claim.h"

#include <fmt/format.h>

#include "codec/json.h"

namespace xebec::controllers {
namespace {

// The reference, and the finalizer (when there is one) under the key that adds or deletes it.
std::string patch_text(codec::ValueMap reference, const std::string& object_uid,
                       std::string_view finalizers_key, const std::string& finalizer) {
  codec::ValueList references;
  references.emplace_back(std::move(reference));
  codec::ValueMap meta;
  meta.set("uid", object_uid);
  meta.set("ownerReferences", std::move(references));
  if (!finalizer.empty()) {
    codec::ValueList finalizers;
    finalizers.emplace_back(finalizer);
    meta.set(finalizers_key, std::move(finalizers));
  }
  codec::ValueMap patch;
  patch.set("metadata", std::move(meta));
  return codec::to_json(codec::Value(std::move(patch)));
}

}  // namespace

std::optional<api::LabelSelector> selector_of(const metav1::LabelSelector* selector) {
  if (selector == nullptr) return std::nullopt;
  Result<api::LabelSelector> parsed = api::LabelSelector::from(*selector);
  if (!parsed || parsed->empty()) return std::nullopt;
  return std::move(*parsed);
}

ClaimStep claim_step(const metav1::ObjectMeta& owner, const metav1::ObjectMeta& object, bool picked) {
  const metav1::OwnerReference* controller = client::controller_of(object);
  if (controller != nullptr) {
    if (controller->uid != owner.uid) return ClaimStep::kIgnore;
    if (picked) return ClaimStep::kKeep;
    return owner.deletionTimestamp ? ClaimStep::kIgnore : ClaimStep::kRelease;
  }
  bool adoptable = picked && !owner.deletionTimestamp && !object.deletionTimestamp;
  return adoptable ? ClaimStep::kAdopt : ClaimStep::kIgnore;
}

std::string adopt_patch(const metav1::OwnerReference& owner, const std::string& object_uid,
                        const std::string& finalizer) {
  codec::ValueMap reference;
  reference.set("apiVersion", owner.apiVersion);
  reference.set("kind", owner.kind);
  reference.set("name", owner.name);
  reference.set("uid", owner.uid);
  reference.set("controller", true);
  reference.set("blockOwnerDeletion", true);
  return patch_text(std::move(reference), object_uid, "finalizers", finalizer);
}

std::string release_patch(const std::string& owner_uid, const std::string& object_uid,
                          const std::string& finalizer) {
  codec::ValueMap reference;
  reference.set("$patch", "delete");
  reference.set("uid", owner_uid);
  return patch_text(std::move(reference), object_uid, "$deleteFromPrimitiveList/finalizers", finalizer);
}

Result<void> check_adopter(const metav1::ObjectMeta& cached, const metav1::ObjectMeta& live,
                           std::string_view kind) {
  if (live.uid != cached.uid) {
    return fail(errors::internal(fmt::format("original {} {}/{} is gone: got uid {}, wanted {}", kind,
                                             cached.namespace_, cached.name, live.uid, cached.uid)));
  }
  if (live.deletionTimestamp) {
    return fail(errors::internal(fmt::format("{}/{} has just been deleted at {}", live.namespace_, live.name,
                                             live.deletionTimestamp->str())));
  }
  return {};
}

Status cannot_adopt(std::string_view kind, const metav1::ObjectMeta& object, const Status& why) {
  return errors::internal(fmt::format("can't adopt {} {}/{} ({}): {}", kind, object.namespace_, object.name,
                                      object.uid, why.message));
}

}  // namespace xebec::controllers
