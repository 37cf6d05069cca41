// What a node is told by the command line, whichever sub-command runs it.
#pragma once

#include <string>
#include <vector>

#include "cmd/flags/flags.h"

namespace xebec::cmd {

struct NodeOptions {
  // Where things are. Set for_data_dir(), or one by one.
  std::string root_dir;        // Pods' files
  std::string pod_logs_dir;    // containers' logs
  std::string containerd_dir;  // of the private containerd

  std::string node_name;            // empty: the host's name, in lower case
  std::string node_ip;              // empty: the address of the default route
  std::string address = "0.0.0.0";  // what the kubelet's server listens on
  uint16_t port = 10250;
  std::string healthz_address = "127.0.0.1";
  uint16_t healthz_port = 10248;  // plain http; 0: not served

  std::string runtime_endpoint;  // empty: a private containerd
  std::string image_endpoint;    // empty: the same
  std::string images_dir;        // archives that stand in for registries; of a private containerd

  std::string cluster_cidr = "10.244.0.0/16";
  std::vector<std::string> cluster_dns = {"10.96.0.10"};
  std::string cluster_domain = "cluster.local";
  std::string cgroup_root = "/kubepods";
  std::string resolv_conf = "/etc/resolv.conf";
  int32_t max_pods = 110;
  FlagMap node_labels;

  // DATA_DIR/node/kubelet, .../logs and .../containerd.
  void for_data_dir(const std::string& data_dir);
  // Fills in what was left to the machine, and makes paths absolute.
  Result<void> complete();
};

void declare_node_flags(Flags& flags, NodeOptions& options);

}  // namespace xebec::cmd
