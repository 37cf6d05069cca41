#include "kubelet/runtime/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/sync.h"
#include "kubelet/cri/grpc_runtime.h"
#include "kubelet/runtime/host.h"
#include "kubelet/runtime/images.h"
#include "kubelet/runtime/program.h"
#include "kubelet/runtime/remains.h"

namespace xebec::containerd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kLongestSocketPath = 107 - 6;  // with ".ttrpc"
constexpr uintmax_t kLogLimit = 16 << 20;
constexpr Duration kStartLimit = seconds(30);
constexpr Duration kStopLimit = seconds(5);
constexpr Duration kImportLimit = seconds(10);
constexpr Duration kWatchInterval = milliseconds(200);
constexpr Duration kFirstBackoff = milliseconds(100);
constexpr Duration kLongestBackoff = seconds(10);
constexpr Duration kHealthyAfter = seconds(30);

bool accepts(const std::string& socket_path) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
  bool good = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return good;
}

// Is this pid a containerd that runs with our configuration?
bool is_ours(pid_t pid, const std::string& config) {
  std::string folder = fmt::format("/proc/{}/", pid);
  std::error_code error;
  std::string exe = fs::read_symlink(folder + "exe", error).filename().string();
  if (error || !exe.starts_with("containerd") || exe.starts_with("containerd-shim")) return false;
  std::string arguments = read_file(folder + "cmdline");
  return arguments.find(std::string("\0", 1) + config + std::string("\0", 1)) != std::string::npos;
}

}  // namespace

Containerd::Containerd(Options options, Logger logger)
    : options_(std::move(options)),
      logger_(logger.named("containerd")),
      paths_(options_.data_dir),
      archives_(paths_.socket, logger_) {
  cri::GrpcOptions grpc;
  grpc.local_images = [this](std::string image) { return pull_from_archive(std::move(image)); };
  grpc.endpoint = endpoint();
  runtime_ = cri::make_grpc_runtime(std::move(grpc));
}

Containerd::~Containerd() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

pid_t Containerd::pid() const {
  pid_t pid = static_cast<pid_t>(std::strtol(read_file(paths_.pid_file).c_str(), nullptr, 10));
  return pid > 0 && is_ours(pid, paths_.config) ? pid : 0;
}

std::vector<std::string> Containerd::prefixed(std::vector<std::string> command) const {
  command.insert(command.begin(), options_.command_prefix.begin(), options_.command_prefix.end());
  return command;
}

Result<void> Containerd::prepare() {
  if (paths_.socket.size() > kLongestSocketPath || options_.data_dir.empty() || options_.data_dir[0] != '/') {
    return fail(
        errors::bad_request(fmt::format("data directory \"{}\" must be an absolute path of at most {} bytes",
                                        options_.data_dir, kLongestSocketPath - strlen("/containerd.sock"))));
  }
  std::error_code error;
  for (const std::string& folder :
       {options_.data_dir, paths_.root, paths_.state, paths_.cni_conf_dir, paths_.certs}) {
    fs::create_directories(folder, error);
    if (error) return fail(errors::internal(fmt::format("cannot make {}: {}", folder, error.message())));
  }
  if (lock_fd_ < 0) lock_fd_ = open(paths_.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0 || flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(errors::internal(fmt::format("{} is in use by another process", options_.data_dir)));
  }
  return {};
}

// Returns whether anything changed that needs a restart.
Result<bool> Containerd::write_configuration() {
  TRY(Host host, inspect_host(options_.data_dir));
  if (!host.crun.empty() && host.cgroups == CgroupMode::kHybrid) {
    TRY_VOID(write_file(paths_.crun_wrapper, render_crun_wrapper(host.crun), 0755));
  }
  return write_file(paths_.config, render_config(options_, host));
}

Task<Result<void>> Containerd::apply_network() {
  if (options_.pod_cidr.empty()) co_return Result<void>();
  CO_TRY_VOID(write_file(paths_.cni_conf, render_cni(options_)));
  CO_TRY_VOID(write_file(paths_.nft, render_nft(options_)));
  std::vector<std::string> nft = prefixed({"nft", "-f", paths_.nft});
  CO_TRY_VOID(co_await check_program(std::move(nft), seconds(10)));
  co_return co_await set_sysctl("net/ipv4/ip_forward");
}

