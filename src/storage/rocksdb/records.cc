#include "storage/rocksdb/records.h"

namespace xebec::storage {
namespace {

constexpr char kPut = 'p';
constexpr char kDelete = 'x';

void append_varint(std::string& out, int64_t number) {
  auto rest = static_cast<uint64_t>(number);
  while (rest >= 0x80) {
    out += static_cast<char>(rest | 0x80);
    rest >>= 7;
  }
  out += static_cast<char>(rest);
}

bool read_varint(std::string_view& in, int64_t& number) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      number = static_cast<int64_t>(value);
      return true;
    }
  }
  return false;
}

bool read_type(std::string_view& in, bool& deleted) {
  if (in.empty() || (in.front() != kPut && in.front() != kDelete)) return false;
  deleted = in.front() == kDelete;
  in.remove_prefix(1);
  return true;
}

}  // namespace

std::string encode_version(const Event& event) {
  if (event.type == Event::Type::kDelete) return {kDelete};
  std::string out;
  out.reserve(event.kv.value->size() + 32);
  out += kPut;
  append_varint(out, event.kv.create_revision);
  append_varint(out, event.kv.version);
  append_varint(out, event.kv.lease);
  out += *event.kv.value;
  return out;
}

std::optional<VersionRecord> decode_version(std::string_view record) {
  VersionRecord out;
  if (!read_type(record, out.deleted)) return std::nullopt;
  if (out.deleted) return out;
  if (!read_varint(record, out.create_revision) || !read_varint(record, out.version) ||
      !read_varint(record, out.lease)) {
    return std::nullopt;
  }
  out.value = record;
  return out;
}

std::string encode_log(const Event& event) {
  std::string out(1, event.type == Event::Type::kDelete ? kDelete : kPut);
  append_varint(out, event.prev ? event.prev->mod_revision : 0);
  out += event.kv.key;
  return out;
}

std::optional<LogRecord> decode_log(std::string_view record) {
  LogRecord out;
  if (!read_type(record, out.deleted) || !read_varint(record, out.previous)) return std::nullopt;
  out.key = record;
  return out;
}

}  // namespace xebec::storage
