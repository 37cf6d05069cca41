// ConfigMaps and Secrets as the kubelet's messages speak of them (`configmap "x" not found`).
#pragma once

#include <string>

#include "api/gen/corev1.h"
#include "base/task.h"
#include "client/rest.h"

namespace xebec::kubelet {

inline Task<Result<corev1::ConfigMap>> get_config_map(client::Rest rest, CancelToken token, std::string ns,
                                                      std::string name) {
  Context context;
  context.cancel = token;
  Result<corev1::ConfigMap> found = co_await rest.get<corev1::ConfigMap>(context, ns, name);
  if (!found && found.error().is(reason::kNotFound)) {
    ResourceName resource{"", "configmap"};
    co_return fail(errors::not_found(resource, name));
  }
  co_return found;
}

inline Task<Result<corev1::Secret>> get_secret(client::Rest rest, CancelToken token, std::string ns,
                                               std::string name) {
  Context context;
  context.cancel = token;
  Result<corev1::Secret> found = co_await rest.get<corev1::Secret>(context, ns, name);
  if (!found && found.error().is(reason::kNotFound)) {
    ResourceName resource{"", "secret"};
    co_return fail(errors::not_found(resource, name));
  }
  co_return found;
}

}  // namespace xebec::kubelet
