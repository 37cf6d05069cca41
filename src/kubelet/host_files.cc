#include "kubelet/host_files.h"
#include "kubelet/problem.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace xebec::kubelet {
namespace fs = std::filesystem;
namespace {

Status failure(std::string_view what, const std::string& path) {
  return problem(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

class RealFiles final : public HostFiles {
 public:
  Result<void> make_directory(const std::string& path, int mode) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return fail(problem(fmt::format("mkdir {}: {}", path, error.message())));
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
    return {};
  }

  Result<void> write_file(const std::string& path, const std::string& content, int mode) override {
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return fail(failure("open", path));
    size_t done = 0;
    while (done < content.size()) {
      ssize_t n = ::write(fd, content.data() + done, content.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        Status error = failure("write", path);
        ::close(fd);
        return fail(std::move(error));
      }
      done += static_cast<size_t>(n);
    }
    ::fchmod(fd, static_cast<mode_t>(mode));
    ::close(fd);
    return {};
  }

  std::string read_tail(const std::string& path, size_t limit) override {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) return "";
    auto size = static_cast<size_t>(std::max<std::streamoff>(0, in.tellg()));
    size_t from = size > limit ? size - limit : 0;
    in.seekg(static_cast<std::streamoff>(from));
    std::string text(size - from, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
    return text;
  }

  std::string read_all(const std::string& path) override { return read_tail(path, SIZE_MAX); }

  int64_t size(const std::string& path) override {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
  }
  int64_t tree_size(const std::string& path) override {
    auto blocks = [](const fs::path& at) -> int64_t {
      struct stat info {};
      return ::lstat(at.c_str(), &info) == 0 ? info.st_blocks * 512 : 0;
    };
    int64_t sum = blocks(path);
    std::error_code error;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error))
      sum += blocks(it->path());
    return sum;
  }
  void rename(const std::string& from, const std::string& to) override { ::rename(from.c_str(), to.c_str()); }
  void remove_tree(const std::string& path) override {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::vector<std::string> list(const std::string& path) override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

class NullFiles final : public HostFiles {
 public:
  Result<void> make_directory(const std::string&, int) override { return {}; }
  Result<void> write_file(const std::string&, const std::string&, int) override { return {}; }
  std::string read_tail(const std::string&, size_t) override { return ""; }
  std::string read_all(const std::string&) override { return ""; }
  int64_t size(const std::string&) override { return 0; }
  int64_t tree_size(const std::string&) override { return 0; }
  void rename(const std::string&, const std::string&) override {}
  void remove_tree(const std::string&) override {}
  std::vector<std::string> list(const std::string&) override { return {}; }
};

}  // namespace

std::unique_ptr<HostFiles> make_host_files() { return std::make_unique<RealFiles>(); }
std::unique_ptr<HostFiles> make_null_files() { return std::make_unique<NullFiles>(); }

}  // namespace xebec::kubelet
