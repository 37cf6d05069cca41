#include "apiserver/validation/addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace xebec::apiserver::validation {
namespace {

// 16 bytes as Go's net.IP: IPv4 as ::ffff:a.b.c.d.
struct Address {
  std::array<uint8_t, 16> bytes{};
  bool v4 = false;      // written as IPv4
  bool mapped = false;  // written as IPv6, but an IPv4 address
  bool zeros = false;   // with leading zeros
  bool is_v4() const { return v4 || mapped; }
};

// Drops zeros that C would read as octal; Go's old parser took them for decimal.
std::string without_leading_zeros(std::string_view text, bool& zeros) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool first = i == 0 || text[i - 1] == '.';
    const bool digit_follows = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if ((first || out.empty() || out.back() == '.') && text[i] == '0' && digit_follows) {
      zeros = true;
      continue;
    }
    out += text[i];
  }
  return out;
}

std::optional<Address> parse(std::string_view text) {
  Address out;
  if (text.find(':') == std::string_view::npos) {
    const std::string plain = without_leading_zeros(text, out.zeros);
    if (inet_pton(AF_INET, plain.c_str(), out.bytes.data() + 12) != 1) return {};
    out.bytes[10] = out.bytes[11] = 0xff;
    out.v4 = true;
    return out;
  }
  if (inet_pton(AF_INET6, std::string(text).c_str(), out.bytes.data()) != 1) return {};
  static constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  out.mapped = std::equal(kMapped.begin(), kMapped.end(), out.bytes.begin());
  return out;
}

struct Prefix {
  Address address;
  int bits = 0;
  bool zeros = false;
};

std::optional<Prefix> parse_prefix(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const std::optional<Address> address = parse(text.substr(0, slash));
  if (!address) return {};
  Prefix out{*address, 0, address->zeros};
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
  if (error != std::errc() || end != digits.data() + digits.size() || digits[0] == '-') return {};
  if (out.bits > (address->v4 ? 32 : 128)) return {};
  out.zeros = out.zeros || (digits.size() > 1 && digits[0] == '0');
  return out;
}

bool bits_beyond(const Prefix& prefix) {
  const int skip = prefix.bits + (prefix.address.v4 ? 96 : 0);
  for (int bit = skip; bit < 128; ++bit)
    if (prefix.address.bytes[bit / 8] & (0x80 >> bit % 8)) return true;
  return false;
}

// As net.IP.String: the longest run of zeros, of two groups at least, is left out.
std::string text_of(const Address& address) {
  const auto& b = address.bytes;
  if (address.is_v4()) return fmt::format("{}.{}.{}.{}", b[12], b[13], b[14], b[15]);
  auto group = [&](int i) { return b[2 * i] << 8 | b[2 * i + 1]; };
  int first = -1, longest = 1;
  for (int i = 0; i < 8; ++i) {
    int end = i;
    while (end < 8 && group(end) == 0) ++end;
    if (end - i > longest) first = i, longest = end - i;
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == first) {
      out += "::";
      i += longest - 1;
    } else {
      if (!out.empty() && out.back() != ':') out += ':';
      out += fmt::format("{:x}", group(i));
    }
  }
  return out;
}

// Bits from the first of 128.
int mask_length(const Prefix& prefix) { return prefix.bits + (prefix.address.v4 ? 96 : 0); }

std::string canonical_error(std::string_view canonical) {
  return fmt::format("must be in canonical form ({})", field::quote(canonical));
}

}  // namespace

bool is_ip(std::string_view text) { return parse(text).has_value(); }

bool is_ipv6(std::string_view text) {
  const std::optional<Address> address = parse(text);
  return address && !address->is_v4();
}

bool is_cidr(std::string_view text) { return parse_prefix(text).has_value(); }

bool is_dual_stack(const std::vector<std::string>& texts) {
  bool v4 = false, v6 = false;
  for (const std::string& text : texts) {
    const std::optional<Address> address = parse(std::string_view(text).substr(0, text.find('/')));
    if (address) (address->is_v4() ? v4 : v6) = true;
  }
  return v4 && v6;
}

