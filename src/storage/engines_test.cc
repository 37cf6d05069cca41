// The engines that need nothing but this process, on which the suite runs.
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

Opened open_memory_with(size_t ring) {
  MemoryOptions options;
  options.clock = std::make_shared<SystemClock>();
  options.watch_ring_bytes = ring;
  Opened opened;
  opened.store = make_memory_store(options);
  return opened;
}

Opened open_rocksdb_with(const TempDir& dir, size_t ring) {
  RocksdbOptions options = rocksdb_options(dir.path("store"));
  options.sync = false;
  options.watch_ring_bytes = ring;
  Result<std::unique_ptr<Store>> store = open_rocksdb(options);
  Opened opened;
  if (store) opened.store = std::move(*store);
  return opened;
}

}  // namespace

std::vector<Engine> engines() {
  return {
      {"Memory", [](const TempDir&) { return open_memory_with(4 << 20); }},
      {"MemoryWithoutRing", [](const TempDir&) { return open_memory_with(0); }},
      {"Rocksdb", [](const TempDir& dir) { return open_rocksdb_with(dir, 4 << 20); }},
      {"RocksdbWithoutRing", [](const TempDir& dir) { return open_rocksdb_with(dir, 0); }},
  };
}

}  // namespace xebec::storage::testing
