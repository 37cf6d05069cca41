// What a request to the kubelet is for authorization: a verb on a subresource of the node
// (k8s.io/kubernetes/pkg/kubelet/server/auth.go; KEP-2862 fine-grained kubelet authorization).
#pragma once

#include <string>
#include <vector>

#include "http/message.h"

namespace xebec::kubelet {

// The path's segments, percent-decoded; empty ones do not count. Routing and authorization both go by them,
// so that they never disagree about a path.
std::vector<std::string> path_segments(std::string_view path);

struct NodeAttributes {
  std::string verb;
  // Permission for any one of them will do; the narrowest first.
  std::vector<std::string> subresources;
};

// Upgrades of exec, attach and portForward are `create`, whatever the method: they run things, and WebSockets
// begin with a GET.
NodeAttributes node_attributes(const http::Request& request);

}  // namespace xebec::kubelet
