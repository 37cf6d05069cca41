// A private containerd from its start to its end, with real images, pods, kills and nothing left behind.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "base/scope.h"
#include "base/sync.h"
#include "kubelet/runtime/host.h"
#include "kubelet/runtime/program.h"
#include "kubelet/runtime/remains.h"
#include "kubelet/runtime/supervisor.h"

namespace xebec::containerd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string why_not() {
  if (geteuid() != 0) return "needs root";
  for (const char* program : {"containerd", "ctr", "runc", "nft", "python3", "cc"}) {
    if (find_program(program).empty()) return std::string("needs ") + program;
  }
  if (access("/bin/busybox", X_OK) != 0) return "needs busybox-static";
  return "";
}

Task<Result<std::string>> built_images(std::string folder) {
  std::vector<std::string> build = {XEBEC_SOURCE_DIR "/tools/images/build.sh", folder};
  CO_TRY_VOID(co_await check_program(std::move(build), seconds(120)));
  co_return folder;
}

class ContainerdTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string reason = why_not();
    if (!reason.empty()) GTEST_SKIP() << reason;
    // One for all runs: build.sh does nothing when its inputs are unchanged.
    images_ = (fs::temp_directory_path() / "xebec-test-images").string();
    char name[] = "/tmp/xebec-ctrd-XXXXXX";
    base_ = mkdtemp(name);
    options_.data_dir = base_ + "/c";
    // Test networks of RFC 2544, which no real node uses.
    options_.pod_cidr = "198.18.77.0/24";
    options_.cluster_cidr = "198.18.0.0/16";
    options_.cgroup_root = "/xebec-test-" + std::to_string(getpid());
    containerd_ = std::make_unique<Containerd>(options_, Logger());
  }

  void TearDown() override {
    if (!containerd_) return;
    Result<void> purged = block_on(containerd_->purge());
    EXPECT_TRUE(purged.has_value()) << purged.error().message;
    fs::remove_all(base_);
  }

  cri::Runtime& runtime() { return containerd_->runtime(); }

  cri::PodSandboxConfig pod(const std::string& name) {
    cri::PodSandboxConfig config;
    config.metadata.name = name;
    config.metadata.namespace_ = "default";
    config.metadata.uid = name + "-uid";
    config.hostname = name;
    config.log_directory = base_ + "/logs/" + name;
    config.cgroup_parent = options_.cgroup_root + "/" + name;
    config.labels["app"] = name;
    config.security.seccomp.emplace();
    fs::create_directories(config.log_directory);
    return config;
  }

  cri::ContainerConfig container(const std::string& image, std::vector<std::string> command) {
    cri::ContainerConfig config;
    config.metadata.name = "main";
    config.image.image = image;
    config.command = std::move(command);
    config.log_path = "main.log";
    config.security.seccomp.emplace();
    config.envs.push_back({"COLOR", "teal"});
    config.resources.memory_limit = 64 << 20;
    config.resources.cpu_shares = 102;
    return config;
  }

  // Id of a started container in a new pod.
  Task<Result<std::string>> started(std::string name, cri::ContainerConfig config) {
    cri::PodSandboxConfig sandbox = pod(name);
    CO_TRY(sandbox_id_, co_await runtime().run_pod_sandbox(sandbox, ""));
    CO_TRY_VOID(co_await runtime().pull_image(config.image, std::nullopt, sandbox));
    CO_TRY(std::string id, co_await runtime().create_container(sandbox_id_, config, sandbox));
    CO_TRY_VOID(co_await runtime().start_container(id));
    co_return id;
  }

  Task<Result<cri::ContainerStatus>> ended(std::string id) {
    for (;;) {
      CO_TRY(cri::ContainerStatus status, co_await runtime().container_status(id));
      if (status.state == cri::ContainerState::kExited) co_return status;
      co_await sleep_for(milliseconds(10));
    }
  }

  Task<Result<void>> ready() {
    CO_TRY(std::string folder, co_await built_images(images_));
    containerd_->use_images(folder);
    CO_TRY_VOID(co_await containerd_->start());
    CO_TRY_VOID(co_await containerd_->ensure_sandbox_image());
    co_return Result<void>();
  }

  std::string images_, base_, sandbox_id_;
  Options options_;
  std::unique_ptr<Containerd> containerd_;
};

