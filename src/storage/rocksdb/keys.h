// How versioned keys and log positions are written as RocksDB keys, so that bytewise order is the order we
// need:
//   'd' escape(key) 00 01 big-endian(~revision)   a version of a key; the newest version of a key comes first
//   'l' big-endian(revision) big-endian(position)  the log: what changed in a revision, in order
//   'm' name                                       facts about the store
// escape() writes 00 as 00 FF, so that no key's encoding is a prefix of another's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xebec::storage {

struct VersionedKey {
  std::string key;
  int64_t revision = 0;
};

struct LogPosition {
  int64_t revision = 0;
  uint32_t position = 0;
};

// The version of `key` at `revision`, or where a search for the newest one not after it starts.
std::string data_key(std::string_view key, int64_t revision);
// Sorts before every version of every key from `key` on, and after all of the keys before it.
std::string data_bound(std::string_view key);
// Sorts after every version of every key.
std::string data_end();
// Sorts after every version of the key whose encoding `data_key` starts with; for skipping to the next key.
std::string after_key(std::string_view data_key);
std::optional<VersionedKey> parse_data_key(std::string_view encoded);

std::string log_key(int64_t revision, uint32_t position);
std::string log_end();
std::optional<LogPosition> parse_log_key(std::string_view encoded);

}  // namespace xebec::storage
