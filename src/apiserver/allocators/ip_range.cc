#include "apiserver/allocators/ip_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"

namespace xebec::apiserver {

std::optional<uint32_t> parse_ipv4(std::string_view text) {
  uint32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    unsigned part = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc() || part > 255 || end - text.data() > 3) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    out = out << 8 | part;
    if (i == 3) break;
    if (!text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

std::string format_ipv4(uint32_t a) {
  return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

Result<IpRange> IpRange::parse(std::string_view cidr) {
  const size_t slash = std::min(cidr.find('/'), cidr.size());
  const std::optional<uint32_t> address = parse_ipv4(cidr.substr(0, slash));
  unsigned bits = 33;
  const char* end = cidr.data() + cidr.size();
  const bool whole = slash < cidr.size() && std::from_chars(cidr.data() + slash + 1, end, bits).ptr == end;
  if (!address || !whole || bits < 8 || bits > 30)
    return fail(errors::internal(fmt::format("invalid IPv4 service range \"{}\"", cidr)));
  const uint32_t hosts = bits == 0 ? UINT32_MAX : (uint32_t{1} << (32 - bits)) - 1;
  return IpRange(std::string(cidr), *address & ~hosts, hosts - 1);  // without network and broadcast address
}

IpRange::IpRange(IpRange&& other) noexcept
    : cidr_(std::move(other.cidr_)), base_(other.base_), size_(other.size_), used_(std::move(other.used_)) {}

std::expected<void, std::string> IpRange::take(uint32_t address) {
  if (!contains(address)) {
    return std::unexpected(
        fmt::format("the provided IP ({}) is not in the valid range. The range of valid IPs is {}",
                    format_ipv4(address), cidr_));
  }
  std::lock_guard lock(mutex_);
  if (!used_.insert(address - base_).second) return std::unexpected(std::string(kIpAllocated));
  pending_.insert(address - base_);
  return {};
}

std::optional<uint32_t> IpRange::free_in(uint32_t from, uint32_t to, Rng& rng) const {
  if (from > to) return std::nullopt;
  const uint32_t n = to - from + 1;
  const auto start = static_cast<uint32_t>(rng.below(n));
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t offset = from + (start + i) % n;
    if (!used_.contains(offset)) return offset;
  }
  return std::nullopt;
}

std::expected<uint32_t, std::string> IpRange::take_any(Rng& rng) {
  // The lower min(max(16, size/16), 256) addresses are left for those that ask for one.
  const uint32_t reserved = std::min<uint32_t>(std::max<uint32_t>(16, size_ / 16), 256);
  std::lock_guard lock(mutex_);
  std::optional<uint32_t> offset = free_in(std::min(reserved, size_ - 1) + 1, size_, rng);
  if (!offset) offset = free_in(1, std::min(reserved, size_), rng);
  if (!offset) return std::unexpected(std::string(kRangeFull));
  used_.insert(*offset);
  pending_.insert(*offset);
  return base_ + *offset;
}

void IpRange::give_back(uint32_t address) {
  std::lock_guard lock(mutex_);
  used_.erase(address - base_);
  pending_.erase(address - base_);
}

void IpRange::settle(uint32_t address) {
  std::lock_guard lock(mutex_);
  pending_.erase(address - base_);
}

void IpRange::replace(const std::vector<uint32_t>& stored) {
  std::lock_guard lock(mutex_);
  used_ = pending_;
  for (uint32_t address : stored) {
    if (contains(address)) used_.insert(address - base_);
  }
}

void IpRange::mark(uint32_t address) {
  std::lock_guard lock(mutex_);
  if (contains(address)) used_.insert(address - base_);
}

size_t IpRange::used() const {
  std::lock_guard lock(mutex_);
  return used_.size();
}

std::expected<void, std::string> PortRange::take(int32_t port) {
  if (port < first_ || port > last_) {
    return std::unexpected(fmt::format(
        "provided port is not in the valid range. The range of valid ports is {}-{}", first_, last_));
  }
  std::lock_guard lock(mutex_);
  if (!used_.insert(port).second) return std::unexpected(std::string(kPortAllocated));
  pending_.insert(port);
  return {};
}

std::expected<int32_t, std::string> PortRange::take_any(Rng& rng) {
  const auto n = static_cast<uint32_t>(last_ - first_ + 1);
  const auto start = static_cast<uint32_t>(rng.below(n));
  std::lock_guard lock(mutex_);
  for (uint32_t i = 0; i < n; ++i) {
    const int32_t port = first_ + static_cast<int32_t>((start + i) % n);
    if (!used_.insert(port).second) continue;
    pending_.insert(port);
    return port;
  }
  return std::unexpected(std::string(kRangeFull));
}

void PortRange::give_back(int32_t port) {
  std::lock_guard lock(mutex_);
  used_.erase(port);
  pending_.erase(port);
}

void PortRange::settle(int32_t port) {
  std::lock_guard lock(mutex_);
  pending_.erase(port);
}

void PortRange::replace(const std::vector<int32_t>& stored) {
  std::lock_guard lock(mutex_);
  used_ = pending_;
  for (int32_t port : stored) {
    if (port >= first_ && port <= last_) used_.insert(port);
  }
}

void PortRange::mark(int32_t port) {
  std::lock_guard lock(mutex_);
  if (port >= first_ && port <= last_) used_.insert(port);
}

size_t PortRange::used() const {
  std::lock_guard lock(mutex_);
  return used_.size();
}

}  // namespace xebec::apiserver
