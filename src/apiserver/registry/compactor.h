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
  Compactor(storage::Store& store, Logger logger, Duration period = std::chrono::minutes(5))
      : store_(store), logger_(std::move(logger)), period_(period) {}
  // Until the token is cancelled, on the executor it is awaited on.
  Task<void> run(CancelToken cancel);

 private:
  storage::Store& store_;
  const Logger logger_;
  const Duration period_;
};

}  // namespace xebec::apiserver
