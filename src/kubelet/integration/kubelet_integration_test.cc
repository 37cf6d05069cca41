// The kubelet over a real containerd and a fake API: real containers, volumes, control groups and logs.
#include "kubelet/kubelet.h"

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
#include "kubelet/node/machine.h"
#include "kubelet/probes/net_prober.h"
#include "kubelet/runtime/host.h"
#include "kubelet/runtime/program.h"
#include "kubelet/runtime/supervisor.h"
#include "kubelet/volumes/host_volumes.h"

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string why_not() {
  if (geteuid() != 0) return "needs root";
  for (const char* program : {"containerd", "ctr", "runc", "nft", "python3", "cc"}) {
    if (containerd::find_program(program).empty()) return std::string("needs ") + program;
  }
  if (access("/bin/busybox", X_OK) != 0) return "needs busybox-static";
  return "";
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class KubeletIntegrationTest : public testing::Test {
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
    pod.metadata.uid =
        "11111111-2222-4333-8444-00000000" + std::to_string(1000 + static_cast<int>(name.size()));
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
    container.resources.limits["cpu"] = api::Quantity::must_parse("500m");
    container.resources.requests = container.resources.limits;
    pod.status.phase = "Pending";
    return pod;
  }

  std::string images_, base_;
  containerd::Options runtime_options_;
  KubeletOptions options_;
  std::unique_ptr<containerd::Containerd> containerd_;
};

// Polls on the loop's own executor: `done` is what is waited for, a minute is enough for anything here.
Task<bool> until(std::function<bool()> done) {
  for (int i = 0; i < 1200; ++i) {
    if (done()) co_return true;
    co_await sleep_for(50ms);
  }
  co_return false;
}

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
  HostMachine machine;
  HostVolumes volumes;
  std::unique_ptr<CgroupManager> cgroups;
  std::unique_ptr<HostFiles> files = make_host_files();
  http::IoPool pool{1};
  std::unique_ptr<NetProber> net = make_net_prober(pool);
  std::unique_ptr<Scope> life;
  std::unique_ptr<Kubelet> kubelet;
};

