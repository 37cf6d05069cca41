#include "storage/rocksdb/keys.h"

namespace xebec::storage {
namespace {

constexpr size_t kRevisionBytes = 8;

void append_escaped(std::string& out, std::string_view key) {
  for (;;) {
    size_t zero = key.find('\0');
    out.append(key.substr(0, zero));
    if (zero == std::string_view::npos) return;
    out.append("\x00\xff", 2);
    key.remove_prefix(zero + 1);
  }
}

template <class T>
void append_big_endian(std::string& out, T value) {
  for (int shift = sizeof(T) * 8 - 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

uint64_t read_big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string data_bound(std::string_view key) {
  std::string out;
  out.reserve(key.size() + 16);
  out += 'd';
  append_escaped(out, key);
  return out;
}

std::string data_key(std::string_view key, int64_t revision) {
  std::string out = data_bound(key);
  out.append("\x00\x01", 2);
  append_big_endian(out, ~static_cast<uint64_t>(revision));
  return out;
}

std::string data_end() { return "e"; }

std::string after_key(std::string_view data_key) {
  std::string out(data_key.substr(0, data_key.size() - kRevisionBytes));
  out.back() = '\x02';
  return out;
}

std::optional<VersionedKey> parse_data_key(std::string_view encoded) {
  if (encoded.size() < 1 + 2 + kRevisionBytes || encoded.front() != 'd') return std::nullopt;
  VersionedKey out;
  out.revision = static_cast<int64_t>(~read_big_endian(encoded.substr(encoded.size() - kRevisionBytes)));
  std::string_view escaped = encoded.substr(1, encoded.size() - 1 - kRevisionBytes);
  if (!escaped.ends_with(std::string_view("\x00\x01", 2))) return std::nullopt;
  escaped.remove_suffix(2);
  out.key.reserve(escaped.size());
  for (;;) {
    size_t zero = escaped.find('\0');
    out.key.append(escaped.substr(0, zero));
    if (zero == std::string_view::npos) return out;
    if (zero + 1 >= escaped.size() || escaped[zero + 1] != '\xff') return std::nullopt;
    out.key += '\0';
    escaped.remove_prefix(zero + 2);
  }
}

std::string log_key(int64_t revision, uint32_t position) {
  std::string out = "l";
  append_big_endian(out, static_cast<uint64_t>(revision));
  append_big_endian(out, position);
  return out;
}

std::string log_end() { return "m"; }

std::optional<LogPosition> parse_log_key(std::string_view encoded) {
  if (encoded.size() != 1 + kRevisionBytes + 4 || encoded.front() != 'l') return std::nullopt;
  LogPosition out;
  out.revision = static_cast<int64_t>(read_big_endian(encoded.substr(1, kRevisionBytes)));
  out.position = static_cast<uint32_t>(read_big_endian(encoded.substr(1 + kRevisionBytes)));
  return out;
}

}  // namespace xebec::storage
