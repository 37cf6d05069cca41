#include "client/controller_ref.h"

namespace xebec::client {

const metav1::OwnerReference* controller_of(const metav1::ObjectMeta& meta) {
  for (const metav1::OwnerReference& reference : meta.ownerReferences) {
    if (reference.controller.value_or(false)) return &reference;
  }
  return nullptr;
}

bool is_controlled_by(const metav1::ObjectMeta& meta, std::string_view owner_uid) {
  const metav1::OwnerReference* controller = controller_of(meta);
  return controller != nullptr && controller->uid == owner_uid;
}

metav1::OwnerReference new_controller_ref(const metav1::ObjectMeta& owner, const api::TypeName& kind) {
  metav1::OwnerReference reference;
  reference.apiVersion = kind.gvk().api_version();
  reference.kind = kind.kind;
  reference.name = owner.name;
  reference.uid = owner.uid;
  reference.controller = true;
  reference.blockOwnerDeletion = true;
  return reference;
}

std::string key_of(const metav1::ObjectMeta& meta) { return make_key(meta.namespace_, meta.name); }

std::string make_key(std::string_view ns, std::string_view name) {
  std::string key(ns);
  if (!key.empty()) key += '/';
  key += name;
  return key;
}

KeyParts split_key(std::string_view key) {
  size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {{}, std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

}  // namespace xebec::client
