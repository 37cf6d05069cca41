// PortRange: the node ports of the cluster and which of them are taken, as upstream's portallocator:
// automatic ports come from the upper part (KEP-3668). Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace xebec {
class Rng;
}

namespace xebec::apiserver {

class PortRange {
 public:
  PortRange(int32_t first, int32_t last) : first_(first), last_(last) {}

  bool contains(int32_t port) const { return port >= first_ && port <= last_; }
  // "30000-32767".
  std::string str() const;
  // Errors are upstream's texts, for the caller to wrap.
  static constexpr std::string_view kTaken = "provided port is already allocated";
  std::expected<void, std::string> take(int32_t port);
  std::expected<int32_t, std::string> take_any(Rng& rng);
  // Taken by a write that did not happen.
  void give_back(std::span<const int32_t> ports);
  // The write has happened: `taken` by it are stored, `dropped` are free.
  void settle(std::span<const int32_t> taken, std::span<const int32_t> dropped);
  // What is stored by now is taken, and what was taken here and is not settled.
  void replace(std::set<int32_t> stored);

  // What is stored after a write that takes and drops, as RangeAllocation.data: bit i is the i-th port.
  std::string bitmap_after(std::span<const int32_t> taken, std::span<const int32_t> dropped) const;
  std::string bitmap_of(const std::set<int32_t>& ports) const;
  std::set<int32_t> ports_of(std::string_view bitmap) const;
  size_t used() const;
  size_t size() const { return static_cast<size_t>(last_ - first_) + 1; }
  bool has(int32_t port) const;

 private:
  std::expected<int32_t, std::string> take_between(int32_t first, int32_t last, Rng& rng);
  bool is_taken(int32_t port) const { return stored_.contains(port) || pending_.contains(port); }

  const int32_t first_, last_;
  mutable std::mutex mutex_;
  std::set<int32_t> stored_;
  std::set<int32_t> pending_;  // of writes under way; another server may have been faster
};

}  // namespace xebec::apiserver
