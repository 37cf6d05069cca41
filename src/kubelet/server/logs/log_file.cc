#include "kubelet/server/logs/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kubelet/server/logs/cri_line.h"

namespace xebec::kubelet {
namespace {

constexpr int64_t kBlock = 64 << 10;

Status io_error(std::string_view what, const std::string& path) {
  std::string why = std::strerror(errno);
  if (errno == ENOENT) why = "no such file or directory";
  return errors::internal(fmt::format("{} {}: {}", what, path, why));
}

// Counts whole lines from the end of a file towards its beginning.
class TailCounter {
 public:
  explicit TailCounter(int64_t wanted) : wanted_(wanted) {}

  // The line before the ones seen so far. False when it belongs to the tail no more.
  bool add(std::string_view line) {
    std::optional<CriLine> parsed = parse_cri_line(line);
    if (!parsed) return true;
    bool ends_a_line = !parsed->partial || first_;
    first_ = false;
    if (!ends_a_line) return true;
    return ++count_ <= wanted_;
  }

 private:
  const int64_t wanted_;
  int64_t count_ = 0;
  bool first_ = true;
};

}  // namespace

Result<LogFile> LogFile::open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(io_error("open", path));
  return LogFile(path, fd);
}

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), offset_(other.offset_) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(offset_, other.offset_);
  return *this;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<size_t> LogFile::read(std::span<char> into) {
  for (;;) {
    ssize_t count = pread(fd_, into.data(), into.size(), offset_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(io_error("read", path_));
    offset_ += count;
    return static_cast<size_t>(count);
  }
}

Result<void> LogFile::seek_tail(int64_t lines) {
  struct stat info {};
  if (fstat(fd_, &info) != 0) return fail(io_error("stat", path_));
  TailCounter counter(lines);
  offset_ = info.st_size;
  if (lines == 0) return {};
  // `text` is the file from `start` to the end of the last line not counted yet.
  std::string text;
  int64_t start = info.st_size;
  while (start > 0) {
    int64_t size = std::min(start, kBlock);
    std::string block(static_cast<size_t>(size), '\0');
    ssize_t count = pread(fd_, block.data(), block.size(), start - size);
    if (count != size) return fail(io_error("read", path_));
    start -= size;
    text.insert(0, block);
    for (;;) {
      // The newline that ends the line before the last one; none: the line's beginning is not here yet.
      size_t newline = text.size() < 2 ? std::string::npos : text.rfind('\n', text.size() - 2);
      if (newline == std::string::npos && start > 0) break;
      size_t begin = newline == std::string::npos ? 0 : newline + 1;
      std::string_view line = std::string_view(text).substr(begin);
      if (line.ends_with('\n')) line.remove_suffix(1);
      if (!line.empty() && !counter.add(line)) return {};
      offset_ = start + static_cast<int64_t>(begin);
      text.resize(begin);
      if (begin == 0) break;
    }
  }
  return {};
}

bool LogFile::rotated() const {
  struct stat ours {
  }, named{};
  if (fstat(fd_, &ours) != 0 || stat(path_.c_str(), &named) != 0) return false;
  return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

}  // namespace xebec::kubelet
