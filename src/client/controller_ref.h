// Owner references (k8s.io/apimachinery/pkg/apis/meta/v1/controller_ref.go).
#pragma once

#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "api/gen/metav1.h"

namespace xebec::client {

// The owner reference with controller=true; nullptr when there is none. Lives as long as `meta`.
const metav1::OwnerReference* controller_of(const metav1::ObjectMeta& meta);
bool is_controlled_by(const metav1::ObjectMeta& meta, std::string_view owner_uid);
// With controller and blockOwnerDeletion set.
metav1::OwnerReference new_controller_ref(const metav1::ObjectMeta& owner, const api::TypeName& kind);
template <class T>
metav1::OwnerReference new_controller_ref(const T& owner) {
  return new_controller_ref(owner.metadata, T::kDescriptor.kinds[0]);
}
// "ns/name", or "name" for cluster-scoped objects: the key of stores and queues.
std::string key_of(const metav1::ObjectMeta& meta);
std::string make_key(std::string_view ns, std::string_view name);
// Both parts of a key; the namespace is empty for "name".
struct KeyParts {
  std::string ns;
  std::string name;
};
KeyParts split_key(std::string_view key);

}  // namespace xebec::client
