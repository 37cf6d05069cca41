#include "apiserver/allocators/ip_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"

namespace xebec::apiserver {
namespace {

constexpr uint64_t kFewest = 16, kMost = 256, kPart = 16;

uint32_t reserved_of(unsigned host_bits) {
  const uint64_t size = host_bits >= 63 ? UINT64_MAX : uint64_t{1} << host_bits;
  if (size <= kFewest) return 0;
  return static_cast<uint32_t>(std::clamp(size / kPart, kFewest, kMost));
}

// From a random one of [from, to] on, round.
std::optional<Address> pick_in(const Address& from, const Address& to, Rng& rng,
                               const std::function<bool(const Address&)>& taken) {
  if (from > to) return std::nullopt;
  const auto n = static_cast<uint64_t>(to.value - from.value + 1);
  const uint64_t start = rng.below(n);
  for (uint64_t i = 0; i < n; ++i) {
    const uint64_t offset = i < n - start ? start + i : i - (n - start);
    const Address address{from.v6, from.value + offset};
    if (!taken(address)) return address;
  }
  return std::nullopt;
}

}  // namespace

Result<IpRange> IpRange::parse(std::string_view cidr) {
  const size_t slash = std::min(cidr.find('/'), cidr.size());
  const std::optional<Address> address = Address::parse(cidr.substr(0, slash));
  unsigned bits = 0;
  const char* end = cidr.data() + cidr.size();
  const bool whole =
      slash + 1 < cidr.size() && std::from_chars(cidr.data() + slash + 1, end, bits).ptr == end;
  if (!address || !whole) return fail(errors::bad_request(fmt::format("invalid service range \"{}\"", cidr)));
  const bool fits = address->v6 ? bits >= 64 && bits <= 126 : bits >= 8 && bits <= 30;
  if (!fits) {
    return fail(errors::bad_request(
        fmt::format("the service range {} must be of /{}", cidr, address->v6 ? "64 to /126" : "8 to /30")));
  }
  const unsigned host_bits = (address->v6 ? 128 : 32) - bits;
  const unsigned __int128 hosts = (static_cast<unsigned __int128>(1) << host_bits) - 1;
  const unsigned __int128 base = address->value & ~hosts;
  const Address first{address->v6, base + 1}, last{address->v6, base + hosts - (address->v6 ? 0 : 1)};
  const std::string text = fmt::format("{}/{}", Address{address->v6, base}.str(), bits);
  return IpRange(text, first, last, reserved_of(host_bits));
}

Result<std::vector<IpRange>> IpRange::parse_list(std::string_view cidrs) {
  std::vector<IpRange> out;
  for (size_t begin = 0; begin <= cidrs.size();) {
    const size_t end = std::min(cidrs.find(',', begin), cidrs.size());
    TRY(IpRange range, parse(cidrs.substr(begin, end - begin)));
    out.push_back(std::move(range));
    begin = end + 1;
  }
  if (out.size() > 2)
    return fail(errors::bad_request("--service-cluster-ip-range must not contain more than two entries"));
  if (out.size() == 2 && out[0].family() == out[1].family())
    return fail(
        errors::bad_request("--service-cluster-ip-range and --secondary-service-cluster-ip-range must be of "
                            "different IP family"));
  return out;
}

std::optional<Address> IpRange::pick(Rng& rng, const std::function<bool(const Address&)>& taken) const {
  const Address upper{first_.v6, first_.value + reserved_};
  std::optional<Address> out = pick_in(upper, last_, rng, taken);
  if (out || reserved_ == 0) return out;
  return pick_in(first_, Address{first_.v6, upper.value - 1}, rng, taken);
}

}  // namespace xebec::apiserver
