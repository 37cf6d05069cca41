#include "kubelet/runtime/remains.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "base/sync.h"
#include "kubelet/runtime/host.h"

namespace xebec::containerd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr int kCgroupAttempts = 100;  // of 20 ms
constexpr const char* kNetworkCache = "/var/lib/cni/results";

// The cgroup's folder in every hierarchy where it exists.
std::vector<fs::path> cgroup_folders(const std::string& cgroup) {
  std::vector<fs::path> result;
  std::set<std::string> seen;
  std::error_code error;
  if (cgroup.empty() || cgroup == "/") return result;
  for (const MountPoint& mount : mount_points()) {
    if (mount.type != "cgroup" && mount.type != "cgroup2") continue;
    fs::path folder = fs::path(mount.path + "/" + cgroup).lexically_normal();
    if (fs::is_directory(folder, error) && seen.insert(folder.string()).second) result.push_back(folder);
  }
  return result;
}

// The folder and all below, parents first.
std::vector<fs::path> tree(const fs::path& folder) {
  std::vector<fs::path> result = {folder};
  std::error_code error;
  for (size_t i = 0; i < result.size(); ++i) {
    for (const fs::directory_entry& entry : fs::directory_iterator(result[i], error)) {
      if (entry.is_directory(error) && !entry.is_symlink(error)) result.push_back(entry.path());
    }
  }
  return result;
}

// Inode -> path of every bound unix socket.
std::map<std::string, std::string> unix_sockets() {
  std::map<std::string, std::string> result;
  std::stringstream lines(read_file("/proc/net/unix"));
  for (std::string line; std::getline(lines, line);) {
    std::stringstream columns(line);
    std::string skip, inode, path;
    columns >> skip >> skip >> skip >> skip >> skip >> skip >> inode >> path;
    if (!path.empty() && path[0] == '/') result[inode] = path;
  }
  return result;
}

// Paths of the sockets a process holds open.
std::vector<std::string> sockets_of(int pid, const std::map<std::string, std::string>& by_inode) {
  std::vector<std::string> result;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    std::string target = fs::read_symlink(entry.path(), error).string();
    if (!target.starts_with("socket:[")) continue;
    auto it = by_inode.find(target.substr(8, target.size() - 9));
    if (it != by_inode.end()) result.push_back(it->second);
  }
  return result;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> result;
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, separator);) result.push_back(part);
  return result;
}

}  // namespace

void kill_cgroups(const std::string& cgroup, int signal_number) {
  for (const fs::path& root : cgroup_folders(cgroup)) {
    for (const fs::path& folder : tree(root)) {
      std::stringstream pids(read_file((folder / "cgroup.procs").string()));
      for (int pid; pids >> pid;) {
        if (pid > 1 && pid != getpid()) kill(pid, signal_number);
      }
    }
  }
}

Task<void> remove_cgroups(std::string cgroup) {
  for (int attempt = 0; attempt < kCgroupAttempts; ++attempt) {
    std::vector<fs::path> roots = cgroup_folders(cgroup);
    if (roots.empty()) co_return;
    kill_cgroups(cgroup, SIGKILL);
    for (const fs::path& root : roots) {
      std::vector<fs::path> folders = tree(root);
      for (auto it = folders.rbegin(); it != folders.rend(); ++it) rmdir(it->c_str());
    }
    if (cgroup_folders(cgroup).empty()) co_return;
    co_await sleep_for(milliseconds(20));
  }
}

std::vector<int> shims_of(const std::string& containerd_socket) {
  std::vector<int> result;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 1) continue;
    std::vector<std::string> arguments = split(read_file(entry.path().string() + "/cmdline"), '\0');
    if (arguments.empty() || arguments[0].find("containerd-shim") == std::string::npos) continue;
    auto address = std::find(arguments.begin(), arguments.end(), "-address");
    if (address != arguments.end() && ++address != arguments.end() && *address == containerd_socket) {
      result.push_back(pid);
    }
  }
  return result;
}

Task<void> end_shims(std::string containerd_socket) {
  for (int attempt = 0; attempt < kCgroupAttempts; ++attempt) {
    std::vector<int> shims = shims_of(containerd_socket);
    if (shims.empty()) co_return;
    std::map<std::string, std::string> by_inode = unix_sockets();
    for (int pid : shims) {
      std::vector<std::string> sockets = sockets_of(pid, by_inode);
      kill(pid, SIGKILL);
      for (const std::string& path : sockets) {
        if (path.starts_with("/run/containerd/s/")) unlink(path.c_str());
      }
    }
    co_await sleep_for(milliseconds(20));
  }
}

void unmount_below(const std::string& folder) {
  std::vector<MountPoint> mounts = mount_points();
  for (auto it = mounts.rbegin(); it != mounts.rend(); ++it) {
    bool below = it->path == folder || it->path.starts_with(folder + "/");
    if (below) umount2(it->path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
}

void remove_network_cache(const std::string& network) {
  std::error_code error;
  std::vector<std::string> sandboxes;
  for (const fs::directory_entry& entry : fs::directory_iterator(kNetworkCache, error)) {
    std::string name = entry.path().filename().string();
    bool ours = name.starts_with(network + "-") && name.ends_with("-eth0");
    if (ours)
      sandboxes.push_back(name.substr(network.size() + 1, name.size() - network.size() - strlen("--eth0")));
  }
  for (const std::string& id : sandboxes) {
    fs::remove(fmt::format("{}/{}-{}-eth0", kNetworkCache, network, id), error);
    fs::remove(fmt::format("{}/cni-loopback-{}-lo", kNetworkCache, id), error);
  }
}

}  // namespace xebec::containerd
