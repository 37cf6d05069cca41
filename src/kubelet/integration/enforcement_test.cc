// What a Pod's spec says is done by the kernel: resources, users, capabilities, system calls, names and
// messages.
#include "kubelet/integration/node_fixture.h"

namespace xebec::kubelet::testing {
namespace {

void set(api::FlatMap<api::Quantity>& list, const char* name, const char* value) {
  list[name] = api::Quantity::must_parse(value);
}

// A file of a control group: version 1 has its controllers in folders of their own.
std::string cgroup(const Node& node, const std::string& path, const char* v1, const char* v2) {
  std::string file =
      node.cgroups->unified()
          ? "/sys/fs/cgroup" + path + "/" + v2
          : "/sys/fs/cgroup/" + std::string(v1).substr(0, std::string(v1).find('.')) + path + "/" + v1;
  std::string text = read_file(file);
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "nothing in " + file : text;
}

Task<void> resources(Node& node, Pods pods) {
  node.start();
  node.api->put(pods[0]);
  std::function<bool()> running = [&] { return node.get(pods[0].metadata.name).status.phase == "Running"; };
  bool done = co_await until(running);
  EXPECT_TRUE(done) << node.events();
  corev1::Pod pod = node.get(pods[0].metadata.name);
  bool v2 = node.cgroups->unified();
  std::string path = pod_cgroup(node.options.cgroup_root, pod);
  EXPECT_EQ(cgroup(node, path, "cpu.shares", "cpu.weight"), v2 ? "14" : "358");
  EXPECT_EQ(cgroup(node, path, "cpu.cfs_quota_us", "cpu.max"), v2 ? "70000 100000" : "70000");
  EXPECT_EQ(cgroup(node, path, "memory.limit_in_bytes", "memory.max"), "100663296");
  EXPECT_EQ(cgroup(node, path, "pids.max", "pids.max"), "100");
  for (const corev1::ContainerStatus& status : pod.status.containerStatuses) {
    std::string own = path + "/" + status.containerID.substr(std::string("containerd://").size());
    bool first = status.name == "main";
    EXPECT_EQ(cgroup(node, own, "memory.limit_in_bytes", "memory.max"), first ? "67108864" : "33554432");
    EXPECT_EQ(cgroup(node, own, "cpu.cfs_quota_us", "cpu.max"),
              std::string(first ? "50000" : "20000") + (v2 ? " 100000" : ""));
    if (!v2) {
      EXPECT_EQ(cgroup(node, own, "cpu.shares", ""), first ? "256" : "102");
    }
  }

  Pods hungry(pods.begin() + 1, pods.end());
  co_await run_to_end(node, hungry);
  for (const corev1::Pod& one : hungry) {
    corev1::Pod ended = node.get(one.metadata.name);
    EXPECT_EQ(ended.status.phase, "Failed");
    EXPECT_EQ(ended.status.containerStatuses.size(), 1U);
    if (ended.status.containerStatuses.empty() || !ended.status.containerStatuses[0].state.terminated)
      continue;
    const auto& how = *ended.status.containerStatuses[0].state.terminated;
    EXPECT_EQ(how.exitCode, 137) << one.metadata.name;
    EXPECT_EQ(how.reason, "OOMKilled") << one.metadata.name;
  }
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, RequestsAndLimitsHold) {
  corev1::Pod steady = make("steady", {"sleep", "3600"});
  corev1::Container& main = steady.spec.containers[0];
  main.resources = corev1::ResourceRequirements();
  set(main.resources.requests, "cpu", "250m");
  set(main.resources.limits, "cpu", "500m");
  set(main.resources.limits, "memory", "64Mi");
  corev1::Container& second = steady.spec.containers.emplace_back(main);
  second.name = "second";
  set(second.resources.requests, "cpu", "100m");
  set(second.resources.limits, "cpu", "200m");
  set(second.resources.limits, "memory", "32Mi");

  corev1::Pod greedy = make("greedy", {"dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=60"});
  set(greedy.spec.containers[0].resources.limits, "memory", "16Mi");
  // No container is limited, all of them together are.
  corev1::Pod whole = make("whole", greedy.spec.containers[0].command);
  whole.spec.containers[0].resources = corev1::ResourceRequirements();
  corev1::ResourceRequirements& all = whole.spec.resources.emplace();
  set(all.limits, "memory", "24Mi");
  set(all.requests, "memory", "24Mi");
  Pods pods = {steady, greedy, whole};
  block_on(on_node(*containerd_, images_, options_, resources, pods));
}

Task<void> contexts(Node& node, Pods pods) {
  node.start();
  Pods ends(pods.begin(), pods.begin() + 1);
  co_await run_to_end(node, ends);
  const corev1::Pod& pod = pods[0];
  auto said = [&](const char* container, const char* name) { return node.said(pod, name, container); };
  EXPECT_EQ(said("plain", "CapEff:"), "00000000a80425fb");
  EXPECT_EQ(said("plain", "Seccomp:"), "0");
  EXPECT_EQ(said("plain", "NoNewPrivs:"), "0");
  EXPECT_EQ(said("plain", "user"), "0 0");
  EXPECT_EQ(said("plain", "touch"), "0");
  EXPECT_EQ(said("plain", "unshare"), "0");
  EXPECT_EQ(said("capable", "CapEff:"), "0000000000001000") << "only NET_ADMIN";
  EXPECT_EQ(said("strict", "Seccomp:"), "2");
  EXPECT_EQ(said("strict", "NoNewPrivs:"), "1");
  EXPECT_EQ(said("strict", "touch"), "1") << "the root is read-only";
  EXPECT_EQ(said("strict", "unshare"), "1") << "no new user namespaces by RuntimeDefault";
  EXPECT_EQ(said("user", "user"), "1000 3000");
  EXPECT_EQ(said("user", "groups"), "3000 2000 4000");
  EXPECT_EQ(said("user", "CapEff:"), "0000000000000000");
  EXPECT_EQ(said("group", "user"), "0 3000") << "a group alone";

  corev1::Pod refused = pods[1];
  node.api->put(refused);
  std::function<bool()> waits = [&] {
    corev1::Pod now = node.get(refused.metadata.name);
    return !now.status.containerStatuses.empty() && now.status.containerStatuses[0].state.waiting &&
           now.status.containerStatuses[0].state.waiting->reason == "CreateContainerConfigError";
  };
  bool done = co_await until(waits);
  EXPECT_TRUE(done) << node.events();
  if (done) {
    EXPECT_EQ(node.get(refused.metadata.name).status.containerStatuses[0].state.waiting->message,
              "container has runAsNonRoot and image will run as root (pod: \"refused_default(" +
                  refused.metadata.uid + ")\", container: main)");
  }
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, SecurityContextsHold) {
  corev1::Pod pod =
      make("contexts", {"sh", "-c",
                        "grep -E 'CapEff|Seccomp:|NoNewPrivs' /proc/self/status | tr '\\t' ' '; "
                        "echo user $(id -u) $(id -g); echo groups $(id -G); "
                        "touch /file; echo touch $?; unshare -U true; echo unshare $?"});
  corev1::PodSecurityContext& of_pod = pod.spec.securityContext.emplace();
  of_pod.fsGroup = 2000;
  of_pod.supplementalGroups = {4000};
  corev1::Container model = pod.spec.containers[0];
  pod.spec.containers.clear();
  auto add = [&](const char* name) -> corev1::SecurityContext& {
    corev1::Container& container = pod.spec.containers.emplace_back(model);
    container.name = name;
    return container.securityContext.emplace();
  };
  add("plain");
  corev1::Capabilities& capabilities = add("capable").capabilities.emplace();
  capabilities.drop = {"ALL"};
  capabilities.add = {"NET_ADMIN"};
  corev1::SecurityContext& strict = add("strict");
  strict.seccompProfile.emplace().type = "RuntimeDefault";
  strict.allowPrivilegeEscalation = false;
  strict.readOnlyRootFilesystem = true;
  corev1::SecurityContext& user = add("user");
  user.runAsUser = 1000;
  user.runAsGroup = 3000;
  add("group").runAsGroup = 3000;

  corev1::Pod refused = make("refused", {"true"});
  refused.spec.securityContext.emplace().runAsNonRoot = true;
  Pods pods = {pod, refused};
  block_on(on_node(*containerd_, images_, options_, contexts, pods));
}

Task<void> surroundings(Node& node, Pods pods) {
  node.start();
  co_await run_to_end(node, pods);
  const corev1::Pod& pod = pods[0];
  EXPECT_EQ(node.said(pod, "host"), "web-0");
  EXPECT_EQ(node.said(pod, "first"), "pause") << "processes are shared with the sandbox";
  std::string log = node.log(pod);
  std::string ip = node.get(pod.metadata.name).status.podIP;
  EXPECT_NE(log.find(ip + "\tweb-0.web.default.svc.cluster.local\tweb-0\n"), std::string::npos) << log;
  EXPECT_NE(log.find("# Entries added by HostAliases.\n10.1.2.3\tfoo.local\tbar.local\n"), std::string::npos)
      << log;
  for (const char* line :
       {"\nnameserver 192.0.2.1\n", "\nsearch a.example b.example\n", "\noptions ndots:2 edns0\n"})
    EXPECT_NE(log.find(line), std::string::npos) << log;
  for (const char* line : {"search default.svc.cluster.local svc.cluster.local cluster.local",
                           "nameserver 10.96.0.10", "options ndots:5"}) {
    EXPECT_NE(node.log(pods[1]).find(line), std::string::npos) << node.log(pods[1]);
  }
  EXPECT_EQ(node.said(pods[1], "first"), "sh") << "a container sees its own processes only";
  EXPECT_EQ(node.said(pods[1], "timeout"), "17");
  EXPECT_EQ(node.said(pods[1], "removed"), "1");
  auto message = [&](size_t i) {
    corev1::Pod ended = node.get(pods[i].metadata.name);
    const auto& all = ended.status.containerStatuses;
    return all.empty() || !all[0].state.terminated ? "(not over)" : all[0].state.terminated->message;
  };
  EXPECT_EQ(message(2), "from the file");
  EXPECT_EQ(message(3), "last words\n");
  EXPECT_EQ(message(4), "") << "logs speak for failures only";
  EXPECT_EQ(message(5), "") << "nobody asked for the log";
  corev1::Pod forbidden = node.get(pods[6].metadata.name);
  EXPECT_EQ(forbidden.status.phase, "Failed");
  EXPECT_EQ(forbidden.status.reason, "SysctlForbidden");
  EXPECT_EQ(forbidden.status.message,
            "Pod was rejected: forbidden sysctl: \"kernel.msgmax\" not allowlisted");
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, NamesResolversSysctlsAndMessagesAreAsAskedFor) {
  corev1::Pod pod =
      make("named", {"sh", "-c",
                     "echo host $(hostname); echo first $(cat /proc/1/comm); cat /etc/hosts; cat "
                     "/etc/resolv.conf"});
  pod.spec.hostname = "web-0";
  pod.spec.subdomain = "web";
  pod.spec.shareProcessNamespace = true;
  corev1::HostAlias& alias = pod.spec.hostAliases.emplace_back();
  alias.ip = "10.1.2.3";
  alias.hostnames = {"foo.local", "bar.local"};
  pod.spec.dnsPolicy = "None";
  corev1::PodDNSConfig& dns = pod.spec.dnsConfig.emplace();
  dns.nameservers = {"192.0.2.1"};
  dns.searches = {"a.example", "b.example"};
  dns.options.emplace_back().name = "ndots";
  dns.options.back().value = "2";
  dns.options.emplace_back().name = "edns0";

  corev1::Pod tuned = make("tuned", {"sh", "-c",
                                     "cat /etc/resolv.conf; echo first $(cat /proc/1/comm); "
                                     "echo timeout $(cat /proc/sys/net/ipv4/tcp_fin_timeout); "
                                     "echo removed $(cat /proc/sys/kernel/shm_rmid_forced)"});
  tuned.spec.dnsPolicy = "ClusterFirst";
  auto& sysctls = tuned.spec.securityContext.emplace().sysctls;
  auto sysctl = [](auto& list, const char* name, const char* value) {
    corev1::Sysctl& one = list.emplace_back();
    one.name = name;
    one.value = value;
  };
  sysctl(sysctls, "net.ipv4.tcp_fin_timeout", "17");
  sysctl(sysctls, "kernel.shm_rmid_forced", "1");

  auto speaks = [&](const char* name, const char* script, const char* policy) {
    corev1::Pod out = make(name, {"sh", "-c", script});
    out.spec.containers[0].terminationMessagePath = "/tmp/message";
    out.spec.containers[0].terminationMessagePolicy = policy;
    return out;
  };
  corev1::Pod file =
      speaks("m-file", "printf 'from the file' > /tmp/message; echo log; exit 1", "FallbackToLogsOnError");
  corev1::Pod fallback = speaks("m-log", "echo last words; exit 1", "FallbackToLogsOnError");
  corev1::Pod fine = speaks("m-fine", "echo last words", "FallbackToLogsOnError");
  corev1::Pod silent = speaks("m-silent", "echo last words; exit 1", "File");
  corev1::Pod forbidden = make("forbidden", {"true"});
  sysctl(forbidden.spec.securityContext.emplace().sysctls, "kernel.msgmax", "1");
  Pods pods = {pod, tuned, file, fallback, fine, silent, forbidden};
  for (corev1::Pod& one : pods) {  // a small machine has room for all of them
    set(one.spec.containers[0].resources.requests, "cpu", "10m");
  }
  block_on(on_node(*containerd_, images_, options_, surroundings, pods));
}

}  // namespace
}  // namespace xebec::kubelet::testing
