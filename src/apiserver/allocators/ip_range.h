// IpRange: the addresses of one CIDR that Services may get, as upstream's ipallocator: automatic addresses
// come from the upper part, so that chosen ones seldom collide with them (KEP-3070). A value; which addresses
// are taken is known elsewhere.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/allocators/address.h"
#include "base/result.h"

namespace xebec {
class Rng;
}

namespace xebec::apiserver {

class IpRange {
 public:
  // "10.96.0.0/12": IPv4 of /8 to /30, IPv6 of /64 to /126.
  static Result<IpRange> parse(std::string_view cidr);
  // "10.96.0.0/12,fd00::/108": one, or one of each family.
  static Result<std::vector<IpRange>> parse_list(std::string_view cidrs);

  const std::string& cidr() const { return cidr_; }
  std::string_view family() const { return first_.family(); }
  // Neither the network itself nor IPv4's broadcast address.
  bool contains(const Address& address) const { return first_ <= address && address <= last_; }
  const Address& first() const { return first_; }
  double size() const { return static_cast<double>(last_.value - first_.value) + 1; }
  // One for which `taken` says no; nothing when there is none.
  std::optional<Address> pick(Rng& rng, const std::function<bool(const Address&)>& taken) const;

 private:
  IpRange(std::string cidr, Address first, Address last, uint32_t reserved)
      : cidr_(std::move(cidr)), first_(first), last_(last), reserved_(reserved) {}

  std::string cidr_;
  Address first_, last_;
  uint32_t reserved_;  // the first so many are left for those that ask for one
};

}  // namespace xebec::apiserver
