// FakeRuntime: a container runtime in memory and in virtual time, for hollow kubelets, simulation and unit
// tests. Containers run forever, or for a time and exit with a code, as their image or pod annotations say.
// Ids, addresses and the order of events are a function of the calls alone. Everything is called on the
// thread of its executor; next_event() has one caller.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "kubelet/cri/runtime.h"

namespace xebec::cri {

// Annotations of the container, or of the pod sandbox with ".CONTAINER" appended or without; they beat the
// image.
inline constexpr std::string_view kFakeRunForMs =
    "fake-runtime.xebec/run-for-ms";  // then the container exits ...
inline constexpr std::string_view kFakeExitCode = "fake-runtime.xebec/exit-code";  // ... with this code (0)

struct FakeImage {
  uint64_t size = 1 << 20;
  std::optional<Duration> run_for;   // absent: runs until it is stopped
  int32_t exit_code = 0;             // after run_for
  bool ignores_stop_signal = false;  // runs through the grace period, then is killed
  std::optional<Status> start_error;
  Duration pull_time = Duration::zero();
};

struct FakeOptions {
  // Images that can be pulled, by full name ("docker.io/library/busybox:latest").
  std::map<std::string, FakeImage> registry;
  // Any other image can be pulled too and runs forever.
  bool any_image = false;
  // Sandboxes get ip_prefix + "A.B", from 0.2 on.
  std::string ip_prefix = "10.244.";
  Duration sandbox_time = Duration::zero();
  Duration start_time = Duration::zero();
  Duration stop_time = Duration::zero();
};

class FakeRuntime final : public Runtime {
 public:
  using ExecHandler = std::function<Result<ExecSyncResult>(const ContainerStatus& container,
                                                           const std::vector<std::string>& command)>;

  FakeRuntime(Executor& executor, const Clock& clock, FakeOptions options);
  ~FakeRuntime() override;

  // The next `times` calls of `method` ("run_pod_sandbox", ...) fail with this.
  void inject(std::string method, Status error, int times = 1);
  // Ends a container's process from outside; reason "OOMKilled" also sends kOom.
  void kill(const std::string& container_id, int32_t exit_code, std::string reason = "Error");
  // Ends a sandbox's own process, as when its pause process died.
  void kill_sandbox(const std::string& sandbox_id);
  void set_exec_handler(ExecHandler handler);
  // Makes the image present without a pull.
  void add_image(const std::string& name);
  // The reader of events loses the stream, as when the runtime restarts.
  void break_events();
  // Every call so far, as "start_container web" (names, not ids).
  const std::vector<std::string>& calls() const;

  Task<Result<VersionInfo>> version() override;
  Task<Result<RuntimeStatus>> status() override;
  Task<Result<void>> update_runtime_config(std::string pod_cidr) override;
  Task<Result<std::string>> run_pod_sandbox(PodSandboxConfig config, std::string runtime_handler) override;
  Task<Result<void>> stop_pod_sandbox(std::string id) override;
  Task<Result<void>> remove_pod_sandbox(std::string id) override;
  Task<Result<PodSandboxStatus>> pod_sandbox_status(std::string id) override;
  Task<Result<std::vector<PodSandbox>>> list_pod_sandboxes(PodSandboxFilter filter) override;
  Task<Result<std::string>> create_container(std::string sandbox_id, ContainerConfig config,
                                             PodSandboxConfig sandbox) override;
  Task<Result<void>> start_container(std::string id) override;
  Task<Result<void>> stop_container(std::string id, int64_t grace_seconds) override;
  Task<Result<void>> remove_container(std::string id) override;
  Task<Result<ContainerStatus>> container_status(std::string id) override;
  Task<Result<std::vector<Container>>> list_containers(ContainerFilter filter) override;
  Task<Result<void>> update_container_resources(std::string id, LinuxResources resources) override;
  Task<Result<void>> reopen_container_log(std::string id) override;
  Task<Result<ExecSyncResult>> exec_sync(std::string id, std::vector<std::string> command,
                                         int64_t timeout_seconds) override;
  Task<Result<std::string>> exec(ExecRequest request) override;
  Task<Result<std::string>> attach(AttachRequest request) override;
  Task<Result<std::string>> port_forward(std::string sandbox_id, std::vector<int32_t> ports) override;
  Task<Result<ContainerStats>> container_stats(std::string id) override;
  Task<Result<std::vector<ContainerStats>>> list_container_stats(StatsFilter filter) override;
  Task<Result<PodSandboxStats>> pod_sandbox_stats(std::string id) override;
  Task<Result<std::vector<PodSandboxStats>>> list_pod_sandbox_stats(StatsFilter filter) override;
  Task<Result<std::vector<Image>>> list_images() override;
  Task<Result<std::optional<Image>>> image_status(ImageSpec image) override;
  Task<Result<std::string>> pull_image(ImageSpec image, std::optional<AuthConfig> auth,
                                       PodSandboxConfig sandbox) override;
  Task<Result<void>> remove_image(ImageSpec image) override;
  Task<Result<ImageFsInfo>> image_fs_info() override;
  Task<Result<Event>> next_event() override;
  void shutdown() override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // timers hold it weakly
};

}  // namespace xebec::cri
