#include "base/logger.h"

#include <unistd.h>

#include <ctime>

#include "base/clock.h"
#include "base/go_quote.h"
#include "base/json_log.h"

namespace xebec {
namespace {

class FdSink final : public LogSink {
 public:
  explicit FdSink(int fd) : fd_(fd) {}
  // One write a line keeps lines whole between threads and processes. A failing log must not stop the
  // program.
  void write(LogLevel, std::string_view line) override {
    [[maybe_unused]] ssize_t written = ::write(fd_, line.data(), line.size());
  }

 private:
  int fd_;
};

}  // namespace

Logger Logger::named(std::string_view component) const {
  Logger copy = *this;
  copy.component_ = component;
  return copy;
}

void Logger::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const {
  const WallTime when = clock_->now();
  if (auto* entries = dynamic_cast<EntrySink*>(sink_.get()))
    return entries->entry(level, when, component_, message, fields);
  auto since_epoch = when.time_since_epoch();
  time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
  long micros = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count() % 1000000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::string line = fmt::format("{}{:02}{:02} {:02}:{:02}:{:02}.{:06} ", "DIWE"[static_cast<int>(level)],
                                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, micros);
  if (!component_.empty()) line += component_ + " ";
  line += go_quote(message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += go_quote(field.value);
  }
  line += '\n';
  sink_->write(level, line);
}

std::shared_ptr<LogSink> make_fd_sink(int fd) { return std::make_shared<FdSink>(fd); }

}  // namespace xebec
