#include "kubelet/server/system_logs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "kubelet/server/text_response.h"

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPiece = 64 * 1024;

class FileBody final : public http::BodyStream {
 public:
  explicit FileBody(int fd) : fd_(fd) {}
  ~FileBody() override { ::close(fd_); }
  FileBody(const FileBody&) = delete;

  Task<Result<http::Buffer>> next() override {
    std::string piece(kPiece, '\0');
    ssize_t n = ::read(fd_, piece.data(), piece.size());
    if (n < 0) co_return fail(errors::internal("read failed"));
    if (n == 0) co_return http::Buffer();
    piece.resize(static_cast<size_t>(n));
    co_return std::make_shared<const std::string>(std::move(piece));
  }

 private:
  int fd_;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Response listing(int folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it("/proc/self/fd/" + std::to_string(folder), error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    names.push_back(it->is_directory(error) ? name + "/" : name);
  }
  std::sort(names.begin(), names.end());
  std::string text = "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n";
  for (const std::string& name : names) {
    text += "<a href=\"" + http::percent_encode(name) + "\">" + escaped(name) + "</a>\n";
  }
  return text_response(200, text + "</pre>\n", "text/html; charset=utf-8");
}

}  // namespace

Result<http::Response> serve_system_log(const std::string& root, const std::string& path) {
  Status missing(404, reason::kNotFound, "404 page not found\n");
  int base = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return fail(missing);
  open_how how{};
  // Nothing that blocks (a FIFO) is opened for long.
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  std::string below = path.empty() ? "." : path;
  int fd = static_cast<int>(::syscall(SYS_openat2, base, below.c_str(), &how, sizeof(how)));
  ::close(base);
  if (fd < 0) return fail(missing);
  struct stat info {};
  ::fstat(fd, &info);
  if (S_ISDIR(info.st_mode)) {
    http::Response response = listing(fd);
    ::close(fd);
    return response;
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return fail(missing);
  }
  http::Response response;
  response.headers.add("Content-Type",
                       path.ends_with(".gz") ? "application/gzip" : "text/plain; charset=utf-8");
  response.body = std::make_unique<FileBody>(fd);
  return response;
}

}  // namespace xebec::kubelet
