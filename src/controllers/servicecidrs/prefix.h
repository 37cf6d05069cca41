// CIDRs as ServiceCIDRs have them, compared by what they contain
// (k8s.io/kubernetes/pkg/api/servicecidr).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xebec::controllers {

struct Prefix {
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4 the first four
  int bits = 0;

  // "10.96.0.0/12", or one address, which is a prefix of all its bits.
  static std::optional<Prefix> parse(std::string_view text);
  // Every address of `inner` is one of this.
  bool contains(const Prefix& inner) const;
  // An address that Services can get: neither the network's own nor IPv4's broadcast address.
  bool offers(const Prefix& address) const;
};

}  // namespace xebec::controllers
