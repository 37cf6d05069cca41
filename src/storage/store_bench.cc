// Writes a second and their latency by number of concurrent writers, next to what the disk below can do, and
// the memory a store of many objects takes:   storage_bench [DIR] [SECONDS]
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/scope.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::storage {
namespace {

constexpr size_t kValueBytes = 1024;

double seconds_since(MonotonicTime start, const Executor& executor) {
  return std::chrono::duration<double>(executor.now() - start).count();
}

// fdatasync calls a second, each after a write of one value at the end of the file.
double fdatasyncs_a_second(const std::string& dir, double seconds) {
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

size_t resident_mib() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) >> 20;
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

Task<void> write_until(Store& store, std::string key, MonotonicTime end, Latencies& out) {
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

Task<void> run_writers(Store& store, int writers, double seconds, Latencies& out) {
  Executor& executor = *Executor::current();
  Scope scope(executor);
  MonotonicTime end = executor.now() + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  for (int i = 0; i < writers; ++i) {
    scope.spawn(write_until(store, fmt::format("/registry/bench/{}/{}", writers, i), end, out));
  }
  co_await scope.join();
}

RocksdbOptions options_in(const std::string& dir) {
  RocksdbOptions options;
  options.dir = dir;
  options.clock = std::make_shared<SystemClock>();
  return options;
}

bool measure_writes(const std::string& dir, double seconds) {
  auto store = open_rocksdb(options_in(dir + "/writes"));
  if (!store) {
    fmt::print("{}\n", store.error().message);
    return false;
  }
  fmt::print("{:>8} {:>10} {:>10} {:>10} {:>14} {:>10}\n", "writers", "writes/s", "p50 ms", "p99 ms",
             "fdatasync/s", "ratio");
  for (int writers : {1, 16, 64, 256}) {
    // The disk is measured anew each time: others use it too.
    double raw = fdatasyncs_a_second(dir, seconds);
    Latencies latencies;
    block_on(run_writers(**store, writers, seconds, latencies));
    if (latencies.failed) return false;
    double rate = static_cast<double>(latencies.millis.size()) / seconds;
    fmt::print("{:>8} {:>10.0f} {:>10.2f} {:>10.2f} {:>14.0f} {:>9.1f}x\n", writers, rate, latencies.at(0.5),
               latencies.at(0.99), raw, rate / raw);
  }
  return true;
}

Task<void> fill(Store& store, int first, int count, bool& ok) {
  for (int i = first; i < first + count; ++i) {
    Txn txn;
    txn.ops.push_back(Put(fmt::format("/registry/pods/namespace-{}/workload-{}-abcde", i % 100, i),
                          make_bytes(std::string(2000, static_cast<char>('a' + i % 26)))));
    Result<TxnResult> result = co_await store.txn(std::move(txn));
    if (!result) ok = false;
  }
}

Task<void> fill_all(Store& store, int count, bool& ok) {
  Scope scope(*Executor::current());
  for (int first = 0; first < count; first += 500) scope.spawn(fill(store, first, 500, ok));
  co_await scope.join();
}

bool measure_memory(const std::string& dir) {
  constexpr int kObjects = 44'000;
  size_t before = resident_mib();
  bool ok = true;
  {
    auto store = open_rocksdb(options_in(dir + "/memory"));
    if (!store) return false;
    fmt::print("\nresident: {} MiB before, {} MiB with an empty store", before, resident_mib());
    block_on(fill_all(**store, kObjects, ok));
    fmt::print(", {} MiB with {} objects of 2000 bytes\n", resident_mib(), kObjects);
  }
  RunLoop clock;
  MonotonicTime start = clock.now();
  auto store = open_rocksdb(options_in(dir + "/memory"));
  if (!store) return false;
  fmt::print("reopen: {:.2f} s", seconds_since(start, clock));
  start = clock.now();
  auto listed = block_on((*store)->list(RangeOptions::of_prefix("/registry/pods/")));
  if (!listed) return false;
  fmt::print(", list of all {}: {:.2f} s\n", listed->kvs.size(), seconds_since(start, clock));
  return ok;
}

}  // namespace
}  // namespace xebec::storage

int main(int argc, char** argv) {
  std::string parent = argc > 1 ? argv[1] : ".";
  double seconds = argc > 2 ? std::stod(argv[2]) : 3;
  std::string dir = parent + "/storage-bench-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return 1;
  bool ok = xebec::storage::measure_writes(dir, seconds) && xebec::storage::measure_memory(dir);
  std::filesystem::remove_all(dir);
  return ok ? 0 : 1;
}
