// Structured logging: a message and key/value pairs, one line an entry:
//   I1130 12:00:00.000000 kubelet "Started container" pod="default/hue" container="hue"
// A Logger is a cheap copy; all copies write to one sink, which is thread-safe.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace xebec {

class Clock;

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view key;
  std::string value;
  template <class T>
  LogField(std::string_view key, const T& value) : key(key), value(fmt::format("{}", value)) {}
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(LogLevel level, std::string_view line) = 0;
};

class Logger {
 public:
  // Writes nothing.
  Logger() = default;
  Logger(std::shared_ptr<LogSink> sink, std::shared_ptr<const Clock> clock, LogLevel level)
      : sink_(std::move(sink)), clock_(std::move(clock)), level_(level) {}

  Logger named(std::string_view component) const;

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    if (enabled(LogLevel::kDebug)) write(LogLevel::kDebug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    if (enabled(LogLevel::kInfo)) write(LogLevel::kInfo, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    if (enabled(LogLevel::kWarning)) write(LogLevel::kWarning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    if (enabled(LogLevel::kError)) write(LogLevel::kError, message, fields);
  }
  bool enabled(LogLevel level) const { return sink_ && level >= level_; }

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const;

  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<const Clock> clock_;
  LogLevel level_ = LogLevel::kInfo;
  std::string component_;
};

// Writes to a file descriptor, which it does not own.
std::shared_ptr<LogSink> make_fd_sink(int fd);

}  // namespace xebec
