#include "storage/memory/memory_store.h"

namespace xebec::storage {
namespace {

class RandomFaults final : public FaultPlan {
 public:
  RandomFaults(std::shared_ptr<Rng> rng, FaultRates rates) : rng_(std::move(rng)), rates_(rates) {}

  Fault next(OpKind kind, std::string_view) override {
    Fault fault;
    if (happens(rates_.delay) && rates_.max_delay.count() > 0) {
      fault.delay = Duration(rng_->below(static_cast<uint64_t>(rates_.max_delay.count())) + 1);
    }
    if (kind == OpKind::kWatchNext) {
      if (happens(rates_.watch_break)) fault.error = compacted();
      return fault;
    }
    if (happens(rates_.error)) {
      fault.error = errors::service_unavailable("etcdserver: request timed out");
    } else if (kind == OpKind::kTxn && happens(rates_.unknown_outcome)) {
      fault.unknown_outcome = true;
      fault.applied = happens(0.5);
    }
    return fault;
  }

 private:
  bool happens(double probability) { return probability > 0 && rng_->uniform() < probability; }

  std::shared_ptr<Rng> rng_;
  FaultRates rates_;
};

}  // namespace

std::shared_ptr<FaultPlan> make_random_faults(std::shared_ptr<Rng> rng, FaultRates rates) {
  return std::make_shared<RandomFaults>(std::move(rng), rates);
}

}  // namespace xebec::storage
