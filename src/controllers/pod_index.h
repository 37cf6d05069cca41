// Indexes of the shared informer of Pods. Asking twice for the same one is fine.
#pragma once

#include "api/gen/corev1.h"
#include "client/controller_ref.h"
#include "client/informer.h"

namespace xebec::controllers {

// by_index(kByController, UID of the controller), or "orphan/NAMESPACE" for Pods without one.
inline constexpr std::string_view kByController = "controller";
inline void index_by_controller(client::Informer<corev1::Pod>& pods) {
  pods.add_index(std::string(kByController), [](const corev1::Pod& pod) {
    const metav1::OwnerReference* ref = client::controller_of(pod.metadata);
    return ref == nullptr ? std::vector<std::string>{"orphan/" + pod.metadata.namespace_}
                          : std::vector<std::string>{ref->uid};
  });
}

// by_index(kByNode, name of the node); "" for Pods without one.
inline constexpr std::string_view kByNode = "node";
inline void index_by_node(client::Informer<corev1::Pod>& pods) {
  pods.add_index(std::string(kByNode),
                 [](const corev1::Pod& pod) { return std::vector<std::string>{pod.spec.nodeName}; });
}

}  // namespace xebec::controllers
