// The suite of all engines, on real etcd servers: one a test.
#include "storage/etcd/etcd_store.h"
#include "storage/etcd/testing/etcd_cluster.h"
#include "storage/test_store.h"

namespace xebec::storage::testing {
namespace {

Opened open_etcd_with(size_t ring) {
  Opened opened;
  if (!etcd_installed()) {
    opened.missing = kEtcdMissing;
    return opened;
  }
  auto cluster = std::make_shared<EtcdCluster>();
  EtcdOptions options;
  options.servers = cluster->urls();
  options.watch_ring_bytes = ring;
  Result<std::unique_ptr<Store>> store = block_on(open_etcd(std::move(options)));
  if (store) opened.store = std::move(*store);
  opened.below = std::move(cluster);
  return opened;
}

}  // namespace

std::vector<Engine> engines() {
  return {
      {"Etcd", [](const TempDir&) { return open_etcd_with(4 << 20); }},
      {"EtcdWithoutRing", [](const TempDir&) { return open_etcd_with(0); }},
  };
}

}  // namespace xebec::storage::testing