#define ASSERT_OK(expr)                                              \
  do {                                                               \
    auto ok_result = (expr);                                         \
    ASSERT_TRUE(ok_result.has_value()) << ok_result.error().message; \
  } while (false)

TEST_F(ContainerdTest, ImagesAreImportedOnce) {
  ASSERT_OK(block_on(ready()));
  Result<int> imported = block_on(containerd_->import_images());
  ASSERT_OK(imported);
  EXPECT_EQ(*imported, 1) << "the sandbox image was there already";
  imported = block_on(containerd_->import_images());
  ASSERT_OK(imported);
  EXPECT_EQ(*imported, 0);
  cri::ImageSpec image;
  for (const char* name : {"busybox", "busybox:1.36", "g1g1/hue-learn:v3.0", "g1g1/hue-learn:v4.0",
                           "registry.k8s.io/pause:3.10.1"}) {
    image.image = name;
    Result<std::optional<cri::Image>> found = block_on(runtime().image_status(image));
    ASSERT_OK(found);
    EXPECT_TRUE(found->has_value()) << name;
  }
  image.image = "busybox";
  Result<std::string> pulled = block_on(runtime().pull_image(image, std::nullopt, cri::PodSandboxConfig()));
  ASSERT_OK(pulled);
  EXPECT_THAT(*pulled, testing::StartsWith("sha256:"));
  cri::ImageSpec by_id;
  by_id.image = *pulled;
  ASSERT_OK(block_on(runtime().remove_image(by_id)));
  EXPECT_FALSE(block_on(runtime().image_status(image))->has_value());
  EXPECT_EQ(*block_on(runtime().pull_image(image, std::nullopt, cri::PodSandboxConfig())), *pulled);
  image.image = "nosuch";
  EXPECT_FALSE(block_on(runtime().image_status(image))->has_value());
}

TEST_F(ContainerdTest, APodRunsLogsAndAnswersToExec) {
  ASSERT_OK(block_on(ready()));
  Result<cri::RuntimeStatus> status = block_on(runtime().status());
  ASSERT_OK(status);
  for (const cri::RuntimeCondition& condition : status->conditions)
    EXPECT_TRUE(condition.status) << condition.type;

  cri::ContainerConfig config = container("g1g1/hue-learn:v3.0", {});
  Result<std::string> id = block_on(started("hue", config));
  ASSERT_OK(id);
  Result<cri::PodSandboxStatus> sandbox = block_on(runtime().pod_sandbox_status(sandbox_id_));
  ASSERT_OK(sandbox);
  ASSERT_EQ(sandbox->ips.size(), 1u);
  EXPECT_TRUE(sandbox->ips[0].starts_with("198.18.77.")) << sandbox->ips[0];

  std::vector<std::string> command = {"sh", "-c", "printenv COLOR; hostname; echo oops >&2; exit 7"};
  Result<cri::ExecSyncResult> result = block_on(runtime().exec_sync(*id, command, 10));
  ASSERT_OK(result);
  EXPECT_EQ(result->out, "teal\nhue\n");
  EXPECT_EQ(result->err, "oops\n");
  EXPECT_EQ(result->exit_code, 7);

  std::string fetch = "timeout 5 wget -q -O- http://" + sandbox->ips[0] + "/";
  command = {"sh", "-c", "until " + fetch + " 2>/dev/null; do usleep 50000; done; " + fetch + "pulse"};
  result = block_on(runtime().exec_sync(*id, command, 20));
  ASSERT_OK(result);
  EXPECT_EQ(result->out, "hue-learn v3.0 on hue\nok\n");

  EXPECT_THAT(read_file(base_ + "/logs/hue/main.log"), testing::HasSubstr(" stdout F Started...\n"));
  Result<std::vector<cri::ContainerStats>> stats =
      block_on(runtime().list_container_stats(cri::StatsFilter()));
  ASSERT_OK(stats);
  ASSERT_EQ(stats->size(), 1u);
  EXPECT_GT(stats->front().memory->working_set_bytes.value_or(0), 0u);
  Result<std::string> url =
      block_on(runtime().exec({.container_id = *id, .command = {"sh"}, .stdout_ = true}));
  ASSERT_OK(url);
  EXPECT_THAT(*url, testing::StartsWith("http://127.0.0.1:"));

  std::vector<HostPort> ports(1);
  ports[0] = {.host_port = 18480, .pod_ip = sandbox->ips[0], .container_port = 80};
  ASSERT_OK(block_on(containerd_->set_host_ports(ports)));
  Result<std::string> page =
      block_on(check_program({"busybox", "wget", "-q", "-O-", "http://127.0.0.1:18480/"}, seconds(10)));
  ASSERT_OK(page);
  EXPECT_EQ(*page, "hue-learn v3.0 on hue\n");

  ASSERT_OK(block_on(runtime().stop_container(*id, 30)));
  Result<cri::ContainerStatus> exited = block_on(ended(*id));
  ASSERT_OK(exited);
  EXPECT_EQ(exited->exit_code, 0) << "hue leaves at once when it is asked to";
}