void check_ip(field::Errors& errors, const field::Path& path, std::string_view ip) {
  const std::optional<Address> address = parse(ip);
  if (!address) {
    errors.push_back(
        field::invalid_string(path, ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
    return;
  }
  if (address->zeros) errors.push_back(field::invalid_string(path, ip, "must not have leading 0s"));
  if (address->mapped)
    errors.push_back(field::invalid_string(path, ip, "must not be an IPv4-mapped IPv6 address"));
}

void check_cidr(field::Errors& errors, const field::Path& path, std::string_view cidr) {
  const std::optional<Prefix> prefix = parse_prefix(cidr);
  if (!prefix) {
    errors.push_back(
        field::invalid_string(path, cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
  } else if (prefix->zeros) {
    errors.push_back(field::invalid_string(path, cidr, "must not have leading 0s in IP or prefix length"));
  } else if (prefix->address.mapped) {
    errors.push_back(field::invalid_string(path, cidr, "must not have an IPv4-mapped IPv6 address"));
  } else if (bits_beyond(*prefix)) {
    errors.push_back(field::invalid_string(path, cidr, "must not have bits set beyond the prefix length"));
  }
}

void check_canonical_cidr(field::Errors& errors, const field::Path& path, std::string_view cidr) {
  const size_t before = errors.size();
  check_cidr(errors, path, cidr);
  if (errors.size() > before) return;
  const std::optional<Prefix> prefix = parse_prefix(cidr);
  const std::string canonical = fmt::format("{}/{}", text_of(prefix->address), prefix->bits);
  if (canonical != cidr) errors.push_back(field::invalid_string(path, cidr, canonical_error(canonical)));
}

std::vector<std::string> name_is_ip_address(std::string_view name, bool) {
  const std::optional<Address> address = parse(name);
  if (!address) return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
  std::vector<std::string> out;
  if (address->zeros) out.emplace_back("must not have leading 0s");
  if (address->mapped) out.emplace_back("must not be an IPv4-mapped IPv6 address");
  const std::string canonical = text_of(*address);
  if (out.empty() && canonical != name) out.push_back(canonical_error(canonical));
  return out;
}

bool is_strict_subset(std::string_view inner, std::string_view outer) {
  const std::optional<Prefix> in = parse_prefix(inner), out = parse_prefix(outer);
  if (!in || !out || in->address.is_v4() != out->address.is_v4()) return false;
  for (int bit = 0; bit < mask_length(*out); ++bit) {
    const int mask = 0x80 >> bit % 8;
    if ((in->address.bytes[bit / 8] ^ out->address.bytes[bit / 8]) & mask) return false;
  }
  return in->bits > out->bits;
}

void check_non_special_ip(field::Errors& errors, const field::Path& path, std::string_view ip) {
  const std::optional<Address> address = parse(ip);
  if (!address) {
    errors.push_back(field::invalid_string(path, ip, "must be a valid IP address"));
    return;
  }
  const auto& b = address->bytes;
  const bool v4 = address->is_v4();
  const bool zero = std::all_of(b.begin(), b.begin() + 15, [](uint8_t x) { return x == 0; });
  auto refuse = [&](bool bad, const std::string& why) {
    if (bad) errors.push_back(field::invalid_string(path, ip, why));
  };
  const bool v4_zero = v4 && b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] == 0;
  refuse(v4_zero || (!v4 && zero && b[15] == 0), fmt::format("may not be unspecified ({})", ip));
  refuse(v4 ? b[12] == 127 : zero && b[15] == 1, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
  refuse(v4 ? b[12] == 169 && b[13] == 254 : b[0] == 0xfe && (b[1] & 0xc0) == 0x80,
         "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  refuse(v4 ? b[12] == 224 && b[13] == 0 && b[14] == 0 : b[0] == 0xff && (b[1] & 0x0f) == 0x02,
         "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}

}  // namespace xebec::apiserver::validation
