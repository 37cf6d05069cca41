#include "cmd/node/node_options.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cmd/host_address.h"

namespace xebec::cmd {
namespace {

void make_absolute(std::string& path) {
  std::error_code error;
  if (!path.empty()) path = std::filesystem::absolute(path, error).lexically_normal();
}

void make_endpoint(std::string& endpoint) {
  if (endpoint.starts_with("/")) endpoint.insert(0, "unix://");
}

}  // namespace

void declare_node_flags(Flags& flags, NodeOptions& o) {
  flags.group("Node");
  flags.add("hostname-override", o.node_name, "The node's name; the host's without it.");
  flags.add("node-ip", o.node_ip, "The node's address; that of the default route's interface without it.",
            "ip");
  flags.add("node-labels", o.node_labels, "Labels that the node registers with.");
  flags.add("healthz-port", o.healthz_port, "The port of /healthz in plain http; 0 serves none.");
  flags.add("healthz-bind-address", o.healthz_address, "The IP address of --healthz-port.", "ip");
  flags.add("max-pods", o.max_pods, "How many Pods can run on the node.");
  flags.add("cgroup-root", o.cgroup_root, "Parent of all Pods' control groups.");
  flags.add("cluster-dns", o.cluster_dns, "Where Pods ask for names.");
  flags.add("cluster-domain", o.cluster_domain, "The domain of the cluster, which Pods search.");
  flags.add("resolv-conf", o.resolv_conf, "What Pods with the node's name resolution get.", "file");
  flags.add("cluster-cidr", o.cluster_cidr, "The range of all Pods: what they send there is not masqueraded.",
            "cidr");
  flags.add("images-dir", o.images_dir,
            "A folder of image archives that stand in for registries, with a private containerd.", "dir");
}

void NodeOptions::for_data_dir(const std::string& data_dir) {
  const std::string node = data_dir + "/node";
  root_dir = node + "/kubelet";
  pod_logs_dir = node + "/logs";
  containerd_dir = node + "/containerd";
}

Result<void> NodeOptions::complete() {
  if (node_name.empty()) {
    char host[256] = {};
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
      return fail(errors::internal("the host has no name; give --hostname-override"));
    node_name = host;
  }
  std::ranges::transform(node_name, node_name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (node_ip.empty()) {
    TRY(node_ip, default_route_address());
  }
  for (std::string* path : {&root_dir, &pod_logs_dir, &containerd_dir, &images_dir}) make_absolute(*path);
  make_endpoint(runtime_endpoint);
  make_endpoint(image_endpoint);
  return {};
}

}  // namespace xebec::cmd