Task<Result<std::vector<cri::Event>>> events_until_exit(cri::Runtime& runtime, std::string name,
                                                        Task<Result<std::string>> start) {
  std::vector<cri::Event> seen;
  CO_TRY(cri::Event first, co_await runtime.next_event());
  seen.push_back(first);
  CO_TRY(std::string id, co_await std::move(start));
  for (;;) {
    CO_TRY(cri::Event event, co_await runtime.next_event());
    if (event.container_id != id) continue;
    seen.push_back(event);
    if (event.type == cri::Event::Type::kExited) co_return seen;
  }
}

TEST_F(ContainerdTest, EventsTellOfAContainersStartAndExit) {
  ASSERT_OK(block_on(ready()));
  cri::ContainerConfig config = container("busybox", {"sh", "-c", "exit 3"});
  Result<std::vector<cri::Event>> events =
      block_on(events_until_exit(runtime(), "job", started("job", config)));
  ASSERT_OK(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(events->at(0).type, cri::Event::Type::kSubscribed);
  EXPECT_EQ(events->at(1).type, cri::Event::Type::kStarted);
  EXPECT_EQ(events->at(2).exit_code, 3u);
}

TEST_F(ContainerdTest, MissingThingsAreNotFoundInGrpcGosWords) {
  ASSERT_OK(block_on(ready()));
  Result<cri::ContainerStatus> status = block_on(runtime().container_status("nosuch"));
  ASSERT_FALSE(status.has_value());
  EXPECT_TRUE(status.error().is(reason::kNotFound));
  EXPECT_THAT(status.error().message, testing::StartsWith("rpc error: code = NotFound desc = "));
  ASSERT_OK(block_on(runtime().stop_pod_sandbox("nosuch")));
  ASSERT_OK(block_on(runtime().remove_container("nosuch")));
}

Task<void> watch(Containerd& containerd, CancelToken token) {
  co_await containerd.supervise(std::move(token));
}

Task<Result<std::string>> kill_and_use(Containerd& containerd, std::string id) {
  Scope scope(*Executor::current());
  scope.spawn(watch(containerd, scope.token()));
  pid_t old = containerd.pid();
  kill(old, SIGKILL);
  Result<cri::ExecSyncResult> result = fail(errors::internal("not tried"));
  std::vector<std::string> command = {"echo", "alive"};
  while (containerd.pid() == 0 || containerd.pid() == old || !result) {
    co_await sleep_for(milliseconds(20));
    result = co_await containerd.runtime().exec_sync(id, command, 10);
  }
  scope.cancel();
  co_await scope.join();
  co_return result->out;
}

TEST_F(ContainerdTest, PodsSurviveAKilledContainerdAndItIsRestarted) {
  ASSERT_OK(block_on(ready()));
  Result<std::string> id = block_on(started("web", container("busybox", {"sleep", "3600"})));
  ASSERT_OK(id);
  Result<std::string> text = block_on(kill_and_use(*containerd_, *id));
  ASSERT_OK(text);
  EXPECT_EQ(*text, "alive\n");
  EXPECT_EQ(block_on(runtime().container_status(*id))->state, cri::ContainerState::kRunning);
}

TEST_F(ContainerdTest, ANewSupervisorAdoptsTheRunningContainerd) {
  ASSERT_OK(block_on(ready()));
  Result<std::string> id = block_on(started("web", container("busybox", {"sleep", "3600"})));
  ASSERT_OK(id);
  pid_t before = containerd_->pid();
  containerd_ = std::make_unique<Containerd>(options_, Logger());
  ASSERT_OK(block_on(containerd_->start()));
  EXPECT_EQ(containerd_->pid(), before);
  EXPECT_EQ(block_on(runtime().container_status(*id))->state, cri::ContainerState::kRunning);

  Containerd second(options_, Logger());
  Result<void> refused = block_on(second.start());
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("in use by another process"));
}

