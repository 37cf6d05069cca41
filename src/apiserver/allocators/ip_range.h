// IpRange: hands out the addresses of one IPv4 CIDR, as upstream's ipallocator: automatic addresses come from
// the upper part, so that chosen ones seldom collide with them (KEP-3070). Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace xebec {
class Rng;
}

namespace xebec::apiserver {

// Texts are upstream's error values.
inline constexpr std::string_view kRangeFull = "range is full";
inline constexpr std::string_view kIpAllocated = "provided IP is already allocated";
inline constexpr std::string_view kPortAllocated = "provided port is already allocated";

std::optional<uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(uint32_t address);

class IpRange {
 public:
  // "10.96.0.0/12".
  static Result<IpRange> parse(std::string_view cidr);
  IpRange(IpRange&& other) noexcept;

  const std::string& cidr() const { return cidr_; }
  bool contains(uint32_t address) const { return address > base_ && address - base_ <= size_; }
  // The error is a text for the caller to wrap.
  std::expected<void, std::string> take(uint32_t address);
  std::expected<uint32_t, std::string> take_any(Rng& rng);
  void give_back(uint32_t address);
  // Marks what is stored as taken; already taken is fine.
  void mark(uint32_t address);
  // What was taken is stored, or given back: replace() need not keep it any more.
  void settle(uint32_t address);
  // What is stored by now is taken, and what was taken here and is not settled.
  void replace(const std::vector<uint32_t>& stored);
  size_t used() const;

 private:
  IpRange(std::string cidr, uint32_t base, uint32_t size)
      : cidr_(std::move(cidr)), base_(base), size_(size) {}
  std::optional<uint32_t> free_in(uint32_t from, uint32_t to, Rng& rng) const;  // offsets [from, to]

  std::string cidr_;
  uint32_t base_;  // the network address
  uint32_t size_;  // usable addresses are base_+1 .. base_+size_
  mutable std::mutex mutex_;
  std::unordered_set<uint32_t> used_;     // offsets
  std::unordered_set<uint32_t> pending_;  // offsets: taken, not settled
};

class PortRange {
 public:
  PortRange(int32_t first, int32_t last) : first_(first), last_(last) {}
  std::expected<void, std::string> take(int32_t port);
  std::expected<int32_t, std::string> take_any(Rng& rng);
  void give_back(int32_t port);
  void mark(int32_t port);
  void settle(int32_t port);                         // as IpRange has it
  void replace(const std::vector<int32_t>& stored);  // the same
  size_t used() const;

 private:
  const int32_t first_, last_;
  mutable std::mutex mutex_;
  std::unordered_set<int32_t> used_, pending_;
};

}  // namespace xebec::apiserver
