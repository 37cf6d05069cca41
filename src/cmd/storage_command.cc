// `xebec storage migrate`: moves a cluster's objects from a data directory to etcd, or back.
#include <fmt/format.h>

#include <filesystem>

#include "base/scope.h"
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/process.h"
#include "storage/etcd/etcd_store.h"
#include "storage/migrate.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string action;
  std::string from, to;
  storage::EtcdOptions etcd;  // of whichever side is etcd
  LogOptions logs;
};

// One side of the move.
struct Side {
  std::unique_ptr<storage::Store> store;
  bool local = false;
};

bool is_etcd(const std::string& place) { return place.find("://") != std::string::npos; }

Result<Side> open_etcd(const std::string& place, const Options& options, Process& process) {
  storage::EtcdOptions etcd = options.etcd;
  etcd.logger = process.logger().named("store");
  for (size_t begin = 0; begin < place.size();) {
    const size_t end = std::min(place.find(',', begin), place.size());
    etcd.servers.push_back(place.substr(begin, end - begin));
    begin = end + 1;
  }
  Side side;
  TRY(side.store, block_on(storage::open_etcd(std::move(etcd))));
  return side;
}

// `source`: it must be there.
Result<Side> open_directory(const std::string& place, bool source, Process& process) {
  storage::RocksdbOptions rocksdb;
  rocksdb.dir = place + "/store";
  rocksdb.clock = process.clock();
  rocksdb.logger = process.logger().named("store");
  std::error_code error;
  if (source && !std::filesystem::exists(rocksdb.dir, error))
    return fail(errors::bad_request(fmt::format("--from: there is no store in {}", place)));
  if (!source) std::filesystem::create_directories(place, error);
  Side side;
  side.local = true;
  TRY(side.store, storage::open_rocksdb(std::move(rocksdb)));
  return side;
}

Result<Side> open(const std::string& place, bool source, const Options& options, Process& process) {
  return is_etcd(place) ? open_etcd(place, options, process) : open_directory(place, source, process);
}

Result<void> run(const Options& options) {
  if (options.action != "migrate")
    return fail(errors::bad_request(fmt::format("storage {}: the only action is migrate", options.action)));
  if (options.from.empty() || options.to.empty())
    return fail(errors::bad_request("--from and --to must be given"));
  Process process(options.logs);
  TRY(Side from, open(options.from, true, options, process));
  TRY_VOID(block_on(storage::check_not_migrating(*from.store)));
  TRY(Side to, open(options.to, false, options, process));
  storage::MigrationOptions how;
  how.source_name = options.from;
  how.local_expiry = from.local;
  how.now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(process.clock()->now().time_since_epoch())
          .count();
  how.logger = process.logger();
  TRY(storage::MigrationResult done, block_on(storage::migrate(*from.store, *to.store, std::move(how))));
  fmt::print("{} keys, from revision {} to revision {}\n", done.keys, done.from_revision, done.to_revision);
  return {};
}

}  // namespace

std::function<int()> declare_storage(Flags& flags) {
  auto options = std::make_shared<Options>();
  Options& o = *options;
  flags.word("action", o.action, "What to do: migrate.");
  flags.add("from", o.from,
            "Where the objects are: a data directory, or etcd's URLs. Nothing may write to it meanwhile.");
  flags.add("to", o.to, "Where they go, the same way. It must be empty of them.");
  flags.add("etcd-prefix", o.etcd.prefix, "What all of the cluster's keys in etcd begin with.");
  flags.add("etcd-cafile", o.etcd.ca_file, "The CA of etcd's certificates; the system's without it.", "file");
  flags.add("etcd-certfile", o.etcd.cert_file, "The client certificate shown to etcd.", "file");
  flags.add("etcd-keyfile", o.etcd.key_file, "The key of --etcd-certfile.", "file");
  declare_logs(flags, o.logs);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
