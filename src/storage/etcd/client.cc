#include "storage/etcd/client.h"

namespace xebec::storage::etcd {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(50);
constexpr size_t kMostDoublings = 5;

}  // namespace

void Client::failed(const Endpoint& endpoint, std::string_view why) {
  size_t seen = current_;
  // Others may have seen it fail as well: it is left once.
  if (endpoints_[seen % endpoints_.size()].get() != &endpoint) return;
  if (!current_.compare_exchange_strong(seen, seen + 1)) return;
  if (in_flight_->closed()) return;
  logger_.warning("An etcd server failed", {{"server", endpoint.url}, {"error", why}});
}

Duration Client::pause_after(size_t failures) const {
  const size_t rounds = failures / endpoints_.size();
  if (failures % endpoints_.size() != 0 || rounds == 0) return Duration::zero();
  return std::min(kLongestPause, kFirstPause * (1 << std::min(rounds - 1, kMostDoublings)));
}

}  // namespace xebec::storage::etcd
