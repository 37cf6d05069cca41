// What the runtime is told of sandboxes and containers.
#include <gtest/gtest.h>

#include "kubelet/labels.h"
#include "kubelet/pods/container_config.h"
#include "kubelet/pods/sandbox_config.h"

namespace xebec::kubelet {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    options.root_dir = "/k";
    options.log_root = "/logs";
    options.cgroup_root = "/kubepods";
    options.cluster_dns = {"10.96.0.10"};
    pod.metadata.name = "web";
    pod.metadata.namespace_ = "shop";
    pod.metadata.uid = "u1";
    container().name = "main";
    container().image = "busybox";
  }
  corev1::Container& container() {
    if (pod.spec.containers.empty()) pod.spec.containers.emplace_back();
    return pod.spec.containers[0];
  }
  Result<cri::ContainerConfig> config() {
    ContainerInputs in;
    in.options = &options;
    in.pod = &pod;
    in.container = &container();
    in.image = image;
    in.env = env;
    in.memory_capacity = 8LL << 30;
    in.cgroup2 = cgroup2;
    return make_container_config(in);
  }
  cri::PodSandboxConfig sandbox(std::string_view resolv_conf = "") {
    warnings.clear();
    return make_sandbox_config(options, pod, 0, resolv_conf, &warnings).value();
  }
  static void set(api::FlatMap<api::Quantity>& list, const char* name, const char* value) {
    list[name] = api::Quantity::must_parse(value);
  }

  KubeletOptions options;
  corev1::Pod pod;
  std::optional<cri::Image> image;
  std::vector<cri::EnvVar> env;
  bool cgroup2 = false;
  std::vector<PodWarning> warnings;
};

TEST_F(ConfigTest, CommandAndArgumentsAreExpanded) {
  cri::EnvVar name;
  name.name = "NAME";
  name.value = "hue";
  env.push_back(name);
  container().command = {"echo", "$(NAME)", "$$(NAME)"};
  container().args = {"$(NAME)-$(OTHER)"};
  container().workingDir = "/srv";
  cri::ContainerConfig out = config().value();
  EXPECT_EQ(out.command, (std::vector<std::string>{"echo", "hue", "$(NAME)"}));
  EXPECT_EQ(out.args, std::vector<std::string>{"hue-$(OTHER)"});
  EXPECT_EQ(out.working_dir, "/srv");
  EXPECT_EQ(out.labels[kPodUid], "u1");
  EXPECT_EQ(out.log_path, "main/0.log");
}

TEST_F(ConfigTest, RequestsAndLimitsBecomeSharesQuotaAndMemory) {
  set(container().resources.requests, "cpu", "250m");
  set(container().resources.limits, "cpu", "500m");
  set(container().resources.limits, "memory", "64Mi");
  set(container().resources.limits, "hugepages-2Mi", "4Mi");
  cri::LinuxResources out = config()->resources;
  EXPECT_EQ(out.cpu_shares, 256);
  EXPECT_EQ(out.cpu_quota, 50000);
  EXPECT_EQ(out.cpu_period, 100000);
  EXPECT_EQ(out.memory_limit, 64 << 20);
  ASSERT_EQ(out.hugepage_limits.size(), 1U);
  EXPECT_EQ(out.hugepage_limits[0].page_size, "2MB");
  EXPECT_EQ(out.hugepage_limits[0].limit, 4U << 20);
  EXPECT_TRUE(out.unified.empty());
  cgroup2 = true;
  EXPECT_EQ(config()->resources.unified["memory.oom.group"], "1");
}

TEST_F(ConfigTest, WithoutRequestsTheLeastSharesAreGiven) {
  EXPECT_EQ(config()->resources.cpu_shares, 2);
  set(container().resources.limits, "cpu", "1");
  EXPECT_EQ(config()->resources.cpu_shares, 1024) << "a limit alone is a request too";
}

