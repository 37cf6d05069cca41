// An IP address as a number, for arithmetic within ranges.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace xebec::apiserver {

struct Address {
  bool v6 = false;
  unsigned __int128 value = 0;

  // As Go's ParseIPSloppy: leading zeros are read, in IPv4, and not taken for octal.
  static std::optional<Address> parse(std::string_view text);
  // Canonical: the name of its IPAddress.
  std::string str() const;
  std::string_view family() const { return v6 ? "IPv6" : "IPv4"; }
  auto operator<=>(const Address&) const = default;
};

}  // namespace xebec::apiserver
