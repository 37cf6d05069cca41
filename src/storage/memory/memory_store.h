// The store of simulations and tests: nothing is kept beyond the process. It starts no threads; operations
// run on the calling thread, so that on a SimExecutor a run is a function of its inputs. Faults are injected
// by a FaultPlan.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/executor.h"
#include "storage/store.h"

namespace xebec::storage {

enum class OpKind { kGet, kList, kTxn, kWatch, kWatchNext, kCompact };

struct Fault {
  Duration delay{};             // before the operation, in the caller's executor time
  std::optional<Status> error;  // answered instead of doing the operation; of kWatchNext: ends the watch
  // kTxn only: the answer is errors::unknown_outcome, and `applied` says whether the write happened.
  bool unknown_outcome = false;
  bool applied = false;
};

class FaultPlan {
 public:
  virtual ~FaultPlan() = default;
  // Thread-safe. `key` is the key, the range's start, the first op's key or the watched prefix.
  virtual Fault next(OpKind kind, std::string_view key) = 0;
};

// Independent faults with fixed probabilities, drawn from `rng`.
struct FaultRates {
  double delay = 0;  // probability of a delay, uniform up to max_delay
  Duration max_delay{};
  double error = 0;            // 503, the operation not done
  double unknown_outcome = 0;  // of writes; done or not with equal probability
  double watch_break = 0;  // a next() that ends the watch with 410 Expired, as if compaction had overtaken it
};
std::shared_ptr<FaultPlan> make_random_faults(std::shared_ptr<Rng> rng, FaultRates rates);

struct MemoryOptions {
  std::shared_ptr<const Clock> clock;  // for TTLs
  Executor* executor = nullptr;        // runs TTL expiry; outlives the store. Without it nothing expires
  std::shared_ptr<FaultPlan> faults;   // may be null
  size_t max_txn_bytes = 3 << 19;      // 1.5 MiB as etcd; more answers 413
  size_t watch_ring_bytes = 4 << 20;   // recent events kept apart for watchers; older ones come from the log
};

std::unique_ptr<Store> make_memory_store(MemoryOptions options);

}  // namespace xebec::storage
