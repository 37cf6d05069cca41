// The distributed engine: etcd v3 over gRPC (etcd's KV, Watch, Lease and Maintenance services). Any number of
// processes share one etcd; keys and values are byte for byte those of kube-apiserver.
//
// One watch of etcd, shared by all watchers, keeps recent events in memory; older ones are read from etcd
// again. It covers the whole key space, where every revision has an event: how far it has come is then known
// exactly, without asking. (etcd before 3.4.31 and 3.5.13 answers requests for progress out of order:
// kubernetes/kubernetes#123192.) Where etcd lets us see our prefix only, progress is requested.
//
// gRPC and its threads are started by open_etcd(); its callbacks only post to executors.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/logger.h"
#include "storage/store.h"

namespace xebec::storage {

// Which keys the shared watch covers.
enum class EtcdWatchScope {
  kAutomatic,   // every key, unless etcd forbids it
  kEverything,  // every key
  kPrefix,      // the prefix alone
};

struct EtcdOptions {
  // URLs, http, https, unix or unixs; a missing scheme means TLS when there are certificates. The first one
  // that answers is used until it fails.
  std::vector<std::string> servers;
  // PEM files, all optional; they are read again when they change. Without a CA the system's count.
  std::string ca_file, cert_file, key_file;
  // What stands for /registry in etcd's keys.
  std::string prefix = "/registry";
  Logger logger;

  Duration dial_timeout = std::chrono::seconds(20);   // until the first answer, as kube-apiserver waits
  Duration read_timeout = std::chrono::seconds(10);   // of a read, failing over included
  Duration write_timeout = std::chrono::seconds(10);  // more than the 7 s that etcd itself allows a write
  Duration compaction_timeout = std::chrono::seconds(60);
  size_t max_txn_bytes = 3 << 19;     // etcd's own default limit
  size_t watch_ring_bytes = 4 << 20;  // recent events kept in memory for watchers
  EtcdWatchScope watch_scope = EtcdWatchScope::kAutomatic;
  // A lease is used for keys of about the same TTL, up to so much longer (5 % of the TTL at most) and so
  // many.
  int64_t lease_reuse_seconds = 60;
  int64_t lease_max_objects = 1000;
};

// Errors: 400 when the options make no sense or a file cannot be read, 503 when no server answers in time.
Task<Result<std::unique_ptr<Store>>> open_etcd(EtcdOptions options);

}  // namespace xebec::storage
