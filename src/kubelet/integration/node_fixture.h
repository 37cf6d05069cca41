// For tests of the kubelet over a real containerd: a node with a fake API in front, and pods that tell what
// they see. Needs root, containerd and busybox.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/gen/corev1.h"
#include "api/scheme.h"
#include "base/scope.h"
#include "base/sync.h"
#include "client/in_process.h"
#include "client/testing/fake_api.h"
#include "http/asio_executor.h"
#include "kubelet/cgroups/cgroup_manager.h"
#include "kubelet/host_files.h"
#include "kubelet/kubelet.h"
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/runtime/host.h"
#include "kubelet/runtime/program.h"
#include "kubelet/runtime/supervisor.h"
#include "kubelet/volumes/host_volumes.h"

namespace xebec::kubelet::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline std::string why_not() {
  if (geteuid() != 0) return "needs root";
  for (const char* program : {"containerd", "ctr", "runc", "nft", "python3", "cc"}) {
    if (containerd::find_program(program).empty()) return std::string("needs ") + program;
  }
  if (access("/bin/busybox", X_OK) != 0) return "needs busybox-static";
  return "";
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class KubeletIntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string reason = why_not();
    if (!reason.empty()) GTEST_SKIP() << reason;
    images_ = (fs::temp_directory_path() / "xebec-test-images").string();
    char name[] = "/tmp/xebec-klet-XXXXXX";
    base_ = mkdtemp(name);
    runtime_options_.data_dir = base_ + "/c";
    runtime_options_.pod_cidr = "198.18.78.0/24";
    runtime_options_.cluster_cidr = "198.18.0.0/16";
    runtime_options_.cgroup_root = "/xebec-klet-" + std::to_string(getpid());
    containerd_ = std::make_unique<containerd::Containerd>(runtime_options_, Logger());
    options_.node_name = "node-1";
    options_.node_ips = {"127.0.0.1"};
    options_.root_dir = base_ + "/k";
    options_.log_root = base_ + "/logs";
    options_.cgroup_root = runtime_options_.cgroup_root;
    options_.cluster_dns = {"10.96.0.10"};
    fs::create_directories(options_.root_dir);
  }
  void TearDown() override {
    if (!containerd_) return;
    Result<void> purged = block_on(containerd_->purge());
    EXPECT_TRUE(purged.has_value()) << purged.error().message;
    fs::remove_all(base_);
  }

  corev1::Pod make(const std::string& name, std::vector<std::string> command) {
    corev1::Pod pod;
    pod.metadata.name = name;
    pod.metadata.namespace_ = "default";
    pod.metadata.uid = "11111111-2222-4333-8444-00000000" + std::to_string(1000 + ++made_);
    pod.metadata.labels["color"] = "teal";
    pod.spec.nodeName = "node-1";
    pod.spec.restartPolicy = "Never";
    pod.spec.terminationGracePeriodSeconds = 1;
    corev1::Container& container = pod.spec.containers.emplace_back();
    container.name = "main";
    container.image = "busybox";
    container.imagePullPolicy = "IfNotPresent";
    container.command = std::move(command);
    container.terminationMessagePath = "/dev/termination-log";
    container.resources.limits["memory"] = api::Quantity::must_parse("64Mi");
    container.resources.limits["cpu"] = api::Quantity::must_parse("100m");
    container.resources.requests = container.resources.limits;
    pod.status.phase = "Pending";
    return pod;
  }

  int made_ = 0;
  std::string images_, base_;
  containerd::Options runtime_options_;
  KubeletOptions options_;
  std::unique_ptr<containerd::Containerd> containerd_;
};

// Polls on the loop's own executor: `done` is what is waited for, a minute is enough for anything here.
inline Task<bool> until(std::function<bool()> done) {
  for (int i = 0; i < 1200; ++i) {
    if (done()) co_return true;
    co_await sleep_for(50ms);
  }
  co_return false;
}

// This machine, with what a test wants of it.
struct TestMachine final : MachineReader {
  explicit TestMachine(std::string root_dir) : real(std::move(root_dir)) {}
  Machine machine() override {
    Machine out = real.machine();
    for (const auto& [size, count] : huge_pages) out.huge_pages[size] = count;
    return out;
  }
  MachineLoad load() override {
    MachineLoad out = real.load();
    if (memory_available) out.memory_available_bytes = *memory_available;
    return out;
  }
  DiskSpace disk(const std::string& path) override { return real.disk(path); }

  HostMachine real;
  std::map<int64_t, int64_t> huge_pages;
  std::optional<int64_t> memory_available;
};

struct Node {
  Node(KubeletOptions options, cri::Runtime& runtime)
      : api(std::make_shared<client::testing::FakeApi>(scheme, clock)),
        rest(std::make_shared<client::InProcessClient>(api, *Executor::current(),
                                                       std::make_shared<UserInfo>()),
             scheme),
        env(*Executor::current(), clock, *rng, Logger()),
        options(std::move(options)),
        runtime(runtime),
        machine(this->options.root_dir),
        volumes(env, rest, this->options.root_dir, {}) {}

