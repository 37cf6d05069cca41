// The distributed engine on a single real etcd, on the disk of DIR: writes as store_bench has them, then
// reads, lists, and how long a write takes to another server's watcher:   etcd_bench [DIR] [SECONDS]
#include <thread>

#include "storage/bench.h"
#include "storage/etcd/etcd_store.h"
#include "storage/etcd/testing/etcd_cluster.h"

namespace xebec::storage {
namespace {

using bench::Latencies;

std::unique_ptr<Store> open(const testing::EtcdCluster& cluster) {
  EtcdOptions options;
  options.servers = cluster.urls();
  auto store = block_on(open_etcd(std::move(options)));
  if (store) return std::move(*store);
  fmt::print("{}\n", store.error().message);
  return nullptr;
}

void measure_reads(Store& store, double seconds) {
  RunLoop clock;
  const MonotonicTime start = clock.now();
  Latencies revisions;
  while (bench::seconds_since(start, clock) < seconds) {
    const MonotonicTime begin = clock.now();
    if (!block_on(store.read_revision())) return;
    revisions.millis.push_back(bench::seconds_since(begin, clock) * 1e3);
  }
  fmt::print("\nlinearizable revision, one reader: p50 {:.2f} ms, p99 {:.2f} ms\n", revisions.at(0.5),
             revisions.at(0.99));
}

bool measure_list(Store& store) {
  constexpr int kObjects = 10'000;
  for (int i = 0; i < kObjects; i += 100) {
    Txn txn;
    for (int j = i; j < i + 100; ++j) {
      txn.ops.push_back(Put{fmt::format("/registry/pods/n/{:05}", j), make_bytes(std::string(2000, 'p'))});
    }
    if (!block_on(store.txn(std::move(txn)))) return false;
  }
  RunLoop clock;
  const MonotonicTime start = clock.now();
  auto listed = block_on(store.list(RangeOptions::of_prefix("/registry/pods/")));
  if (!listed || listed->kvs.size() != kObjects) return false;
  fmt::print("list of {} objects of 2000 bytes: {:.0f} ms\n", kObjects,
             bench::seconds_since(start, clock) * 1e3);
  return true;
}

bool measure_watch(Store& writer, Store& reader) {
  constexpr int kWrites = 500;
  auto watcher = block_on(reader.watch("/registry/watched/", 0));
  if (!watcher) return false;
  RunLoop clock;
  Latencies written, seen;
  for (int i = 0; i < kWrites; ++i) {
    Txn txn;
    txn.ops.push_back(Put{"/registry/watched/a", make_bytes(std::string(bench::kValueBytes, 'w'))});
    const MonotonicTime begin = clock.now();
    std::jthread write([&] { (void)block_on(writer.txn(std::move(txn))); });
    if (!block_on((*watcher)->next())) return false;
    seen.millis.push_back(bench::seconds_since(begin, clock) * 1e3);
    write.join();
    written.millis.push_back(bench::seconds_since(begin, clock) * 1e3);
  }
  fmt::print(
      "from the write to another server's watcher: p50 {:.2f} ms, p99 {:.2f} ms (to its own answer: "
      "p50 {:.2f} ms)\n",
      seen.at(0.5), seen.at(0.99), written.at(0.5));
  return true;
}

bool measure(const std::string& dir, double seconds) {
  testing::EtcdClusterOptions options;
  options.parent = dir;
  testing::EtcdCluster cluster(options);
  auto store = open(cluster);
  auto other = open(cluster);
  if (!store || !other) return false;
  if (!bench::measure_writes(*store, dir, seconds)) return false;
  measure_reads(*store, seconds);
  return measure_list(*store) && measure_watch(*store, *other);
}

}  // namespace
}  // namespace xebec::storage

int main(int argc, char** argv) {
  if (!xebec::storage::testing::etcd_installed()) {
    fmt::print("{}\n", xebec::storage::testing::kEtcdMissing);
    return 1;
  }
  const std::string dir = argc > 1 ? argv[1] : ".";
  return xebec::storage::measure(dir, argc > 2 ? std::stod(argv[2]) : 3) ? 0 : 1;
}
