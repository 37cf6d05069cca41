// The values of RocksDB's keys (keys.h): numbers as varints, then the bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace xebec::storage {

// A version of a key. `value` views the record.
struct VersionRecord {
  bool deleted = false;  // a tombstone: the rest is empty
  int64_t create_revision = 0;
  int64_t version = 0;
  int64_t lease = 0;
  std::string_view value;
};

// One change of the log. The version it made is at (key, revision); the one it replaced at (key, previous).
struct LogRecord {
  bool deleted = false;
  int64_t previous = 0;  // 0: there was none
  std::string_view key;  // views the record
};

std::string encode_version(const Event& event);
std::optional<VersionRecord> decode_version(std::string_view record);
std::string encode_log(const Event& event);
std::optional<LogRecord> decode_log(std::string_view record);

}  // namespace xebec::storage
