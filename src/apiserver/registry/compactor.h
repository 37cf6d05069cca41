// Compactor: forgets history older than a period, so that pages and watches can go back that far and no
// further (k8s.io/apiserver pkg/storage/etcd3/compact.go).
#pragma once

#include <chrono>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/logger.h"
#include "base/task.h"
#include "storage/store.h"

namespace xebec::apiserver {

class Compactor {
 public:
  // Of a store that is shared, one server in a period compacts: all try to write the key compact_rev_key, in
  // upstream's form (a decimal revision), and who succeeds does it.
  Compactor(storage::Store& store, Logger logger, Duration period = std::chrono::minutes(5),
            bool shared = false)
      : store_(store), logger_(std::move(logger)), period_(period), shared_(shared) {}
  // Until the token is cancelled, on the executor it is awaited on.
  Task<void> run(CancelToken cancel);

 private:
  // Whether it is for us to compact.
  Task<Result<bool>> claim(int64_t revision);
  Task<void> compact(int64_t revision);

  storage::Store& store_;
  const Logger logger_;
  const Duration period_;
  const bool shared_;
  int64_t claimed_ = 0;  // the mod revision of the key when we last saw it
};

}  // namespace xebec::apiserver
