#include "apiserver/allocators/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace xebec::apiserver {
namespace {

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

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const std::optional<uint32_t> v4 = parse_ipv4(text);
    return v4 ? std::optional(Address{false, *v4}) : std::nullopt;
  }
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  Address out{true, 0};
  for (uint8_t byte : bytes) out.value = out.value << 8 | byte;
  return out;
}

std::string Address::str() const {
  if (!v6) {
    const auto a = static_cast<uint32_t>(value);
    return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
  }
  std::array<uint8_t, 16> bytes{};
  for (int i = 0; i < 16; ++i) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(value >> (120 - 8 * i));
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
}

}  // namespace xebec::apiserver
