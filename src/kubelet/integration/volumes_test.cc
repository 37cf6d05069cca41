// Volumes as containers see them: modes and owners, tmpfs, sizes, huge pages, paths of the host, sub-paths.
#include "kubelet/integration/node_fixture.h"

namespace xebec::kubelet::testing {
namespace {

corev1::Volume& volume(corev1::Pod& pod, const char* name) {
  corev1::Volume& out = pod.spec.volumes.emplace_back();
  out.name = name;
  return out;
}

// The API answers requests for tokens.
std::optional<http::Response> token_hook(const http::Request& request) {
  if (!request.path.ends_with("/serviceaccounts/default/token")) return std::nullopt;
  http::Response response;
  response.status = 201;
  response.headers.add("Content-Type", "application/json");
  response.set_body(
      R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{"audiences":[]},)"
      R"("status":{"token":"t0ken","expirationTimestamp":"2099-01-01T00:00:00Z"}})");
  return response;
}

Task<void> modes(Node& node, Pods pods) {
  node.api->set_hook(token_hook);
  put_sources(node, {{"a", "A"}, {"b", "B"}});
  node.machine.huge_pages[2 << 20] = 4;
  node.start();
  co_await run_to_end(node, pods);
  const corev1::Pod& pod = pods[0];
  auto said = [&](const char* name) { return node.said(pod, name); };
  EXPECT_EQ(said("keys"), "tmpfs");
  EXPECT_NE(said("settings"), "tmpfs");
  EXPECT_EQ(said("a"), "440 0 2000") << "0400 as asked for, and readable by the group";
  EXPECT_EQ(said("b"), "444 0 2000");
  EXPECT_EQ(said("greeting"), "644 0 2000");
  EXPECT_EQ(said("token"), "640 1000 2000");
  EXPECT_EQ(said("tokentext"), "t0ken");
  EXPECT_EQ(said("scratch"), "2777 0 2000");
  EXPECT_EQ(said("file"), "644 1000 2000");
  EXPECT_EQ(said("sub"), "2777 0 2000") << "as open as its volume";
  EXPECT_EQ(said("subfile"), "0");
  EXPECT_EQ(said("within"), "0");
  EXPECT_EQ(said("beyond"), "1") << "the size limit holds";
  EXPECT_EQ(said("readonly"), "1");
  EXPECT_EQ(said("secretwrite"), "1");
  EXPECT_NE(node.log(pod).find("nodev /huge hugetlbfs rw"), std::string::npos) << node.log(pod);
  EXPECT_NE(node.log(pod).find("pagesize=2M"), std::string::npos) << node.log(pod);
  EXPECT_EQ(node.said(pods[1], "mode"), "600 33 0") << "the user all containers run as owns the token";
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, VolumesHaveTheirModesOwnersAndLimits) {
  corev1::Pod pod = make(
      "modes",
      {"sh", "-c",
       "mode() { echo $1 $(stat -L -c '%a %u %g' $2); }; umask 022; "
       "echo keys $(stat -f -c %T /keys); echo settings $(stat -f -c %T /settings); "
       "mode a /keys/a; mode b /keys/b; mode greeting /settings/greeting; mode token /token/token; "
       "echo tokentext $(cat /token/token); mode scratch /scratch; touch /scratch/file; mode file "
       "/scratch/file; "
       "mode sub /sub; touch /sub/x; echo subfile $?; "
       "dd if=/dev/zero of=/mem/x bs=1k count=512; echo within $?; "
       "dd if=/dev/zero of=/mem/x bs=1k count=2000; echo beyond $?; "
       "touch /readonly/x; echo readonly $?; touch /keys/x; echo secretwrite $?; grep /huge /proc/mounts"});
  corev1::PodSecurityContext& security = pod.spec.securityContext.emplace();
  security.runAsUser = 1000;
  security.fsGroup = 2000;
  corev1::Container& container = pod.spec.containers[0];
  for (auto* list : {&container.resources.limits, &container.resources.requests})
    (*list)["hugepages-2Mi"] = api::Quantity::must_parse("4Mi");
  corev1::SecretVolumeSource& keys = volume(pod, "keys").secret.emplace();
  keys.secretName = "keys";
  keys.defaultMode = 0444;
  for (const char* key : {"a", "b"}) {
    corev1::KeyToPath& item = keys.items.emplace_back();
    item.key = item.path = key;
  }
  keys.items[0].mode = 0400;
  mount(container, "keys", "/keys");
  volume(pod, "settings").configMap.emplace().name = "settings";
  mount(container, "settings", "/settings");
  auto& token = volume(pod, "token").projected.emplace().sources.emplace_back().serviceAccountToken.emplace();
  token.path = "token";
  mount(container, "token", "/token");
  volume(pod, "scratch").emptyDir.emplace();
  mount(container, "scratch", "/scratch");
  mount(container, "scratch", "/sub").subPath = "deep/er";
  mount(container, "scratch", "/readonly").readOnly = true;
  corev1::EmptyDirVolumeSource& memory = volume(pod, "mem").emptyDir.emplace();
  memory.medium = "Memory";
  memory.sizeLimit = api::Quantity::must_parse("1Mi");
  mount(container, "mem", "/mem");
  volume(pod, "huge").emptyDir.emplace().medium = "HugePages";
  mount(container, "huge", "/huge");

  corev1::Pod owner = make("owner", {"sh", "-c", "echo mode $(stat -L -c '%a %u %g' /token/token)"});
  owner.spec.securityContext.emplace().runAsUser = 33;
  owner.spec.volumes.push_back(pod.spec.volumes[2]);
  mount(owner.spec.containers[0], "token", "/token");
  Pods pods = {pod, owner};
  block_on(on_node(*containerd_, images_, options_, modes, pods));
}

Task<void> host_paths(Node& node, Pods pods) {
  node.start();
  Pods good(pods.begin(), pods.begin() + 1);
  co_await run_to_end(node, good);
  EXPECT_EQ(node.said(pods[0], "made"), "a folder, a file and a device");
  EXPECT_TRUE(fs::exists(node.options.root_dir + "/host/made/by-pod"));

  node.api->put(pods[1]);
  std::string wanted =
      "hostPath type check failed: " + node.options.root_dir + "/host/missing is not a directory";
  std::function<bool()> refused = [&] { return node.events().find(wanted) != std::string::npos; };
  bool done = co_await until(refused);
  EXPECT_TRUE(done) << node.events();
  EXPECT_NE(node.events().find("FailedMount: MountVolume.SetUp failed for volume \"gone\" : " + wanted),
            std::string::npos)
      << node.events();
  EXPECT_FALSE(fs::exists(node.options.root_dir + "/host/missing"));

  node.api->put(pods[2]);
  refused = [&] {
    corev1::Pod now = node.get(pods[2].metadata.name);
    return !now.status.containerStatuses.empty() && now.status.containerStatuses[0].state.waiting &&
           now.status.containerStatuses[0].state.waiting->reason == "CreateContainerConfigError";
  };
  done = co_await until(refused);
  EXPECT_TRUE(done) << node.events();
  if (done) {
    EXPECT_EQ(node.get(pods[2].metadata.name).status.containerStatuses[0].state.waiting->message,
              "failed to prepare subPath for volumeMount \"escape\" of container \"main\"");
  }
  co_await clear(node);
}

TEST_F(KubeletIntegrationTest, PathsOfTheHostAreOfTheTypeAskedForAndSubPathsStayInside) {
  std::string host = options_.root_dir + "/host";
  fs::create_directories(host);
  fs::create_symlink("/etc", host + "/link");
  auto path = [&](corev1::Pod& pod, const char* name, const std::string& at, const char* type) {
    corev1::HostPathVolumeSource& source = volume(pod, name).hostPath.emplace();
    source.path = at;
    source.type = type;
    return mount(pod.spec.containers[0], name, (std::string("/") + name).c_str());
  };
  corev1::Pod good =
      make("good", {"sh", "-c",
                    "touch /dir/by-pod && [ -f /file ] && [ -c /dev0 ] && echo made a folder, a file "
                    "and a device"});
  path(good, "dir", host + "/made", "DirectoryOrCreate");
  path(good, "file", host + "/some-file", "FileOrCreate");
  path(good, "dev0", "/dev/null", "CharDevice");
  corev1::Pod missing = make("missing", {"true"});
  path(missing, "gone", host + "/missing", "Directory");
  corev1::Pod escape = make("escape", {"true"});
  path(escape, "escape", host, "Directory");
  escape.spec.containers[0].volumeMounts[0].subPath = "link";
  Pods pods = {good, missing, escape};
  block_on(on_node(*containerd_, images_, options_, host_paths, pods));
}

}  // namespace
}  // namespace xebec::kubelet::testing
