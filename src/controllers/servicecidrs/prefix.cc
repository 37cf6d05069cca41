#include "controllers/servicecidrs/prefix.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace xebec::controllers {
namespace {

bool bit_of(const Prefix& prefix, int i) {
  return (prefix.bytes[static_cast<size_t>(i / 8)] >> (7 - i % 8) & 1) != 0;
}

// All bits from `first` on are this.
bool all_from(const Prefix& address, int first, bool value) {
  for (int i = first; i < address.bits; ++i)
    if (bit_of(address, i) != value) return false;
  return true;
}

}  // namespace

std::optional<Prefix> Prefix::parse(std::string_view text) {
  Prefix out;
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  out.v6 = address.find(':') != std::string::npos;
  if (inet_pton(out.v6 ? AF_INET6 : AF_INET, address.c_str(), out.bytes.data()) != 1) return std::nullopt;
  out.bits = out.v6 ? 128 : 32;
  if (slash == std::string_view::npos) return out;
  const int most = out.bits;
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data() + slash + 1, end, out.bits);
  if (error != std::errc() || read != end || out.bits < 0 || out.bits > most) return std::nullopt;
  return out;
}

bool Prefix::contains(const Prefix& inner) const {
  if (v6 != inner.v6 || bits > inner.bits) return false;
  for (int i = 0; i < bits; ++i)
    if (bit_of(*this, i) != bit_of(inner, i)) return false;
  return true;
}

bool Prefix::offers(const Prefix& address) const {
  if (!contains(address)) return false;
  if (all_from(address, bits, false)) return false;
  return v6 || !all_from(address, bits, true);
}

}  // namespace xebec::controllers