Task<Result<void>> Containerd::set_pod_cidr(std::string cidr) {
  options_.pod_cidr = std::move(cidr);
  co_return co_await apply_network();
}

Task<Result<void>> Containerd::set_host_ports(std::vector<HostPort> ports) {
  CO_TRY_VOID(write_file(paths_.host_ports, render_host_ports(options_, ports)));
  std::vector<std::string> nft = prefixed({"nft", "-f", paths_.host_ports});
  CO_TRY_VOID(co_await check_program(std::move(nft), seconds(10)));
  // Packets from 127.0.0.1 may leave through a pod's interface; the table drops foreign ones to it.
  if (!ports.empty()) {
    CO_TRY_VOID(co_await set_sysctl("net/ipv4/conf/all/route_localnet"));
  }
  co_return Result<void>();
}

// Sets it to 1.
Task<Result<void>> Containerd::set_sysctl(std::string name) {
  std::vector<std::string> command = prefixed({"sh", "-c", "echo 1 >/proc/sys/" + name});
  CO_TRY_VOID(co_await check_program(std::move(command), seconds(10)));
  co_return Result<void>();
}

Task<Result<void>> Containerd::start() {
  CO_TRY_VOID(prepare());
  CO_TRY(bool changed, write_configuration());
  CO_TRY_VOID(co_await apply_network());
  pid_t running = pid();
  if (running != 0 && changed) {
    logger_.info("Restarting containerd for its new configuration", {{"pid", running}});
    co_await terminate();
    running = 0;
  }
  if (running != 0) {
    logger_.info("Adopting the running containerd", {{"pid", running}});
    co_return co_await wait_until_ready();
  }
  co_return co_await launch();
}

Task<Result<void>> Containerd::launch() {
  std::error_code error;
  if (fs::file_size(paths_.log, error) > kLogLimit && !error)
    fs::rename(paths_.log, paths_.log + ".1", error);
  // A stale socket would answer "connection refused" only.
  fs::remove(paths_.socket, error);
  fs::remove(paths_.socket + ".ttrpc", error);
  std::vector<std::string> command =
      prefixed({"containerd", "--config", paths_.config, "--log-level", "warn"});
  CO_TRY(child_, spawn_daemon(command, paths_.log, options_.data_dir));
  CO_TRY_VOID(write_file(paths_.pid_file, fmt::format("{}\n", child_)));
  logger_.info("Started containerd", {{"pid", child_}, {"socket", paths_.socket}});
  co_return co_await wait_until_ready();
}

Task<Result<void>> Containerd::wait_until_ready() {
  Executor* executor = Executor::current();
  MonotonicTime deadline = executor->now() + kStartLimit;
  Status last = errors::internal("its socket did not appear");
  for (Duration pause = milliseconds(2);; pause = std::min<Duration>(pause * 2, milliseconds(25))) {
    if (child_ != 0 && waitpid(child_, nullptr, WNOHANG) == child_) {
      child_ = 0;
      co_return fail(errors::internal(fmt::format("containerd ended at once; see {}", paths_.log)));
    }
    if (accepts(paths_.socket)) {
      Result<cri::VersionInfo> version = co_await runtime_->version();
      if (version) co_return Result<void>();
      last = version.error();
    }
    if (executor->now() >= deadline) {
      co_return fail(errors::timeout(fmt::format("containerd is not ready after 30s: {}", last.message), 0));
    }
    co_await sleep_for(pause);
  }
}

Task<void> Containerd::supervise(CancelToken token) {
  Executor* executor = Executor::current();
  Duration backoff = kFirstBackoff;
  MonotonicTime started = executor->now();
  for (;;) {
    bool slept = co_await sleep_for(kWatchInterval, token);
    if (!slept) co_return;
    if (child_ != 0 && waitpid(child_, nullptr, WNOHANG) == child_) child_ = 0;
    if (pid() != 0) {
      if (executor->now() - started > kHealthyAfter) backoff = kFirstBackoff;
      continue;
    }
    logger_.warning("containerd died; restarting it", {{"log", paths_.log}});
    started = executor->now();
    Result<void> launched = co_await launch();
    if (launched) continue;
    logger_.error("Cannot start containerd", {{"err", launched.error().message}});
    co_await sleep_for(backoff, token);
    backoff = std::min(backoff * 2, kLongestBackoff);
  }
}

