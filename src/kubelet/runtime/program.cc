#include "kubelet/runtime/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <sstream>

#include "base/sync.h"

namespace xebec::containerd {
namespace {

constexpr const char* kSystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr Duration kFirstPoll = std::chrono::milliseconds(1);
constexpr Duration kLongestPoll = std::chrono::milliseconds(20);

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Kills and reaps the program when the waiting coroutine goes away.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  // The exit code, once.
  std::optional<int> poll() {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

// Our PATH with the system's folders behind it: containerd looks there for runc and its shim.
std::string search_path() {
  const char* path = getenv("PATH");
  return path == nullptr || *path == 0 ? kSystemPath : std::string(path) + ":" + kSystemPath;
}

std::vector<std::string> environment() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text(*entry);
    // NOTIFY_SOCKET: containerd must not speak to our service manager in our name.
    if (!text.starts_with("PATH=") && !text.starts_with("NOTIFY_SOCKET=")) result.emplace_back(text);
  }
  result.push_back("PATH=" + search_path());
  return result;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

Result<pid_t> spawn(const std::vector<std::string>& command, int output, bool daemon,
                    const std::string& working_dir) {
  std::string path = find_program(command.front());
  if (path.empty())
    return fail(errors::internal(fmt::format("program \"{}\" not found in PATH", command.front())));
  SpawnPlan plan;
  posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&plan.actions, output, 1);
  posix_spawn_file_actions_adddup2(&plan.actions, output, 2);
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
  if (!working_dir.empty()) posix_spawn_file_actions_addchdir_np(&plan.actions, working_dir.c_str());
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (daemon ? POSIX_SPAWN_SETSID : 0);
  posix_spawnattr_setflags(&plan.attributes, static_cast<short>(flags));
  std::vector<std::string> env = environment();
  pid_t pid = -1;
  int rc = posix_spawn(&pid, path.c_str(), &plan.actions, &plan.attributes, pointers(command).data(),
                       pointers(env).data());
  if (rc != 0) return fail(errors::internal(fmt::format("cannot start {}: {}", path, strerror(rc))));
  return pid;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (off_t offset = 0;; offset = static_cast<off_t>(text.size())) {
    ssize_t n = pread(fd, buffer, sizeof buffer, offset);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  std::stringstream folders(search_path());
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string path = folder + "/" + name;
    if (!folder.empty() && access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

Task<Result<ProgramOutput>> run_program(std::vector<std::string> command, Duration limit) {
  Executor* executor = Executor::current();
  Fd output(memfd_create("output", MFD_CLOEXEC));
  if (output.get() < 0) co_return fail(errors::internal(fmt::format("memfd_create: {}", strerror(errno))));
  CO_TRY(pid_t pid, spawn(command, output.get(), false, ""));
  Child child(pid);
  MonotonicTime deadline = executor->now() + limit;
  for (Duration pause = kFirstPoll;; pause = std::min(pause * 2, kLongestPoll)) {
    if (std::optional<int> code = child.poll()) {
      ProgramOutput result{.exit_code = *code, .text = read_all(output.get())};
      co_return result;
    }
    if (executor->now() >= deadline) {
      co_return fail(errors::timeout(fmt::format("{} did not end in time", fmt::join(command, " ")), 0));
    }
    co_await sleep_for(pause);
  }
}

Task<Result<std::string>> check_program(std::vector<std::string> command, Duration limit) {
  std::string line = fmt::format("{}", fmt::join(command, " "));
  CO_TRY(ProgramOutput output, co_await run_program(std::move(command), limit));
  if (output.exit_code != 0) {
    co_return fail(errors::internal(
        fmt::format("{} failed with exit code {}: {}", line, output.exit_code, output.text)));
  }
  co_return std::move(output.text);
}

Result<pid_t> spawn_daemon(const std::vector<std::string>& command, const std::string& log_path,
                           const std::string& working_dir) {
  Fd log(open(log_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (log.get() < 0)
    return fail(errors::internal(fmt::format("cannot open {}: {}", log_path, strerror(errno))));
  return spawn(command, log.get(), true, working_dir);
}

}  // namespace xebec::containerd
