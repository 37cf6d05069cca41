#include "kubelet/runtime/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "kubelet/runtime/program.h"

namespace xebec::containerd {
namespace {

namespace fs = std::filesystem;

constexpr int kCapSysResource = 24;

// The byte that `\ooo` at `at` stands for; nothing when it is no such escape.
std::optional<char> octal_byte(std::string_view text, size_t at) {
  unsigned value = 0;
  const char* begin = text.data() + at + 1;
  if (at + 3 >= text.size() || text[at] != '\\') return std::nullopt;
  auto [end, error] = std::from_chars(begin, begin + 3, value, 8);
  if (error != std::errc() || end != begin + 3 || value > 0xff) return std::nullopt;
  return static_cast<char>(value);
}

std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::optional<char> byte = octal_byte(text, i);
    out.push_back(byte.value_or(text[i]));
    if (byte) i += 3;
  }
  return out;
}

bool overlay_works(const std::string& data_dir) {
  fs::path base = fs::path(data_dir) / ".overlay-check";
  std::error_code error;
  for (const char* part : {"lower", "upper", "work", "merged"}) fs::create_directories(base / part, error);
  std::string options = fmt::format("lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work", base.string());
  std::string merged = (base / "merged").string();
  bool works = mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) == 0;
  // Some kernels mount an overlay on an overlay and fail at the first write.
  if (works) {
    works = !write_file(merged + "/file", "x").has_value() ? false : read_file(merged + "/file") == "x";
    umount2(merged.c_str(), MNT_DETACH);
  }
  fs::remove_all(base, error);
  return works;
}

std::string first_folder(std::initializer_list<const char*> folders) {
  for (const char* folder : folders) {
    if (access((std::string(folder) + "/host-local").c_str(), X_OK) == 0) return folder;
  }
  return "";
}

}  // namespace

std::vector<MountPoint> parse_mountinfo(const std::string& text) {
  std::vector<MountPoint> result;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::stringstream head(line.substr(0, dash)), tail(line.substr(dash + 3));
    std::string skip, path, type, source, options;
    head >> skip >> skip >> skip >> skip >> path;
    tail >> type >> source >> options;
    result.push_back({.path = unescape(path), .type = type, .options = options});
  }
  return result;
}

std::vector<MountPoint> mount_points() { return parse_mountinfo(read_file("/proc/self/mountinfo")); }

bool has_capability(const std::string& status_text, int bit) {
  size_t at = status_text.find("CapEff:");
  if (at == std::string::npos) return false;
  return (std::strtoull(status_text.c_str() + at + 7, nullptr, 16) >> bit & 1) != 0;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<bool> write_file(const std::string& path, const std::string& content, int mode) {
  if (access(path.c_str(), F_OK) == 0 && read_file(path) == content) return false;
  std::string temporary = path + ".tmp";
  int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return fail(errors::internal(fmt::format("cannot write {}: {}", temporary, strerror(errno))));
  bool good = write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  good = close(fd) == 0 && good && rename(temporary.c_str(), path.c_str()) == 0;
  if (!good) return fail(errors::internal(fmt::format("cannot write {}: {}", path, strerror(errno))));
  return true;
}

Result<Host> inspect_host(const std::string& data_dir) {
  Host host;
  bool v1 = false, v2 = false;
  for (const MountPoint& mount : mount_points()) {
    if (mount.type == "cgroup") v1 = true;
    if (mount.type == "cgroup2") v2 = true;
    if (mount.type == "cgroup" || mount.type == "cgroup2") host.cgroup_mounts.push_back(mount.path);
  }
  if (!v1 && !v2) return fail(errors::internal("no cgroup file system is mounted at /sys/fs/cgroup"));
  host.cgroups = v1 && v2 ? CgroupMode::kHybrid : v1 ? CgroupMode::kV1 : CgroupMode::kV2;
  host.can_lower_oom_score = has_capability(read_file("/proc/self/status"), kCapSysResource);
  host.apparmor = read_file("/sys/module/apparmor/parameters/enabled").starts_with("Y");
  host.overlayfs = overlay_works(data_dir);
  host.runc = find_program("runc");
  host.crun = find_program("crun");
  if (host.runc.empty()) return fail(errors::internal("program \"runc\" not found in PATH"));
  host.cni_bin_dir = first_folder({"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"});
  if (host.cni_bin_dir.empty()) {
    return fail(errors::internal(
        "no CNI plugins in /usr/lib/cni or /opt/cni/bin: install containernetworking-plugins"));
  }
  return host;
}

}  // namespace xebec::containerd
