// Keys and records of the database: any bytes are read or refused, what is written comes back, and the order
// of the encoded keys is that of the keys.
#include "storage/rocksdb/records.h"

#include "storage/rocksdb/keys.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::storage {
namespace {

int64_t revision_of(std::string_view text) {
  int64_t out = 0;
  for (unsigned char c : text.substr(0, 7)) out = out << 8 | c;
  return out;
}

void check_any(std::string_view bytes) {
  if (auto key = parse_data_key(bytes)) FUZZ_CHECK(data_key(key->key, key->revision) == bytes);
  if (auto position = parse_log_key(bytes))
    FUZZ_CHECK(log_key(position->revision, position->position) == bytes);
  (void)decode_version(bytes);
  (void)decode_log(bytes);
}

void check_records(std::string_view key, std::string_view value, int64_t number) {
  Event event;
  event.type = Event::Type::kPut;
  event.kv.key = key;
  event.kv.value = make_bytes(std::string(value));
  event.kv.create_revision = number;
  event.kv.version = number / 3;
  event.kv.lease = -number;
  const std::string version = encode_version(event), log = encode_log(event);
  auto record = decode_version(version);
  FUZZ_CHECK(record && record->value == value && record->create_revision == number &&
             record->version == number / 3 && record->lease == -number);
  auto change = decode_log(log);
  FUZZ_CHECK(change && change->key == key && !change->deleted && change->previous == 0);
}

}  // namespace

XEBEC_FUZZ(records) {
  check_any(input);
  fuzz::Pieces pieces(input);
  const std::string_view a = pieces.part(), b = pieces.part();
  const int64_t x = revision_of(pieces.part()), y = revision_of(pieces.part());
  check_records(a, b, x);
  const std::string ax = data_key(a, x), by = data_key(b, y);
  if (a != b) {
    FUZZ_CHECK((ax < by) == (a < b));
  } else {
    FUZZ_CHECK((ax < by) == (x > y));
  }
  FUZZ_CHECK(data_bound(a) <= ax && ax < after_key(ax) && ax < data_end());
  if (a < b) FUZZ_CHECK(after_key(ax) <= data_bound(b));
  auto key = parse_data_key(ax);
  FUZZ_CHECK(key && key->key == a && key->revision == x);
}

}  // namespace xebec::storage
