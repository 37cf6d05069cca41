#include "apiserver/allocators/port_range.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace xebec::apiserver {
namespace {

constexpr int32_t kFewest = 16, kMost = 128, kPart = 32;

// So many of the first ports are left for those that ask for one.
int32_t reserved_of(int32_t size) {
  return size < kFewest ? 0 : std::min(std::clamp(size / kPart, kFewest, kMost), size - 1);
}

}  // namespace

std::string PortRange::str() const { return fmt::format("{}-{}", first_, last_); }

std::expected<void, std::string> PortRange::take(int32_t port) {
  if (!contains(port)) {
    return std::unexpected(fmt::format(
        "provided port is not in the valid range. The range of valid ports is {}-{}", first_, last_));
  }
  std::lock_guard lock(mutex_);
  if (is_taken(port)) return std::unexpected(std::string(kTaken));
  pending_.insert(port);
  return {};
}

std::expected<int32_t, std::string> PortRange::take_between(int32_t first, int32_t last, Rng& rng) {
  const auto n = static_cast<uint32_t>(last - first + 1);
  const auto start = static_cast<uint32_t>(rng.below(n));
  std::lock_guard lock(mutex_);
  for (uint32_t i = 0; i < n; ++i) {
    const int32_t port = first + static_cast<int32_t>((start + i) % n);
    if (is_taken(port)) continue;
    pending_.insert(port);
    return port;
  }
  return std::unexpected(std::string("range is full"));
}

std::expected<int32_t, std::string> PortRange::take_any(Rng& rng) {
  const int32_t reserved = reserved_of(last_ - first_ + 1);
  auto got = take_between(first_ + reserved, last_, rng);
  if (got || reserved == 0) return got;
  return take_between(first_, first_ + reserved - 1, rng);
}

void PortRange::give_back(std::span<const int32_t> ports) {
  std::lock_guard lock(mutex_);
  for (int32_t port : ports) pending_.erase(port);
}

void PortRange::settle(std::span<const int32_t> taken, std::span<const int32_t> dropped) {
  std::lock_guard lock(mutex_);
  for (int32_t port : taken) pending_.erase(port);
  stored_.insert(taken.begin(), taken.end());
  for (int32_t port : dropped) stored_.erase(port);
}

void PortRange::replace(std::set<int32_t> stored) {
  std::lock_guard lock(mutex_);
  stored_ = std::move(stored);
}

std::string PortRange::bitmap_after(std::span<const int32_t> taken, std::span<const int32_t> dropped) const {
  std::unique_lock lock(mutex_);
  std::set<int32_t> stored = stored_;
  lock.unlock();
  stored.insert(taken.begin(), taken.end());
  for (int32_t port : dropped) stored.erase(port);
  return bitmap_of(stored);
}

// Bytes of a big number, the highest first and without leading zeros.
std::string PortRange::bitmap_of(const std::set<int32_t>& ports) const {
  std::string out;
  for (int32_t port : ports) {
    if (!contains(port)) continue;
    const auto bit = static_cast<size_t>(port - first_);
    if (out.size() <= bit / 8) out.resize(bit / 8 + 1);
    out[bit / 8] = static_cast<char>(out[bit / 8] | 1 << bit % 8);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::set<int32_t> PortRange::ports_of(std::string_view bitmap) const {
  std::set<int32_t> out;
  for (size_t i = 0; i < bitmap.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bitmap[bitmap.size() - 1 - i]);
    for (int bit = 0; bit < 8; ++bit) {
      const int64_t port = first_ + static_cast<int64_t>(8 * i) + bit;
      if ((byte >> bit & 1) != 0 && port <= last_) out.insert(static_cast<int32_t>(port));
    }
  }
  return out;
}

bool PortRange::has(int32_t port) const {
  std::lock_guard lock(mutex_);
  return is_taken(port);
}

size_t PortRange::used() const {
  std::lock_guard lock(mutex_);
  std::set<int32_t> all = stored_;
  all.insert(pending_.begin(), pending_.end());
  return all.size();
}

}  // namespace xebec::apiserver
