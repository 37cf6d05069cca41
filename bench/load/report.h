// Measurements of one scenario and their one-line report.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/executor.h"

namespace xebec::load {

// Filled by many workers; thread-safe.
class Measured {
 public:
  void add(Duration latency, size_t bytes);
  void merge(std::vector<uint32_t> microseconds, uint64_t bytes);
  void error(const std::string& why);

  uint64_t count() const;

 private:
  friend void report(const std::string&, const Measured&, double, double, double, pid_t);
  mutable std::mutex mutex_;
  std::vector<uint32_t> microseconds_;
  uint64_t bytes_ = 0;
  uint64_t errors_ = 0;
  std::string first_error_;
};

void report_header();
// `seconds` of wall clock; CPU seconds of the server (0: unknown) and of this program; pid 0: no memory
// column.
void report(const std::string& scenario, const Measured& measured, double seconds, double server_cpu,
            double own_cpu, pid_t pid);

}  // namespace xebec::load
