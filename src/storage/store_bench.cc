// Writes a second and their latency by number of concurrent writers, next to what the disk below can do, and
// the memory a store of many objects takes:   storage_bench [DIR] [SECONDS]
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/scope.h"
#include "storage/bench.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::storage {
namespace {

size_t resident_mib() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) >> 20;
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
  return bench::measure_writes(**store, dir, seconds);
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
  fmt::print("reopen: {:.2f} s", bench::seconds_since(start, clock));
  start = clock.now();
  auto listed = block_on((*store)->list(RangeOptions::of_prefix("/registry/pods/")));
  if (!listed) return false;
  fmt::print(", list of all {}: {:.2f} s\n", listed->kvs.size(), bench::seconds_since(start, clock));
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
