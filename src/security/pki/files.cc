#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "security/pki/digest.h"
#include "security/pki/pki.h"

namespace xebec::pki {
namespace {

class File {
 public:
  File(const std::string& path, int flags, unsigned mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  File(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status system_error(std::string_view what, const std::string& path) {
  return errors::internal(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

Result<void> write_file_atomic(const std::string& path, std::string_view bytes, unsigned mode) {
  std::string temporary = fmt::format("{}.{}.tmp", path, hex(random_bytes(6)));
  {
    File file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (file.fd() < 0) return fail(system_error("open", temporary));
    bool written = ::fchmod(file.fd(), mode) == 0 && write_all(file.fd(), bytes) && ::fsync(file.fd()) == 0;
    if (!written) {
      Status status = system_error("write", temporary);
      ::unlink(temporary.c_str());
      return fail(std::move(status));
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    Status status = system_error("rename", path);
    ::unlink(temporary.c_str());
    return fail(std::move(status));
  }
  size_t slash = path.rfind('/');
  File folder(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
  if (folder.fd() >= 0) ::fsync(folder.fd());
  return {};
}

Result<std::string> read_file(const std::string& path) {
  File file(path, O_RDONLY);
  if (file.fd() < 0) {
    if (errno == ENOENT)
      return fail(Status(404, reason::kNotFound, fmt::format("open {}: no such file or directory", path)));
    return fail(system_error("open", path));
  }
  std::string bytes;
  char part[16 << 10];
  for (;;) {
    ssize_t count = ::read(file.fd(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error("read", path));
    if (count == 0) return bytes;
    bytes.append(part, static_cast<size_t>(count));
  }
}

}  // namespace xebec::pki
