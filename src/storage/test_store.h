// Helpers of the storage tests.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/scope.h"
#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/store.h"

namespace xebec::storage::testing {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "xebec-storage-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) abort();
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

class ManualClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::nanoseconds(nanos_.load())); }
  void advance(Duration by) { nanos_ += by.count(); }

 private:
  std::atomic<int64_t> nanos_{1'700'000'000'000'000'000};
};

// A store of an engine on which the suite runs, and what must live as long.
struct Opened {
  std::shared_ptr<void> below;
  std::unique_ptr<Store> store;
  std::string missing;  // why there is none on this machine: the test is skipped
};

struct Engine {
  const char* name;
  Opened (*open)(const TempDir& dir);
};

// The engines of this test program: engines_test.cc of the folder. One whose name ends in WithoutRing keeps
// no recent events in memory, so that its watchers live on the log.
std::vector<Engine> engines();

inline RocksdbOptions rocksdb_options(std::string dir) {
  RocksdbOptions options;
  options.dir = std::move(dir);
  options.clock = std::make_shared<SystemClock>();
  options.ttl_check_interval = std::chrono::milliseconds(5);
  return options;
}

inline Txn put_txn(std::string key, std::string value, int64_t ttl_seconds = 0) {
  Txn txn;
  txn.ops.push_back(Put{std::move(key), make_bytes(std::move(value)), ttl_seconds});
  return txn;
}

inline Txn cas_txn(const std::string& key, int64_t mod_revision, std::string value) {
  Txn txn = put_txn(key, std::move(value));
  txn.compares.push_back(Compare{key, mod_revision});
  return txn;
}

inline Txn delete_txn(std::string key) {
  Txn txn;
  txn.ops.push_back(Delete{std::move(key)});
  return txn;
}

// The value as text; "<none>" without one.
inline std::string text(const std::optional<KeyValue>& kv) { return kv && kv->value ? *kv->value : "<none>"; }

// An event as text: "put a=1@2 was <none>", "delete a@3 was 1".
inline std::string text(const Event& event) {
  std::string at = "@" + std::to_string(event.kv.mod_revision) + " was " + text(event.prev);
  if (event.type == Event::Type::kDelete) return "delete " + event.kv.key + at;
  return "put " + event.kv.key + "=" + *event.kv.value + at;
}

}  // namespace xebec::storage::testing
