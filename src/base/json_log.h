// Logs as JSON, an object a line, as k8s.io/component-base/logs/json writes them:
//   {"ts":1580306777047.28,"logger":"kubelet","msg":"Started container","v":0,"pod":"default/hue"}
#pragma once

#include "base/clock.h"
#include "base/logger.h"

namespace xebec {

// A sink with a form of its own: it gets entries instead of lines. Thread-safe, as every sink.
class EntrySink : public LogSink {
 public:
  virtual void entry(LogLevel level, WallTime when, std::string_view component, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;
  void write(LogLevel, std::string_view) final {}
};

// Writes to a file descriptor, which it does not own.
std::shared_ptr<LogSink> make_json_sink(int fd);

}  // namespace xebec
