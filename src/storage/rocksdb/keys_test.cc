#include "storage/rocksdb/keys.h"

#include <limits>

#include "base/clock.h"
#include "storage/rocksdb/records.h"

namespace xebec::storage {
namespace {

// Few different bytes, so that keys are often equal or prefixes of each other.
std::string random_key(Rng& rng) {
  static constexpr char kBytes[] = {'\0', '\1', '\2', 'a', '/', '\xfe', '\xff'};
  std::string key;
  for (uint64_t n = rng.below(6); n > 0; --n) key += kBytes[rng.below(sizeof kBytes)];
  return key;
}

int64_t random_revision(Rng& rng) {
  int64_t revision = static_cast<int64_t>(rng.next() >> 1);
  return revision >> rng.below(63);
}

int sign(int n) { return (n > 0) - (n < 0); }

TEST(Keys, EncodedOrderIsKeyThenNewestFirst) {
  auto rng = make_seeded_rng(1);
  for (int i = 0; i < 200'000; ++i) {
    VersionedKey a{random_key(*rng), random_revision(*rng)};
    VersionedKey b{random_key(*rng), random_revision(*rng)};
    int expected = a.key != b.key ? sign(a.key.compare(b.key))
                                  : sign((a.revision < b.revision) - (a.revision > b.revision));
    std::string encoded_a = data_key(a.key, a.revision);
    std::string encoded_b = data_key(b.key, b.revision);
    ASSERT_EQ(sign(encoded_a.compare(encoded_b)), expected);
    ASSERT_EQ(data_bound(a.key) <= encoded_b, a.key <= b.key);
    ASSERT_EQ(after_key(encoded_a) > encoded_b, a.key >= b.key);
    ASSERT_LT(encoded_a, data_end());
  }
}

TEST(Keys, EncodingsAreReadBack) {
  auto rng = make_seeded_rng(2);
  for (int i = 0; i < 50'000; ++i) {
    VersionedKey in{random_key(*rng), random_revision(*rng)};
    std::optional<VersionedKey> out = parse_data_key(data_key(in.key, in.revision));
    ASSERT_TRUE(out);
    ASSERT_EQ(out->key, in.key);
    ASSERT_EQ(out->revision, in.revision);
    LogPosition position{in.revision, static_cast<uint32_t>(rng->next())};
    std::optional<LogPosition> read = parse_log_key(log_key(position.revision, position.position));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->revision, position.revision);
    ASSERT_EQ(read->position, position.position);
  }
}

TEST(Keys, LogOrderIsRevisionThenPosition) {
  auto rng = make_seeded_rng(3);
  for (int i = 0; i < 50'000; ++i) {
    std::pair<int64_t, uint32_t> a(random_revision(*rng), static_cast<uint32_t>(rng->next()));
    std::pair<int64_t, uint32_t> b(rng->below(2) ? a.first : random_revision(*rng),
                                   static_cast<uint32_t>(rng->next()));
    ASSERT_EQ(log_key(a.first, a.second) < log_key(b.first, b.second), a < b);
    ASSERT_LT(log_key(a.first, a.second), log_end());
  }
}

TEST(Keys, GarbageIsRefused) {
  auto rng = make_seeded_rng(4);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = "d" + random_key(*rng) + random_key(*rng) + random_key(*rng);
    std::optional<VersionedKey> key = parse_data_key(bytes);
    ASSERT_TRUE(!key || data_key(key->key, key->revision) == bytes);
    (void)decode_version(bytes);
    (void)decode_log(bytes);
  }
  EXPECT_FALSE(parse_data_key(""));
  EXPECT_FALSE(parse_log_key("l"));
  EXPECT_FALSE(decode_version(""));
  EXPECT_FALSE(decode_log("p\xff"));
}

TEST(Records, AreReadBack) {
  Event event;
  event.kv = {"key", make_bytes(std::string("v\0w", 3)),
              5,     std::numeric_limits<int64_t>::max(),
              300,   1'700'000'000'000};
  event.prev = KeyValue{"key", nullptr, 5, 1'000'000, 299, 0};
  std::string record = encode_version(event);
  std::optional<VersionRecord> version = decode_version(record);
  ASSERT_TRUE(version);
  EXPECT_EQ(version->create_revision, 5);
  EXPECT_EQ(version->version, 300);
  EXPECT_EQ(version->lease, 1'700'000'000'000);
  EXPECT_EQ(version->value, std::string_view("v\0w", 3));
  record = encode_log(event);
  std::optional<LogRecord> log = decode_log(record);
  ASSERT_TRUE(log);
  EXPECT_FALSE(log->deleted);
  EXPECT_EQ(log->previous, 1'000'000);
  EXPECT_EQ(log->key, "key");
}

}  // namespace
}  // namespace xebec::storage
