// The container runtime of a node: a private containerd that this process starts and supervises, or one that
// is there already. Everything runs on the caller's executor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/logger.h"
#include "cmd/node/node_options.h"
#include "kubelet/cri/runtime.h"
#include "kubelet/runtime/config.h"

namespace xebec::cmd {

class NodeRuntime {
 public:
  virtual ~NodeRuntime() = default;

  // Returns when the runtime answers.
  virtual Task<Result<void>> start() = 0;
  // Keeps it running, until cancelled.
  virtual Task<void> supervise(CancelToken token) = 0;
  // Good from start() on.
  virtual cri::Runtime& runtime() = 0;
  // The node's part of the Pod network.
  virtual Task<Result<void>> set_pod_cidr(std::string cidr) = 0;
  // Whether host ports are left to set_host_ports(); otherwise the runtime's own network maps them.
  virtual bool maps_host_ports() const = 0;
  virtual Task<Result<void>> set_host_ports(std::vector<containerd::HostPort> ports) = 0;
};

std::unique_ptr<NodeRuntime> make_node_runtime(const NodeOptions& options, Logger logger);
// How the private containerd of a node is set up.
containerd::Options containerd_options(const NodeOptions& options);

}  // namespace xebec::cmd
