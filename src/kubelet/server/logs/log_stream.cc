#include "kubelet/server/logs/log_stream.h"

#include "base/sync.h"
#include "kubelet/server/logs/log_file.h"
#include "kubelet/server/logs/log_formatter.h"

namespace xebec::kubelet {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr Duration kPoll = std::chrono::milliseconds(200);

class LogStream final : public http::BodyStream {
 public:
  LogStream(LogFile file, std::string path, const LogOptions& options, StillRunning still_running,
            CancelToken cancel)
      : file_(std::move(file)),
        path_(std::move(path)),
        formatter_(options),
        follow_(options.follow),
        still_running_(std::move(still_running)),
        cancel_(std::move(cancel)),
        buffer_(kPiece, '\0') {}

  Task<Result<http::Buffer>> next() override {
    std::string out;
    while (out.empty() && !formatter_.full() && !over_) {
      CO_TRY(size_t count, file_.read(buffer_));
      if (count > 0) {
        formatter_.feed(std::string_view(buffer_).substr(0, count), out);
        // Long stretches that are left out do not keep the thread from others.
        if (out.empty()) co_await Executor::current()->schedule();
        continue;
      }
      co_await at_end(out);
    }
    if (out.empty()) co_return http::Buffer();
    co_return http::make_buffer(std::move(out));
  }

 private:
  // Nothing more to read now: waits for more, goes to the next file, or finds that this was all.
  Task<void> at_end(std::string& out) {
    if (!follow_ || last_look_) {
      formatter_.end_of_file(out);
      over_ = true;
      co_return;
    }
    // The old file was read once more after this was seen: the runtime may have written a last line to it.
    if (rotated_) {
      rotated_ = false;
      Result<LogFile> next = LogFile::open(path_);
      if (next) file_ = std::move(*next);
      co_return;
    }
    rotated_ = file_.rotated();
    bool running = rotated_;
    if (!running) running = co_await still_running_();
    bool slept = co_await sleep_for(kPoll, cancel_);
    if (!slept) over_ = true;
    // Once more after the end: the runtime may have written its last lines after it reported the exit.
    last_look_ = !running;
  }

  LogFile file_;
  const std::string path_;
  LogFormatter formatter_;
  const bool follow_;
  const StillRunning still_running_;
  const CancelToken cancel_;
  std::string buffer_;
  bool rotated_ = false;
  bool last_look_ = false;
  bool over_ = false;
};

}  // namespace

Result<std::unique_ptr<http::BodyStream>> open_log(const std::string& path, const LogOptions& options,
                                                   StillRunning still_running, CancelToken cancel) {
  TRY(LogFile file, LogFile::open(path));
  if (options.tail_lines) {
    TRY_VOID(file.seek_tail(*options.tail_lines));
  }
  std::unique_ptr<http::BodyStream> stream = std::make_unique<LogStream>(
      std::move(file), path, options, std::move(still_running), std::move(cancel));
  return stream;
}

}  // namespace xebec::kubelet
