// A node as a process runs it: a container runtime, the kubelet over it, the kubelet's server, and what ties
// the node's network together.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "cmd/component.h"
#include "cmd/join/serving_keys.h"
#include "cmd/node/node_options.h"
#include "http/asio_executor.h"

namespace xebec::cmd {

// All pointers outlive the node.
struct NodeEnv {
  Process* process = nullptr;
  http::IoPool* pool = nullptr;
  Metrics* metrics = nullptr;
  std::shared_ptr<ServingKeys> serving;  // of the kubelet's server
  std::string client_ca_pem;             // whose client certificates it accepts
};

// Runs until cancelled; what fails at the start is tried again. Pods go on running afterwards.
std::unique_ptr<Component> start_node(NodeEnv env, client::Rest rest, NodeOptions options);

}  // namespace xebec::cmd
