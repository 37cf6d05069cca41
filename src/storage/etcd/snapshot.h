// A copy of etcd's data base, as `etcdctl snapshot save` writes it.
#pragma once

#include <memory>
#include <string>

#include "storage/etcd/client.h"

namespace xebec::storage::etcd {

// Makes `dir` and in it the file snapshot.db, whole or not at all. Blocks the executor it is awaited on.
Task<Result<void>> save_snapshot(Client& client, std::string dir);

}  // namespace xebec::storage::etcd
