#include "kubelet/runtime/config.h"

#include <fmt/format.h>

namespace xebec::containerd {
namespace {

// FNV-1a: the same data_dir gives the same names after a restart.
uint32_t short_hash(const std::string& text) {
  uint32_t h = 2166136261u;
  for (unsigned char c : text) h = (h ^ c) * 16777619u;
  return h;
}

// TOML and JSON agree on these escapes.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace

Paths::Paths(const std::string& data_dir)
    : config(data_dir + "/config.toml"),
      pid_file(data_dir + "/containerd.pid"),
      lock(data_dir + "/lock"),
      log(data_dir + "/containerd.log"),
      socket(data_dir + "/containerd.sock"),
      root(data_dir + "/root"),
      state(data_dir + "/state"),
      cni_conf_dir(data_dir + "/cni"),
      cni_conf(data_dir + "/cni/10-xebec.conflist"),
      ipam_dir(data_dir + "/ipam"),
      nft(data_dir + "/masquerade.nft"),
      host_ports(data_dir + "/host-ports.nft"),
      certs(data_dir + "/certs"),
      crun_wrapper(data_dir + "/crun-nohybrid") {}

std::string network_name(const Options& options) {
  return fmt::format("xebec-{:08x}", short_hash(options.data_dir));
}
std::string nft_table(const Options& options) {
  return fmt::format("xebec-masq-{:08x}", short_hash(options.data_dir));
}

std::string host_port_table(const Options& options) {
  return fmt::format("xebec-ports-{:08x}", short_hash(options.data_dir));
}

std::string render_config(const Options& options, const Host& host) {
  Paths paths(options.data_dir);
  std::string crun;
  if (!host.crun.empty()) {
    std::string binary = host.cgroups == CgroupMode::kHybrid ? paths.crun_wrapper : host.crun;
    crun = fmt::format(R"(
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
          BinaryName = {}
          Root = {}
          SystemdCgroup = false
)",
                       quoted(binary), quoted(paths.state + "/crun"));
  }
  // Tracing and the unused snapshotters only cost time at the start.
  return fmt::format(
      R"(version = 2
root = {root}
state = {state}
oom_score = {oom_score}
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = {socket}
[ttrpc]
  address = {ttrpc}
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = {sandbox_image}
    stream_server_address = "127.0.0.1"
    stream_server_port = "0"
    enable_unprivileged_ports = true
    enable_unprivileged_icmp = true
    disable_apparmor = {disable_apparmor}
    restrict_oom_score_adj = {restrict_oom}
    disable_hugetlb_controller = false
    tolerate_missing_hugetlb_controller = true
    netns_mounts_under_state_dir = true
    device_ownership_from_security_context = true
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = {cni_bin_dir}
      conf_dir = {cni_conf_dir}
      max_conf_num = 1
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = {certs}
    [plugins."io.containerd.grpc.v1.cri".containerd]
      snapshotter = {snapshotter}
      default_runtime_name = "runc"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          BinaryName = {runc}
          Root = {runc_root}
          SystemdCgroup = false
{crun})",
      fmt::arg("root", quoted(paths.root)), fmt::arg("state", quoted(paths.state)),
      fmt::arg("oom_score", host.can_lower_oom_score ? -999 : 0), fmt::arg("socket", quoted(paths.socket)),
      fmt::arg("ttrpc", quoted(paths.socket + ".ttrpc")),
      fmt::arg("sandbox_image", quoted(options.sandbox_image)), fmt::arg("disable_apparmor", !host.apparmor),
      fmt::arg("restrict_oom", !host.can_lower_oom_score), fmt::arg("cni_bin_dir", quoted(host.cni_bin_dir)),
      fmt::arg("cni_conf_dir", quoted(paths.cni_conf_dir)),
      fmt::arg("certs",
               quoted(options.registry_config_dir.empty() ? paths.certs : options.registry_config_dir)),
      fmt::arg("snapshotter", quoted(host.overlayfs ? "overlayfs" : "native")),
      fmt::arg("runc", quoted(host.runc)), fmt::arg("runc_root", quoted(paths.state + "/runc")),
      fmt::arg("crun", crun));
}

std::string render_cni(const Options& options) {
  return fmt::format(R"({{
  "cniVersion": "1.0.0",
  "name": {},
  "plugins": [
    {{
      "type": "ptp",
      "ipMasq": false,
      "mtu": {},
      "ipam": {{
        "type": "host-local",
        "dataDir": {},
        "ranges": [[{{"subnet": {}}}]],
        "routes": [{{"dst": "0.0.0.0/0"}}]
      }}
    }}
  ]
}}
)",
                     quoted(network_name(options)), options.mtu, quoted(Paths(options.data_dir).ipam_dir),
                     quoted(options.pod_cidr));
}

std::string render_nft(const Options& options) {
  return fmt::format(R"(table ip {0}
delete table ip {0}
table ip {0} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {1} ip daddr != {2} masquerade fully-random
  }}
}}
)",
                     nft_table(options), options.pod_cidr, options.cluster_cidr);
}

std::string render_host_ports(const Options& options, const std::vector<HostPort>& ports) {
  constexpr std::string_view kProtocols[] = {"tcp", "udp", "sctp"};
  std::string forward, hairpin;
  for (const HostPort& port : ports) {
    bool any = port.host_ip.empty() || port.host_ip == "0.0.0.0";
    forward += fmt::format(
        "    {}{} dport {} dnat to {}:{}\n", any ? "" : fmt::format("ip daddr {} ", port.host_ip),
        kProtocols[static_cast<int>(port.protocol)], port.host_port, port.pod_ip, port.container_port);
    // A pod that reaches itself through the node must not see its own address as the source.
    hairpin += fmt::format("    ct status dnat ip saddr {0} ip daddr {0} masquerade\n", port.pod_ip);
  }
  std::string table = fmt::format("table ip {0}\ndelete table ip {0}\n", host_port_table(options));
  if (ports.empty()) return table;
  return table + fmt::format(R"(table ip {} {{
  chain ports {{
{}  }}
  chain prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump ports
  }}
  chain output {{
    type nat hook output priority -100; policy accept;
    fib daddr type local jump ports
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ct status dnat ip saddr 127.0.0.0/8 oifname != "lo" masquerade
{}  }}
  chain guard {{
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }}
}}
)",
                             host_port_table(options), forward, hairpin);
}

std::string render_crun_wrapper(const std::string& crun) {
  return fmt::format(R"(#!/bin/sh
exec unshare -m --propagation slave sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec {0} "$@"' crun "$@"
)",
                     crun);
}

}  // namespace xebec::containerd
