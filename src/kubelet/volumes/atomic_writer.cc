#include "kubelet/volumes/atomic_writer.h"
#include "kubelet/problem.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace xebec::kubelet {
namespace fs = std::filesystem;
namespace {

constexpr const char* kData = "..data";
constexpr const char* kNewData = "..data_tmp";

Status failure(std::string_view what, const std::string& path) {
  return problem(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

Result<void> write_file(const std::string& path, const ProjectedFile& file, std::optional<int64_t> group) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(failure("open", path));
  size_t done = 0;
  bool ok = true;
  while (ok && done < file.data.size()) {
    ssize_t n = ::write(fd, file.data.data() + done, file.data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    ok = n > 0;
    if (ok) done += static_cast<size_t>(n);
  }
  int mode = file.mode;
  if (ok && (group || file.owner)) {
    ok = ::fchown(fd, static_cast<uid_t>(file.owner.value_or(-1)), static_cast<gid_t>(group.value_or(-1))) ==
         0;
  }
  if (group) mode |= 0440;
  ok = ok && ::fchmod(fd, static_cast<mode_t>(mode)) == 0;
  Status error = failure("write", path);
  ::close(fd);
  if (!ok) return fail(std::move(error));
  return {};
}

// What is there now, with modes as they were asked for.
bool same(const std::string& dir, const ProjectedFiles& files, std::optional<int64_t> group) {
  std::error_code error;
  std::string data = dir + "/" + kData;
  if (!fs::exists(data, error)) return false;
  size_t found = 0;
  for (fs::recursive_directory_iterator it(fs::canonical(data, error), error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) ++found;
  }
  if (found != files.size()) return false;
  for (const auto& [path, file] : files) {
    std::string at = data + "/" + path;
    struct stat info {};
    int mode = file.mode | (group ? 0440 : 0);
    if (file.owner && ::stat(at.c_str(), &info) == 0 && info.st_uid != static_cast<uid_t>(*file.owner))
      return false;
    if (::stat(at.c_str(), &info) != 0 || static_cast<int>(info.st_mode & 07777) != mode) return false;
    std::ifstream in(at, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    if (content.str() != file.data) return false;
  }
  return true;
}

}  // namespace

Result<void> check_relative_path(const std::string& path) {
  if (path.empty()) return fail(problem("invalid path: must not be empty: \"\""));
  if (path.starts_with('/')) return fail(problem("invalid path: must be relative path: " + path));
  for (const fs::path& part : fs::path(path)) {
    if (part == "..") return fail(problem("invalid path: must not contain '..': " + path));
  }
  if (path.starts_with("..")) return fail(problem("invalid path: must not start with '..': " + path));
  return {};
}

Result<void> write_atomically(const std::string& dir, const ProjectedFiles& files,
                              std::optional<int64_t> group, const Clock& clock) {
  for (const auto& [path, file] : files) {
    TRY_VOID(check_relative_path(path));
  }
  if (same(dir, files, group)) return {};
  std::error_code error;
  std::string data = dir + "/" + kData;
  std::string old = fs::is_symlink(data, error) ? fs::read_symlink(data, error).string() : std::string();
  int64_t nanos = clock.now().time_since_epoch().count();
  std::string stamp =
      fmt::format("..{:%Y_%m_%d_%H_%M_%S}.{:09}",
                  fmt::gmtime(static_cast<std::time_t>(nanos / 1'000'000'000)), nanos % 1'000'000'000);
  std::string fresh = dir + "/" + stamp;
  if (::mkdir(fresh.c_str(), 0755) != 0) return fail(failure("mkdir", fresh));
  ::chmod(fresh.c_str(), 0755);
  std::set<std::string> visible;
  for (const auto& [path, file] : files) {
    std::string at = fresh + "/" + path;
    fs::create_directories(fs::path(at).parent_path(), error);
    TRY_VOID(write_file(at, file, group));
    visible.insert(fs::path(path).begin()->string());
  }
  std::string next = dir + "/" + kNewData;
  ::unlink(next.c_str());
  if (::symlink(stamp.c_str(), next.c_str()) != 0) return fail(failure("symlink", next));
  if (::rename(next.c_str(), data.c_str()) != 0) return fail(failure("rename", next));
  for (const std::string& name : visible) {
    std::string link = dir + "/" + name;
    if (!fs::is_symlink(link, error))
      (void)::symlink((std::string(kData) + "/" + name).c_str(), link.c_str());
  }
  std::vector<fs::path> stale;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (!name.starts_with("..") && !visible.contains(name)) stale.push_back(it->path());
    if (name.starts_with("..2") && name != stamp) stale.push_back(it->path());
  }
  for (const fs::path& path : stale) fs::remove_all(path, error);
  return {};
}

}  // namespace xebec::kubelet
