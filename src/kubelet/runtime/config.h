// The files a private containerd is run with, as text. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "kubelet/cri/types.h"
#include "kubelet/runtime/host.h"

namespace xebec::containerd {

struct Options {
  // Owned wholly, made when missing, removed by purge(). Short: the socket's path must fit into 107 bytes.
  std::string data_dir;
  // Addresses of this node's pods; may be set later (set_pod_cidr). Until then the node's network is not
  // ready.
  std::string pod_cidr;
  // Addresses of all pods: traffic inside is not masqueraded.
  std::string cluster_cidr = "10.244.0.0/16";
  std::string sandbox_image = "registry.k8s.io/pause:3.10.1";
  // Parent of all pod cgroups, as in the sandboxes' cgroup_parent; purge() removes it.
  std::string cgroup_root = "/kubepods";
  // Folder with NAME/hosts.toml files of registries; empty: data_dir/certs.
  std::string registry_config_dir;
  int mtu = 1500;
  // In front of containerd and nft: {"nsenter", "--net=/run/netns/a"} runs a second node on one machine.
  std::vector<std::string> command_prefix;
};

// A port of the node that leads to a pod.
struct HostPort {
  cri::Protocol protocol = cri::Protocol::kTcp;
  std::string host_ip;  // empty or 0.0.0.0: every address of the node
  int32_t host_port = 0;
  std::string pod_ip;  // IPv4
  int32_t container_port = 0;
};

// Where things are below data_dir.
struct Paths {
  explicit Paths(const std::string& data_dir);
  std::string config, pid_file, lock, log, socket, root, state, cni_conf_dir, cni_conf, ipam_dir, nft,
      host_ports, certs, crun_wrapper;
};

std::string render_config(const Options& options, const Host& host);
// Routed pod network (ptp): every packet of a pod passes the host's forward hook, which Services and policies
// need.
std::string render_cni(const Options& options);
// One table of our own that masquerades what pods send out of the cluster.
std::string render_nft(const Options& options);
// Another that forwards ports of the node to pods. (CNI's portmap needs iptables and leaves chains behind.)
std::string render_host_ports(const Options& options, const std::vector<HostPort>& ports);
// crun refuses a hybrid cgroup layout whose v2 tree has a controller: hides that tree from it.
std::string render_crun_wrapper(const std::string& crun);

// Names in places shared with others: they tell one data_dir from another.
std::string network_name(const Options& options);
std::string nft_table(const Options& options);
std::string host_port_table(const Options& options);

}  // namespace xebec::containerd
