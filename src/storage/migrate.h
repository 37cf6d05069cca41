// Moves a cluster's keys from one store to another, of whichever engine. Everyone who knows a resourceVersion
// of the old store finds only newer ones in the new one: its revision is raised to the old one's before the
// first key is written.
//
// The target must have none of the cluster's keys. While it is being filled it holds a marker; an interrupted
// run leaves it there, servers refuse such a store, and the same run again goes on.
#pragma once

#include <string>

#include "base/logger.h"
#include "storage/store.h"

namespace xebec::storage {

// Outside of /registry/, so that no server takes it for an object.
inline constexpr const char* kMigrationKey = "xebec_migration";

struct MigrationOptions {
  std::string source_name;     // as the marker and messages have it
  int64_t now_ms = 0;          // Unix time: what a local engine's expiry counts from
  bool local_expiry = false;   // KeyValue::lease of the source is an expiry (see store.h), not an id
  int64_t default_ttl = 3600;  // seconds, of keys that expire at a time that is not known
  Logger logger;
};

struct MigrationResult {
  int64_t keys = 0;
  int64_t from_revision = 0;  // of the source
  int64_t to_revision = 0;    // of the target when all was there
};

// The source must not be written meanwhile; that is noticed, and an error. Errors: 409 when the target is not
// empty or another migration's; what the stores say.
Task<Result<MigrationResult>> migrate(Store& from, Store& to, MigrationOptions options);

// Error: 503, the store holds an unfinished migration.
Task<Result<void>> check_not_migrating(Store& store);

}  // namespace xebec::storage
