// What ties a node's network to the API: the node's part of the Pod network, and ports of the node that lead
// to Pods.
#pragma once

#include "client/env.h"
#include "client/rest.h"
#include "cmd/node/node_runtime.h"
#include "kubelet/pod_access.h"

namespace xebec::cmd {

// Gives the runtime the range that the control plane assigns to the node, as soon as it does.
Task<void> follow_pod_cidr(NodeRuntime& runtime, client::Rest rest, client::Env env, std::string node,
                           CancelToken token);

// Keeps the forwarding of host ports equal to what the Pods ask for.
Task<void> follow_host_ports(NodeRuntime& runtime, const kubelet::PodAccess& pods, Logger logger,
                             CancelToken token);

}  // namespace xebec::cmd
