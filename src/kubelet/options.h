// What a kubelet is told about its node.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace xebec::kubelet {

struct KubeletOptions {
  std::string node_name;
  std::string hostname;               // empty: the node's name
  std::vector<std::string> node_ips;  // primary first
  std::string root_dir;               // pods' files: ROOT/pods/UID/...
  std::string log_root;               // LOG_ROOT/NS_NAME_UID/CONTAINER/N.log
  std::string cgroup_root;            // "/kubepods"
  std::vector<std::string> cluster_dns;
  std::string cluster_domain = "cluster.local";
  std::string resolv_conf = "/etc/resolv.conf";
  int32_t server_port = 10250;
  int32_t max_pods = 110;
  std::string sandbox_image;  // never collected
  std::string version = "v1.36.0";
  std::map<std::string, std::string> node_labels;
};

}  // namespace xebec::kubelet
