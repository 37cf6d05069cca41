// What a request to the kubelet is for authorization: a verb on a subresource of the node
// (k8s.io/kubernetes/pkg/kubelet/server/auth.go; KEP-2862 fine-grained kubelet authorization).
#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace xebec::kubelet {

struct NodeAttributes {
  std::string verb;
  // Permission for any one of them will do; the narrowest first.
  std::vector<std::string> subresources;
};

// Upgrades of exec, attach and portForward are `create`, whatever the method: they run things, and WebSockets begin
// with a GET.
NodeAttributes node_attributes(const http::Request& request);

}  // namespace xebec::kubelet