  void start() {
    life = std::make_unique<Scope>(*env.executor);
    KubeletParts parts{runtime, volumes, *cgroups, *files, *net, machine};
    kubelet = std::make_unique<Kubelet>(options, env, rest, parts);
    life->spawn(kubelet->run(life->token()));
  }
  // What the only container of a pod, or the one named, wrote to its log.
  std::string log(const corev1::Pod& pod, const std::string& container = "main") {
    std::istringstream in(read_file(options.log_root + "/default_" + pod.metadata.name + "_" +
                                    pod.metadata.uid + "/" + container + "/0.log"));
    std::string line, out;
    // "2026-11-30T11:00:00.123456789Z stdout F TEXT"
    while (std::getline(in, line)) out += line.substr(std::min(line.size(), line.find(' ') + 10)) + "\n";
    return out;
  }
  // The line after "NAME ", of a log that a script wrote by `echo NAME ...`.
  std::string said(const corev1::Pod& pod, const std::string& name, const std::string& container = "main") {
    std::istringstream in(log(pod, container));
    std::string line;
    while (std::getline(in, line)) {
      if (line.starts_with(name + " ")) return line.substr(name.size() + 1);
    }
    return "(nothing)";
  }
  std::string events() {
    std::string out;
    for (const corev1::Event& event : api->list<corev1::Event>("default"))
      out += event.reason + ": " + event.message + "\n";
    return out;
  }
  Task<void> stop() {
    life->cancel();
    co_await life->join();
    kubelet.reset();
    life.reset();
  }
  corev1::Pod get(const std::string& name) {
    return api->get<corev1::Pod>("default", name).value_or(corev1::Pod());
  }

  SystemClock clock;
  std::unique_ptr<Rng> rng = make_system_rng();
  api::Scheme scheme = api::Scheme::builtin();
  std::shared_ptr<client::testing::FakeApi> api;
  client::Rest rest;
  client::Env env;
  KubeletOptions options;
  cri::Runtime& runtime;
  TestMachine machine;
  HostVolumes volumes;
  std::unique_ptr<CgroupManager> cgroups;
  std::unique_ptr<HostFiles> files = make_host_files();
  http::IoPool pool{1};
  std::unique_ptr<NetProber> net = make_net_prober(pool);
  std::unique_ptr<Scope> life;
  std::unique_ptr<Kubelet> kubelet;
};

inline Task<void> build_and_start(containerd::Containerd& containerd, std::string images, bool& ok) {
  std::vector<std::string> build = {XEBEC_SOURCE_DIR "/tools/images/build.sh", images};
  Result<std::string> built = co_await containerd::check_program(std::move(build), 120s);
  EXPECT_TRUE(built.has_value());
  containerd.use_images(images);
  Result<void> started = co_await containerd.start();
  EXPECT_TRUE(started.has_value()) << started.error().message;
  Result<void> sandbox = co_await containerd.ensure_sandbox_image();
  EXPECT_TRUE(sandbox.has_value()) << sandbox.error().message;
  ok = built && started && sandbox;
}

inline bool give_cgroups(Node& node, const KubeletOptions& options) {
  CgroupOptions cgroup_options;
  cgroup_options.root = options.cgroup_root;
  cgroup_options.pids_limit = 100;
  Result<std::unique_ptr<CgroupManager>> cgroups = make_cgroup_manager(cgroup_options, Logger());
  EXPECT_TRUE(cgroups.has_value());
  if (cgroups) node.cgroups = std::move(*cgroups);
  return cgroups.has_value();
}

// The objects that the tests' Pods mount: ConfigMap `settings` with a greeting, Secret `keys`.
inline void put_sources(Node& node, std::initializer_list<std::pair<const char*, const char*>> keys) {
  corev1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data["greeting"] = "hello";
  node.api->put(map);
  corev1::Secret secret;
  secret.metadata.name = "keys";
  secret.metadata.namespace_ = "default";
  for (const auto& [key, value] : keys) secret.data[key] = api::Bytes(value);
  node.api->put(secret);
}

using Pods = std::vector<corev1::Pod>;
using Act = Task<void> (*)(Node& node, Pods pods);

// A started containerd and a node on it that is not started yet, for as long as the act takes.
inline Task<void> on_node(containerd::Containerd& containerd, std::string images, KubeletOptions options,
                          Act act, Pods pods) {
  bool ok = false;
  co_await build_and_start(containerd, images, ok);
  if (!ok) co_return;
  Node node(options, containerd.runtime());
  if (!give_cgroups(node, options)) co_return;
  co_await act(node, std::move(pods));
  if (node.life) co_await node.stop();
}

// Puts the pods, and waits until each is over.
inline Task<void> run_to_end(Node& node, const Pods& pods) {
  for (const corev1::Pod& pod : pods) node.api->put(pod);
  for (const corev1::Pod& pod : pods) {
    std::function<bool()> over = [&] {
      std::string phase = node.get(pod.metadata.name).status.phase;
      return phase == "Succeeded" || phase == "Failed";
    };
    bool done = co_await until(over);
    EXPECT_TRUE(done) << pod.metadata.name << "\n" << node.events();
  }
}

// Takes the pods down: containers, control groups and files are gone after it.
inline Task<void> clear(Node& node) {
  for (corev1::Pod pod : node.api->list<corev1::Pod>("default")) {
    pod.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
    pod.metadata.deletionGracePeriodSeconds = 1;
    node.api->put(pod);
  }
  std::function<bool()> gone = [&] {
    return node.api->list<corev1::Pod>("default").empty() && node.cgroups->pods().empty();
  };
  bool done = co_await until(gone);
  EXPECT_TRUE(done) << "pods or their control groups are still there";
}

inline corev1::VolumeMount& mount(corev1::Container& into, const char* name, const char* path) {
  corev1::VolumeMount& out = into.volumeMounts.emplace_back();
  out.name = name;
  out.mountPath = path;
  return out;
}

}  // namespace xebec::kubelet::testing
