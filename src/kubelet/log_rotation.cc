#include "kubelet/log_rotation.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace xebec::kubelet {

Task<void> rotate_log(cri::Runtime& runtime, HostFiles& files, const Clock& clock, std::string container_id,
                      std::string path) {
  if (path.empty() || files.size(path) < kMaxLogSize) co_return;
  size_t slash = path.rfind('/');
  std::string dir = path.substr(0, slash), base = path.substr(slash + 1);
  std::vector<std::string> rotated;
  for (const std::string& name : files.list(dir)) {
    if (name.starts_with(base + ".")) rotated.push_back(name);
  }
  // The live file and the one made now count too.
  while (rotated.size() + 2 > kMaxLogFiles) {
    files.remove_tree(dir + "/" + rotated.front());
    rotated.erase(rotated.begin());
  }
  auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
  std::string stamp =
      fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
  std::string aside = path + "." + stamp;
  files.rename(path, aside);
  Result<void> reopened = co_await runtime.reopen_container_log(container_id);
  if (!reopened) files.rename(aside, path);  // it goes on writing there
}

}  // namespace xebec::kubelet