Task<void> build_and_start(containerd::Containerd& containerd, std::string images, bool& ok) {
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

Task<void> scenario(containerd::Containerd& containerd, std::string images, KubeletOptions options,
                    corev1::Pod job, corev1::Pod web) {
  bool ok = false;
  co_await build_and_start(containerd, images, ok);
  if (!ok) co_return;
  Node node(options, containerd.runtime());
  CgroupOptions cgroup_options;
  cgroup_options.root = options.cgroup_root;
  cgroup_options.pids_limit = 100;
  Result<std::unique_ptr<CgroupManager>> cgroups = make_cgroup_manager(cgroup_options, Logger());
  EXPECT_TRUE(cgroups.has_value());
  if (!cgroups) co_return;
  node.cgroups = std::move(*cgroups);
  corev1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data["greeting"] = "hello";
  node.api->put(map);
  corev1::Secret secret;
  secret.metadata.name = "keys";
  secret.metadata.namespace_ = "default";
  secret.data["key"] = api::Bytes("s3cret");
  node.api->put(secret);
  node.start();

  // A job that reads its volumes and environment, and leaves a message.
  node.api->put(job);
  std::function<bool()> check = [&] { return node.get(job.metadata.name).status.phase == "Succeeded"; };
  bool done = co_await until(check);
  corev1::Pod ended = node.get(job.metadata.name);
  EXPECT_TRUE(done) << ended.status.phase;
  if (!ended.status.containerStatuses.empty()) {
    const auto& state = ended.status.containerStatuses[0].state;
    if (state.waiting) ADD_FAILURE() << state.waiting->reason << ": " << state.waiting->message;
    if (state.terminated) {
      EXPECT_EQ(state.terminated->message, "bye");
      EXPECT_EQ(state.terminated->reason, "Completed");
    }
  }
  std::string log =
      read_file(options.log_root + "/default_" + job.metadata.name + "_" + job.metadata.uid + "/main/0.log");
  EXPECT_NE(log.find("stdout F hello s3cret teal kept"), std::string::npos) << log;
  if (!done) {
    for (const corev1::Event& event : node.api->list<corev1::Event>("default"))
      ADD_FAILURE() << event.reason << ": " << event.message;
  }

  // A server that outlives the kubelet, and is then deleted without a trace.
  node.api->put(web);
  check = [&] { return node.get(web.metadata.name).status.phase == "Running"; };
  done = co_await until(check);
  EXPECT_TRUE(done);
  corev1::Pod running = node.get(web.metadata.name);
  EXPECT_TRUE(running.status.podIP.starts_with("198.18.78.")) << running.status.podIP;
  check = [&] {
    corev1::Pod now = node.get(web.metadata.name);
    return !now.status.containerStatuses.empty() && now.status.containerStatuses[0].ready;
  };
  done = co_await until(check);
  EXPECT_TRUE(done) << "the http probe never passed";
  std::string id = node.get(web.metadata.name).status.containerStatuses.at(0).containerID;
  co_await node.stop();
  node.start();
  check = [&] {
    return node.kubelet->container(web.metadata.uid, "main").value_or(ContainerView()).phase ==
           ContainerPhase::kRunning;
  };
  done = co_await until(check);
  EXPECT_TRUE(done);
  EXPECT_EQ("containerd://" + node.kubelet->container(web.metadata.uid, "main").value_or(ContainerView()).id,
            id);

  for (corev1::Pod pod : {node.get(job.metadata.name), node.get(web.metadata.name)}) {
    pod.metadata.deletionTimestamp = api::Time::from_unix(1764460900);
    pod.metadata.deletionGracePeriodSeconds = 1;
    node.api->put(pod);
  }
  // The in-memory API lets go of them at once; the node takes them down all the same.
  check = [&] {
    return node.api->list<corev1::Pod>("default").empty() && node.cgroups->pods().empty() &&
           !fs::exists(options.root_dir + "/pods/" + web.metadata.uid);
  };
  done = co_await until(check);
  EXPECT_TRUE(done) << "pods, their control groups or their files are still there";
  cri::PodSandboxFilter any_sandbox;
  Result<std::vector<cri::PodSandbox>> left = co_await containerd.runtime().list_pod_sandboxes(any_sandbox);
  EXPECT_TRUE(left && left->empty());
  co_await node.stop();
}

TEST_F(KubeletIntegrationTest, PodsRunOverRealContainersAndLeaveNothing) {
  corev1::Pod job =
      make("job", {"sh", "-c",
                   "echo $GREETING $(cat /keys/key) $(cat /info/color) $(cat /scratch/sub/file); "
                   "grep -q job /etc/hosts && printf bye > /dev/termination-log"});
  corev1::Container& container = job.spec.containers[0];
  corev1::EnvVar& variable = container.env.emplace_back();
  variable.name = "GREETING";
  auto& ref = variable.valueFrom.emplace().configMapKeyRef.emplace();
  ref.name = "settings";
  ref.key = "greeting";
  auto mount = [](corev1::Container& into, const char* name, const char* path) -> corev1::VolumeMount& {
    corev1::VolumeMount& m = into.volumeMounts.emplace_back();
    m.name = name;
    m.mountPath = path;
    return m;
  };
  corev1::Volume& keys = job.spec.volumes.emplace_back();
  keys.name = "keys";
  keys.secret.emplace().secretName = "keys";
  mount(container, "keys", "/keys");
  corev1::Volume& info = job.spec.volumes.emplace_back();
  info.name = "info";
  corev1::DownwardAPIVolumeFile& file =
      info.projected.emplace().sources.emplace_back().downwardAPI.emplace().items.emplace_back();
  file.path = "color";
  file.fieldRef.emplace().fieldPath = "metadata.labels['color']";
  mount(container, "info", "/info");
  corev1::Volume& scratch = job.spec.volumes.emplace_back();
  scratch.name = "scratch";
  scratch.emptyDir.emplace().medium = "Memory";
  mount(container, "scratch", "/scratch/sub").subPath = "deep/er";
  corev1::Container& init = job.spec.initContainers.emplace_back(container);
  init.name = "init";
  init.command = {"sh", "-c", "echo kept > /scratch/sub/file"};

  corev1::Pod web = make("server", {"httpd", "-f", "-p", "8080"});
  web.spec.restartPolicy = "Always";
  corev1::Probe& probe = web.spec.containers[0].readinessProbe.emplace();
  auto& get = probe.httpGet.emplace();
  get.path = "/bin/busybox";
  get.port = api::IntOrString(8080);
  probe.periodSeconds = 1;
  probe.timeoutSeconds = 2;
  block_on(scenario(*containerd_, images_, options_, job, web));
}

}  // namespace
}  // namespace xebec::kubelet
