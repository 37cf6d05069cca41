// RocksDB below the store, for tests: what is really on disk, and disks that fail.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace xebec::storage::testing {

struct RawKeys {
  int versions = 0;
  int log_entries = 0;
};

inline std::unique_ptr<rocksdb::DB> open_raw(const std::string& dir) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(rocksdb::Options(), dir, &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return std::unique_ptr<rocksdb::DB>(db);
}

inline RawKeys count_raw_keys(const std::string& dir) {
  std::unique_ptr<rocksdb::DB> db = open_raw(dir);
  RawKeys keys;
  std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    if (it->key().starts_with("d")) ++keys.versions;
    if (it->key().starts_with("l")) ++keys.log_entries;
  }
  return keys;
}

inline void write_raw(const std::string& dir, const std::string& key, const std::string& value) {
  EXPECT_TRUE(open_raw(dir)->Put({}, key, value).ok());
}

// A file system whose write-ahead logs fail on demand.
class FailingFs final : public rocksdb::FileSystemWrapper {
 public:
  FailingFs() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FailingFs"; }

  std::atomic<bool> fail_sync{false};
  std::atomic<bool> fail_append{false};  // half of the bytes are written
  std::atomic<int> syncs{0};

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = target()->NewWritableFile(name, options, file, context);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<File>(std::move(*file), *this);
    return status;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FailingFs& fs)
        : FSWritableFileOwnerWrapper(std::move(file)), fs_(fs) {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      if (!fs_.fail_append) return FSWritableFileOwnerWrapper::Append(data, options, context);
      rocksdb::Slice half(data.data(), data.size() / 2);
      (void)FSWritableFileOwnerWrapper::Append(half, options, context);
      return rocksdb::IOStatus::IOError("injected failure of a write");
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
      ++fs_.syncs;
      if (fs_.fail_sync) return rocksdb::IOStatus::IOError("injected failure of an fsync");
      return FSWritableFileOwnerWrapper::Sync(options, context);
    }

   private:
    FailingFs& fs_;
  };
};

}  // namespace xebec::storage::testing