TEST_F(ConfigTest, WhoAskedForMoreMemoryIsKilledLater) {
  EXPECT_EQ(config()->resources.oom_score_adj, 1000);
  set(container().resources.requests, "memory", "4Gi");
  EXPECT_EQ(config()->resources.oom_score_adj, 500);
  set(container().resources.requests, "memory", "8Gi");
  EXPECT_EQ(config()->resources.oom_score_adj, 3);
  set(container().resources.requests, "memory", "1Ki");
  EXPECT_EQ(config()->resources.oom_score_adj, 999);
  for (const char* name : {"cpu", "memory"}) {
    set(container().resources.limits, name, "1");
    set(container().resources.requests, name, "1");
  }
  EXPECT_EQ(config()->resources.oom_score_adj, -997) << "guaranteed";
  container().resources = corev1::ResourceRequirements();
  pod.spec.priorityClassName = "system-node-critical";
  EXPECT_EQ(config()->resources.oom_score_adj, -997);
}

TEST_F(ConfigTest, ASidecarIsNotKilledBeforeThoseItServes) {
  set(container().resources.requests, "memory", "4Gi");
  corev1::Container sidecar;
  sidecar.name = "proxy";
  sidecar.restartPolicy = "Always";
  set(sidecar.resources.requests, "memory", "8Mi");
  pod.spec.initContainers.push_back(sidecar);
  EXPECT_EQ(linux_resources(pod, sidecar, 8LL << 30, false).oom_score_adj, 500);
}

TEST_F(ConfigTest, TheContainersSecurityBeatsThePods) {
  auto& whole = pod.spec.securityContext.emplace();
  whole.runAsUser = 1000;
  whole.runAsGroup = 1001;
  whole.fsGroup = 2000;
  whole.supplementalGroups = {3000};
  whole.seccompProfile.emplace().type = "RuntimeDefault";
  auto& own = container().securityContext.emplace();
  own.runAsUser = 1500;
  own.readOnlyRootFilesystem = true;
  own.allowPrivilegeEscalation = false;
  own.capabilities.emplace().add = {"NET_ADMIN", "CAP_SYS_TIME"};
  own.capabilities->drop = {"ALL"};
  cri::ContainerSecurityContext out = config()->security;
  EXPECT_EQ(out.run_as_user, 1500);
  EXPECT_EQ(out.run_as_group, 1001);
  EXPECT_EQ(out.supplemental_groups, (std::vector<int64_t>{3000, 2000}));
  EXPECT_TRUE(out.readonly_rootfs);
  EXPECT_TRUE(out.no_new_privs);
  EXPECT_EQ(out.capabilities->add, (std::vector<std::string>{"NET_ADMIN", "SYS_TIME"}));
  EXPECT_EQ(out.capabilities->drop, std::vector<std::string>{"ALL"});
  EXPECT_EQ(out.seccomp->type, cri::SecurityProfile::Type::kRuntimeDefault);
  EXPECT_FALSE(out.masked_paths.empty());
}

TEST_F(ConfigTest, APrivilegedContainerSeesEverything) {
  container().securityContext.emplace().privileged = true;
  pod.spec.hostPID = true;
  pod.spec.hostNetwork = true;
  cri::ContainerSecurityContext out = config()->security;
  EXPECT_TRUE(out.privileged);
  EXPECT_TRUE(out.masked_paths.empty());
  EXPECT_EQ(out.seccomp->type, cri::SecurityProfile::Type::kUnconfined);
  EXPECT_EQ(out.namespaces.pid, cri::NamespaceMode::kNode);
  EXPECT_EQ(out.namespaces.network, cri::NamespaceMode::kNode);
  EXPECT_TRUE(sandbox().security.privileged);
  EXPECT_EQ(sandbox().hostname, "");
}

TEST_F(ConfigTest, RunAsNonRootIsVerifiedInUpstreamsWords) {
  auto& own = container().securityContext.emplace();
  own.runAsNonRoot = true;
  image.emplace();
  const std::string who = " (pod: \"web_shop(u1)\", container: main)";
  auto why = [&] { return config() ? std::string() : config().error().message; };
  EXPECT_EQ(why(), "container has runAsNonRoot and image will run as root" + who);
  image->username = "www-data";
  EXPECT_EQ(why(),
            "container has runAsNonRoot and image has non-numeric user (www-data), cannot verify user is "
            "non-root" +
                who);
  image->uid = 33;
  EXPECT_EQ(why(), "");
  EXPECT_EQ(config()->security.run_as_user, 33);
  own.runAsUser = 0;
  EXPECT_EQ(why(), "container's runAsUser breaks non-root policy" + who);
}