// Names of what is in a shared place, to compare before and after.
std::set<std::string> names(const std::string& folder) {
  std::set<std::string> result;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    result.insert(entry.path().string());
  }
  return result;
}

std::set<std::string> shared_state() {
  std::set<std::string> all;
  for (const char* folder : {"/run/containerd", "/var/lib/cni", "/run/netns", "/sys/class/net"})
    all.merge(names(folder));
  for (const MountPoint& mount : mount_points()) all.insert("mount " + mount.path);
  Result<std::string> tables = block_on(check_program({"nft", "list", "tables"}, seconds(10)));
  if (tables) all.insert(*tables);
  return all;
}

void expect_nothing_left(const Options& options, const std::set<std::string>& before) {
  EXPECT_FALSE(fs::exists(options.data_dir));
  EXPECT_TRUE(shims_of(Paths(options.data_dir).socket).empty());
  for (const MountPoint& mount : mount_points()) {
    if (!mount.type.starts_with("cgroup")) continue;
    EXPECT_FALSE(fs::exists(mount.path + options.cgroup_root)) << mount.path;
  }
  for (const std::string& name : shared_state()) EXPECT_TRUE(before.contains(name)) << name << " is left";
}

TEST_F(ContainerdTest, PurgeLeavesNothing) {
  fs::create_directories("/run/containerd/s");
  fs::create_directories("/var/lib/cni/results");
  std::set<std::string> before = shared_state();
  ASSERT_OK(block_on(ready()));
  ASSERT_OK(block_on(started("a", container("busybox", {"sleep", "3600"}))));
  ASSERT_OK(block_on(started("b", container("g1g1/hue-learn:v4.0", {}))));
  ASSERT_OK(block_on(containerd_->purge()));
  expect_nothing_left(options_, before);
  ASSERT_OK(block_on(containerd_->purge()));  // twice is fine
}

TEST_F(ContainerdTest, PurgeLeavesNothingWhenContainerdCannotStartAnyMore) {
  fs::create_directories("/run/containerd/s");
  fs::create_directories("/var/lib/cni/results");
  std::set<std::string> before = shared_state();
  ASSERT_OK(block_on(ready()));
  ASSERT_OK(block_on(started("a", container("busybox", {"sleep", "3600"}))));
  kill(containerd_->pid(), SIGKILL);
  while (containerd_->pid() != 0) usleep(1000);
  std::string socket = Paths(options_.data_dir).socket;
  fs::remove(socket);
  fs::create_directories(socket + "/in-the-way");
  ASSERT_OK(block_on(containerd_->purge()));
  expect_nothing_left(options_, before);
}

}  // namespace
}  // namespace xebec::containerd
