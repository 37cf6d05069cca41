// What the engines' benchmarks share: writes a second and their latency by number of concurrent writers, next
// to what the disk below can do.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/scope.h"
#include "storage/store.h"

namespace xebec::storage::bench {

inline constexpr size_t kValueBytes = 1024;

inline double seconds_since(MonotonicTime start, const Executor& executor) {
  return std::chrono::duration<double>(executor.now() - start).count();
}

// fdatasync calls a second, each after a write of one value at the end of the file.
inline double fdatasyncs_a_second(const std::string& dir, double seconds) {
  RunLoop clock;
  std::string path = dir + "/raw";
  int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  std::string block(kValueBytes, 'x');
  MonotonicTime start = clock.now();
  int count = 0;
  while (seconds_since(start, clock) < seconds) {
    if (write(fd, block.data(), block.size()) < 0 || fdatasync(fd) != 0) return 0;
    ++count;
  }
  double rate = count / seconds_since(start, clock);
  close(fd);
  unlink(path.c_str());
  return rate;
}

struct Latencies {
  std::vector<double> millis;
  bool failed = false;
  double at(double quantile) {
    if (millis.empty()) return 0;
    size_t i =
        std::min(millis.size() - 1, static_cast<size_t>(quantile * static_cast<double>(millis.size())));
    std::nth_element(millis.begin(), millis.begin() + static_cast<long>(i), millis.end());
    return millis[i];
  }
};

inline Task<void> write_until(Store& store, std::string key, MonotonicTime end, Latencies& out) {
  Executor& executor = *Executor::current();
  Bytes value = make_bytes(std::string(kValueBytes, 'v'));
  int64_t revision = 0;
  while (executor.now() < end && !out.failed) {
    MonotonicTime start = executor.now();
    Txn txn;
    txn.compares.push_back(Compare(key, revision));
    txn.ops.push_back(Put(key, value));
    Result<TxnResult> result = co_await store.txn(std::move(txn));
    if (!result || !result->succeeded) {
      out.failed = true;
      co_return;
    }
    revision = result->revision;
    out.millis.push_back(std::chrono::duration<double, std::milli>(executor.now() - start).count());
  }
}

inline Task<void> run_writers(Store& store, int writers, double seconds, Latencies& out) {
  Executor& executor = *Executor::current();
  Scope scope(executor);
  MonotonicTime end = executor.now() + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  for (int i = 0; i < writers; ++i) {
    scope.spawn(write_until(store, fmt::format("/registry/bench/{}/{}", writers, i), end, out));
  }
  co_await scope.join();
}

// `dir`: where the raw disk is measured.
inline bool measure_writes(Store& store, const std::string& dir, double seconds) {
  fmt::print("{:>8} {:>10} {:>10} {:>10} {:>14} {:>10}\n", "writers", "writes/s", "p50 ms", "p99 ms",
             "fdatasync/s", "ratio");
  for (int writers : {1, 16, 64, 256}) {
    // The disk is measured anew each time: others use it too.
    double raw = fdatasyncs_a_second(dir, seconds);
    Latencies latencies;
    block_on(run_writers(store, writers, seconds, latencies));
    if (latencies.failed) return false;
    double rate = static_cast<double>(latencies.millis.size()) / seconds;
    fmt::print("{:>8} {:>10.0f} {:>10.2f} {:>10.2f} {:>14.0f} {:>9.1f}x\n", writers, rate, latencies.at(0.5),
               latencies.at(0.99), raw, rate / raw);
  }
  return true;
}

}  // namespace xebec::storage::bench
