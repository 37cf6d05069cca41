// Index: the live keys of the last committed revision, without their values (about 200 bytes a key). A value
// that somebody still holds is found through it without reading. Thread-safe; one writer.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/store.h"

namespace xebec::storage {

class Index {
 public:
  // At open, before any other thread knows it.
  void load(KeyValue kv);
  void start_at(int64_t revision) { revision_ = revision; }

  // Makes a committed batch visible.
  void apply(int64_t revision, const std::vector<std::shared_ptr<const Event>>& events);

  int64_t revision() const;
  // The key and the revision at which this is so; the value may be null.
  GetResult get(const std::string& key) const;
  // How many keys are in [start, end) (end empty: no end), if the current revision is `revision` (0:
  // whichever).
  struct Count {
    int64_t revision = 0;
    int64_t keys = 0;
  };
  std::optional<Count> count(const std::string& start, const std::string& end, int64_t revision) const;
  // Keys that expire: (expiry, key).
  std::vector<std::pair<int64_t, std::string>> leases() const;

 private:
  struct Entry {
    int64_t create_revision = 0;
    int64_t mod_revision = 0;
    int64_t version = 0;
    int64_t lease = 0;
    std::weak_ptr<const std::string> value;
  };

  mutable std::shared_mutex mutex_;
  std::map<std::string, Entry> entries_;
  int64_t revision_ = 1;
};

}  // namespace xebec::storage
