// Where a request to nodes/proxy, pods/proxy or services/proxy goes: NAME, NAME:PORT or SCHEME:NAME:PORT
// (k8s.io/kubernetes ResourceLocation of pods, services and nodes; k8s.io/apimachinery/pkg/util/net).
#pragma once

#include <memory>
#include <string>

#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

struct ProxyTarget {
  std::shared_ptr<http::Client> client;
  std::string host;  // "10.1.2.3:8080", as links of its pages may name it
};

// Errors are upstream's.
Task<Result<ProxyTarget>> find_proxy_target(Context context, ResourceCall call);

}  // namespace xebec::apiserver
