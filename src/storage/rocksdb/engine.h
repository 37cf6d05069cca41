// The engine on a RocksDB environment of the caller's: how tests inject failing disks.
#pragma once

#include "storage/rocksdb/rocksdb_store.h"

namespace rocksdb {
class Env;
}

namespace xebec::storage {

// As open_rocksdb; `env` outlives the store.
Result<std::unique_ptr<Store>> open_rocksdb_on(rocksdb::Env* env, RocksdbOptions options);

}  // namespace xebec::storage
