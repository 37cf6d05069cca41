#include "kubelet/runtime/config.h"

#include <nlohmann/json.hpp>

#include "kubelet/runtime/images.h"

namespace xebec::containerd {
namespace {

using testing::HasSubstr;
using testing::Not;

Host plain_host() {
  Host host;
  host.runc = "/usr/sbin/runc";
  host.cni_bin_dir = "/usr/lib/cni";
  return host;
}

Options node() {
  Options options;
  options.data_dir = "/data";
  options.pod_cidr = "10.244.3.0/24";
  return options;
}

TEST(Config, AMachineWithoutSysResourceDoesNotLowerOomScores) {
  Host host = plain_host();
  EXPECT_THAT(render_config(node(), host), HasSubstr("oom_score = -999"));
  EXPECT_THAT(render_config(node(), host), HasSubstr("restrict_oom_score_adj = false"));
  host.can_lower_oom_score = false;
  EXPECT_THAT(render_config(node(), host), HasSubstr("oom_score = 0"));
  EXPECT_THAT(render_config(node(), host), HasSubstr("restrict_oom_score_adj = true"));
}

TEST(Config, ANativeSnapshotterStandsInForOverlayfs) {
  Host host = plain_host();
  EXPECT_THAT(render_config(node(), host), HasSubstr("snapshotter = \"overlayfs\""));
  host.overlayfs = false;
  EXPECT_THAT(render_config(node(), host), HasSubstr("snapshotter = \"native\""));
}

TEST(Config, CrunIsARuntimeOnlyWhereItIsInstalled) {
  Host host = plain_host();
  EXPECT_THAT(render_config(node(), host), Not(HasSubstr("runtimes.crun")));
  host.crun = "/usr/bin/crun";
  EXPECT_THAT(render_config(node(), host), HasSubstr("BinaryName = \"/usr/bin/crun\""));
  host.cgroups = CgroupMode::kHybrid;
  EXPECT_THAT(render_config(node(), host), HasSubstr("BinaryName = \"/data/crun-nohybrid\""));
}

TEST(Config, TheCniConfigurationIsJsonWithTheNodesRange) {
  nlohmann::json conf = nlohmann::json::parse(render_cni(node()));
  EXPECT_EQ(conf["plugins"][0]["type"], "ptp");
  EXPECT_EQ(conf["plugins"][0]["ipam"]["ranges"][0][0]["subnet"], "10.244.3.0/24");
  EXPECT_EQ(conf["plugins"][0]["ipam"]["dataDir"], "/data/ipam");
  EXPECT_EQ(conf["name"], network_name(node()));
}

TEST(Config, NamesInSharedPlacesDifferByDataDirectory) {
  Options other = node();
  other.data_dir = "/data2";
  EXPECT_NE(nft_table(node()), nft_table(other));
  EXPECT_NE(network_name(node()), network_name(other));
}

TEST(Config, TrafficInsideTheClusterIsNotMasqueraded) {
  EXPECT_THAT(render_nft(node()), HasSubstr("ip saddr 10.244.3.0/24 ip daddr != 10.244.0.0/16 masquerade"));
}

TEST(Config, HostPortsAreForwardedForOneAddressOrAll) {
  std::vector<HostPort> ports(2);
  ports[0] = {.host_port = 8080, .pod_ip = "10.244.3.5", .container_port = 80};
  ports[1] = {.protocol = cri::Protocol::kUdp,
              .host_ip = "192.0.2.1",
              .host_port = 53,
              .pod_ip = "10.244.3.6",
              .container_port = 5353};
  std::string text = render_host_ports(node(), ports);
  EXPECT_THAT(text, HasSubstr("    tcp dport 8080 dnat to 10.244.3.5:80\n"));
  EXPECT_THAT(text, HasSubstr("    ip daddr 192.0.2.1 udp dport 53 dnat to 10.244.3.6:5353\n"));
  EXPECT_THAT(render_host_ports(node(), {}), Not(HasSubstr("chain")));
}

TEST(Host, MountinfoEscapesAreUndone) {
  std::vector<MountPoint> mounts = parse_mountinfo(
      "36 35 98:0 / /mnt/with\\040space rw,noatime shared:1 - ext3 /dev/root rw\n"
      "40 35 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\nnot a mount\n"
      "41 35 0:31 / /a\\xyz\\777\\04 rw - tmpfs tmpfs rw\n");
  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].path, "/mnt/with space");
  EXPECT_EQ(mounts[1].type, "cgroup");
  EXPECT_EQ(mounts[1].options, "rw,memory");
  EXPECT_EQ(mounts[2].path, "/a\\xyz\\777\\04");  // no escapes: as they are
}

TEST(Host, CapabilitiesAreReadFromProc) {
  EXPECT_FALSE(has_capability("Name:\tx\nCapEff:\t000001fffeffffff\n", 24));
  EXPECT_TRUE(has_capability("Name:\tx\nCapEff:\t000001ffffffffff\n", 24));
}

TEST(Images, ListsAreParsed) {
  std::map<std::string, std::string> refs = parse_refs("docker.io/library/busybox:latest\tsha256:1\nbad\n");
  EXPECT_EQ(refs.size(), 1u);
  std::map<std::string, std::string> present = parse_image_list(
      "REF TYPE DIGEST SIZE PLATFORMS LABELS\n"
      "docker.io/library/busybox:latest application/vnd.oci.image.manifest.v1+json sha256:1 2.1 MiB "
      "linux/amd64 -\n");
  EXPECT_EQ(refs, present);
}

}  // namespace
}  // namespace xebec::containerd
