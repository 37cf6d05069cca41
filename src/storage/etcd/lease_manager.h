// LeaseManager: leases for keys with a TTL. A lease costs etcd more than a key does, so that keys written
// about the same time share one (k8s.io/apiserver pkg/storage/etcd3/lease_manager.go): a key lives its TTL
// and up to a little longer, never less.
#pragma once

#include <algorithm>
#include <functional>

#include "base/executor.h"
#include "base/sync.h"

namespace xebec::storage::etcd {

class LeaseManager {
 public:
  // Grants a lease of so many seconds: its id.
  using Grant = std::function<Task<Result<int64_t>>(int64_t ttl_seconds)>;

  LeaseManager(Grant grant, int64_t reuse_seconds, int64_t max_objects)
      : grant_(std::move(grant)), reuse_seconds_(reuse_seconds), max_objects_(max_objects) {}

  // The lease for one more key.
  Task<Result<int64_t>> lease_for(int64_t ttl_seconds);
  // etcd does not know it (any more).
  Task<void> forget(int64_t lease);

 private:
  const Grant grant_;
  const int64_t reuse_seconds_;
  const int64_t max_objects_;
  AsyncMutex mutex_;  // guards what follows; while a lease is granted the others wait for it
  int64_t lease_ = 0;
  MonotonicTime expires_{};
  int64_t objects_ = 0;
};

}  // namespace xebec::storage::etcd
