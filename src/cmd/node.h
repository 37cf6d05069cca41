// A node as a process runs it: a private containerd, the kubelet over it, the kubelet's server, and what ties
// the node's network together.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "cmd/cluster_pki.h"
#include "cmd/components.h"
#include "http/asio_executor.h"

namespace CLI {
class App;
}

namespace xebec::cmd {

struct NodeOptions {
  std::string data_dir = "/var/lib/xebec";  // node's files are in DATA_DIR/node
  std::string node_name;                    // empty: the host's name, in lower case
  std::string node_ip;                      // empty: the address of the default route, else 127.0.0.1
  std::string cluster_cidr = "10.244.0.0/16";
  std::string cluster_dns = "10.96.0.10";
  std::string cluster_domain = "cluster.local";
  std::string cgroup_root = "/kubepods";
  std::string images_dir;  // archives that stand in for registries
  uint16_t kubelet_port = 10250;
};

void declare_node(CLI::App& app, NodeOptions& options);
// Fills in what was left to the machine.
Result<void> complete_node_options(NodeOptions& options);

struct NodeEnv {
  ComponentEnv components;
  http::IoPool* pool = nullptr;
  Metrics* metrics = nullptr;
  const ClusterPki* pki = nullptr;  // signs the kubelet's serving certificate
  std::string cluster_ca_pem;       // whose client certificates the kubelet accepts
};

// Runs until cancelled (or fails to start, which is logged and ends it). Pods go on running afterwards.
std::unique_ptr<Component> start_node(NodeEnv env, client::Rest rest, NodeOptions options);

// Ends all Pods and containerd of the node and removes every trace of them, without the API.
Result<void> purge_node(const NodeOptions& options, Logger logger);

}  // namespace xebec::cmd
