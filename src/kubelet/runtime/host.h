// What this machine can do, as far as it decides how containerd is configured.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace xebec::containerd {

// kHybrid: v1 controllers, and a v2 tree beside them at /sys/fs/cgroup/unified.
enum class CgroupMode { kV1, kHybrid, kV2 };

struct Host {
  CgroupMode cgroups = CgroupMode::kV2;
  std::vector<std::string> cgroup_mounts;  // every hierarchy's mount point
  bool can_lower_oom_score = true;         // CAP_SYS_RESOURCE
  bool apparmor = false;
  bool overlayfs = true;   // works in the given folder
  std::string runc, crun;  // full paths; crun may be empty
  std::string cni_bin_dir;
};

// `data_dir` exists. Mounts an overlay there for a moment to see whether that works.
Result<Host> inspect_host(const std::string& data_dir);

// A line of /proc/self/mountinfo.
struct MountPoint {
  std::string path, type, options;  // options of the file system
};
std::vector<MountPoint> mount_points();
// The parser of it: octal escapes are undone.
std::vector<MountPoint> parse_mountinfo(const std::string& text);

// Capability `bit` in the CapEff line of a /proc/PID/status text.
bool has_capability(const std::string& status_text, int bit);

std::string read_file(const std::string& path);  // empty when it cannot be read
// Through a temporary file and rename. Returns whether the content changed.
Result<bool> write_file(const std::string& path, const std::string& content, int mode = 0644);

}  // namespace xebec::containerd