TEST_F(ConfigTest, DnsFollowsThePolicy) {
  const std::string host = "# comment\nnameserver 9.9.9.9\nsearch example.com.\noptions timeout:2\n";
  cri::DnsConfig dns = sandbox(host).dns.value();
  EXPECT_EQ(dns.servers, std::vector<std::string>{"10.96.0.10"});
  EXPECT_EQ(dns.searches, (std::vector<std::string>{"shop.svc.cluster.local", "svc.cluster.local",
                                                    "cluster.local", "example.com"}));
  EXPECT_EQ(dns.options, std::vector<std::string>{"ndots:5"});
  pod.spec.dnsPolicy = "Default";
  EXPECT_EQ(sandbox(host).dns->servers, std::vector<std::string>{"9.9.9.9"});
  EXPECT_EQ(sandbox(host).dns->options, std::vector<std::string>{"timeout:2"});
  pod.spec.dnsPolicy = "ClusterFirst";
  pod.spec.hostNetwork = true;
  EXPECT_EQ(sandbox(host).dns->servers, std::vector<std::string>{"9.9.9.9"});
  pod.spec.dnsPolicy = "ClusterFirstWithHostNet";
  EXPECT_EQ(sandbox(host).dns->servers, std::vector<std::string>{"10.96.0.10"});
  pod.spec.dnsPolicy = "None";
  auto& own = pod.spec.dnsConfig.emplace();
  own.nameservers = {"1.1.1.1"};
  own.searches = {"a.b"};
  corev1::PodDNSConfigOption& option = own.options.emplace_back();
  option.name = "ndots";
  option.value = "2";
  EXPECT_EQ(sandbox(host).dns->servers, std::vector<std::string>{"1.1.1.1"});
  EXPECT_EQ(sandbox(host).dns->searches, std::vector<std::string>{"a.b"});
  EXPECT_EQ(sandbox(host).dns->options, std::vector<std::string>{"ndots:2"});
  EXPECT_TRUE(warnings.empty());
}

TEST_F(ConfigTest, DnsLimitsAreToldOf) {
  pod.spec.dnsConfig.emplace().nameservers = {"1.1.1.1", "2.2.2.2", "3.3.3.3"};
  EXPECT_EQ(sandbox().dns->servers.size(), 3U);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].reason, "DNSConfigForming");
  EXPECT_EQ(
      warnings[0].message,
      "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
      "10.96.0.10 1.1.1.1 2.2.2.2");
  pod.spec.dnsConfig->nameservers.clear();
  for (int i = 0; i < 40; ++i) pod.spec.dnsConfig->searches.push_back("s" + std::to_string(i));
  EXPECT_EQ(sandbox().dns->searches.size(), 32U);
  EXPECT_TRUE(warnings.at(0).message.starts_with("Search Line limits were exceeded"));
  options.cluster_dns.clear();
  pod.spec.dnsConfig.reset();
  sandbox();
  EXPECT_EQ(warnings.at(0).reason, "MissingClusterDNS");
}

TEST_F(ConfigTest, TheSandboxIsNamedAndPlacedAfterThePod) {
  pod.metadata.name = std::string(70, 'a');
  pod.spec.shareProcessNamespace = true;
  cri::PodSandboxConfig out = sandbox();
  EXPECT_EQ(out.hostname, std::string(63, 'a'));
  EXPECT_EQ(out.log_directory, "/logs/shop_" + pod.metadata.name + "_u1");
  EXPECT_EQ(out.cgroup_parent, "/kubepods/besteffort/podu1");
  EXPECT_EQ(out.security.namespaces.pid, cri::NamespaceMode::kPod);
  pod.metadata.name = "web";
  pod.spec.hostname = "front";
  pod.spec.subdomain = "sub";
  pod.spec.setHostnameAsFQDN = true;
  EXPECT_EQ(sandbox().hostname, "front.sub.shop.svc.cluster.local");
}

TEST_F(ConfigTest, OverheadIsTold) {
  set(container().resources.limits, "memory", "64Mi");
  set(pod.spec.overhead, "memory", "16Mi");
  cri::PodSandboxConfig out = sandbox();
  EXPECT_EQ(out.overhead->memory_limit, 16 << 20);
  EXPECT_EQ(out.resources->memory_limit, 80 << 20);
}

}  // namespace
}  // namespace xebec::kubelet
