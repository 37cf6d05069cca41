#include "load/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "load/process.h"

namespace xebec::load {

void Measured::add(Duration latency, size_t bytes) {
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  std::lock_guard lock(mutex_);
  microseconds_.push_back(static_cast<uint32_t>(std::max<int64_t>(us, 0)));
  bytes_ += bytes;
}

void Measured::merge(std::vector<uint32_t> microseconds, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  microseconds_.insert(microseconds_.end(), microseconds.begin(), microseconds.end());
  bytes_ += bytes;
}

void Measured::error(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (errors_++ == 0) first_error_ = why;
}

uint64_t Measured::count() const {
  std::lock_guard lock(mutex_);
  return microseconds_.size();
}

void report_header() {
  fmt::print("{:<18} {:>9} {:>7} {:>10} {:>9} {:>9} {:>9} {:>8} {:>11} {:>11} {:>8}\n", "scenario", "ops",
             "errors", "ops/s", "p50 ms", "p99 ms", "max ms", "MB/s", "server us/op", "client us/op",
             "RSS MiB");
}

void report(const std::string& scenario, const Measured& measured, double seconds, double server_cpu,
            double own_cpu, pid_t pid) {
  std::vector<uint32_t> sorted;
  uint64_t bytes = 0;
  uint64_t errors = 0;
  std::string first_error;
  {
    std::lock_guard lock(measured.mutex_);
    sorted = measured.microseconds_;
    bytes = measured.bytes_;
    errors = measured.errors_;
    first_error = measured.first_error_;
  }
  std::sort(sorted.begin(), sorted.end());
  auto at = [&](double part) {
    if (sorted.empty()) return 0.0;
    return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))] / 1000.0;
  };
  double operations = std::max<double>(1, static_cast<double>(sorted.size()));
  fmt::print(
      "{:<18} {:>9} {:>7} {:>10.0f} {:>9.2f} {:>9.2f} {:>9.2f} {:>8.1f} {:>11.1f} {:>11.1f} {:>8.0f}\n",
      scenario, sorted.size(), errors, operations / seconds, at(0.5), at(0.99), at(1.0),
      static_cast<double>(bytes) / 1e6 / seconds, server_cpu * 1e6 / operations, own_cpu * 1e6 / operations,
      pid > 0 ? resident_mib(pid) : 0.0);
  if (errors > 0) fmt::print("  first error: {}\n", first_error);
  std::fflush(stdout);
}

}  // namespace xebec::load
