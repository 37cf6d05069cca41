#include "cmd/node/purge.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/scope.h"
#include "cmd/node/node_runtime.h"
#include "kubelet/runtime/supervisor.h"

namespace xebec::cmd {
namespace {

// Whatever is mounted below a directory, the newest first.
Result<void> unmount_below(const std::string& directory) {
  std::ifstream mounts("/proc/self/mounts");
  std::vector<std::string> points;
  for (std::string line; std::getline(mounts, line);) {
    size_t begin = line.find(' ') + 1;
    std::string point = line.substr(begin, line.find(' ', begin) - begin);
    if (point.starts_with(directory + "/")) points.push_back(std::move(point));
  }
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (umount2(point->c_str(), MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT) continue;
    return fail(errors::internal(fmt::format("cannot unmount {}: {}", *point, strerror(errno))));
  }
  return {};
}

Task<Result<void>> purge(std::string node_dir, containerd::Options options, Logger logger) {
  containerd::Containerd containerd(std::move(options), logger);
  CO_TRY_VOID(co_await containerd.purge());
  CO_TRY_VOID(unmount_below(node_dir));
  std::error_code error;
  std::filesystem::remove_all(node_dir, error);
  if (error) co_return fail(errors::internal(fmt::format("cannot remove {}: {}", node_dir, error.message())));
  co_return Result<void>();
}

}  // namespace

Result<void> purge_node(const std::string& data_dir, const std::string& cgroup_root, Logger logger) {
  std::error_code error;
  const std::string dir = std::filesystem::absolute(data_dir, error).lexically_normal();
  NodeOptions options;
  options.for_data_dir(dir);
  options.cgroup_root = cgroup_root;
  return block_on(purge(dir + "/node", containerd_options(options), std::move(logger)));
}

}  // namespace xebec::cmd