Task<void> Containerd::terminate() {
  Executor* executor = Executor::current();
  MonotonicTime deadline = executor->now() + kStopLimit;
  bool killed = false;
  for (pid_t running = pid(); running != 0; running = pid()) {
    bool late = executor->now() >= deadline;
    if (late && killed) break;
    if (late) {
      killed = true;
      deadline = executor->now() + kStopLimit;
    }
    kill(running, late ? SIGKILL : SIGTERM);
    co_await sleep_for(milliseconds(20));
    if (child_ != 0 && waitpid(child_, nullptr, WNOHANG) == child_) child_ = 0;
  }
  std::error_code error;
  fs::remove(paths_.pid_file, error);
}

Task<Result<void>> Containerd::stop() {
  co_await terminate();
  if (lock_fd_ >= 0) close(std::exchange(lock_fd_, -1));
  co_return Result<void>();
}

Task<Result<void>> Containerd::ensure_sandbox_image() {
  std::string image = options_.sandbox_image;
  CO_TRY_VOID(co_await pull_from_archive(std::move(image)));
  co_return Result<void>();
}

Task<Result<std::optional<std::string>>> Containerd::pull_from_archive(std::string image) {
  std::optional<std::string> reference;
  if (!archives_.has(image)) co_return reference;
  cri::ImageSpec spec;
  spec.image = image;
  CO_TRY(std::optional<cri::Image> found, co_await runtime_->image_status(spec));
  if (!found) {
    CO_TRY_VOID(co_await archives_.import_one(image));
  }
  // CRI learns of imported images by an event, so some time after the import.
  MonotonicTime deadline = Executor::current()->now() + kImportLimit;
  while (!found && Executor::current()->now() < deadline) {
    CO_TRY(found, co_await runtime_->image_status(spec));
    if (!found) co_await sleep_for(milliseconds(5));
  }
  if (!found) co_return fail(errors::internal("containerd does not show the imported image " + image));
  reference = found->id;
  co_return reference;
}

Task<void> Containerd::remove_pods() {
  Result<std::vector<cri::PodSandbox>> sandboxes =
      co_await runtime_->list_pod_sandboxes(cri::PodSandboxFilter());
  if (!sandboxes) {
    logger_.warning("Cannot list pods; ending them by force", {{"err", sandboxes.error().message}});
    co_return;
  }
  for (const cri::PodSandbox& sandbox : *sandboxes) {
    Result<void> stopped = co_await runtime_->stop_pod_sandbox(sandbox.id);
    if (stopped) stopped = co_await runtime_->remove_pod_sandbox(sandbox.id);
    if (!stopped)
      logger_.warning("Cannot remove a pod",
                      {{"pod", sandbox.metadata.name}, {"err", stopped.error().message}});
  }
}

Task<Result<void>> Containerd::purge() {
  std::error_code error;
  if (!fs::exists(options_.data_dir, error)) co_return Result<void>();
  Result<void> started = co_await start();
  if (!started && lock_fd_ >= 0 && flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) co_return started;
  // All processes at once first: stopping them one by one through CRI would wait for each.
  kill_cgroups(options_.cgroup_root, SIGKILL);
  if (started) {
    co_await remove_pods();
  } else {
    logger_.warning("Cannot start containerd; ending its pods by force", {{"err", started.error().message}});
  }
  co_await terminate();
  co_await end_shims(paths_.socket);
  for (const std::string& table : {nft_table(options_), host_port_table(options_)}) {
    std::vector<std::string> nft = prefixed({"nft", "delete", "table", "ip", table});
    (void)co_await run_program(std::move(nft), seconds(10));
  }
  co_await remove_cgroups(options_.cgroup_root);
  unmount_below(options_.data_dir);
  remove_network_cache(network_name(options_));
  if (lock_fd_ >= 0) close(std::exchange(lock_fd_, -1));
  fs::remove_all(options_.data_dir, error);
  if (error)
    co_return fail(errors::internal(fmt::format("cannot remove {}: {}", options_.data_dir, error.message())));
  co_return Result<void>();
}

}  // namespace xebec::containerd
