// Registries: the registry of every stored built-in resource over one store, with their watch caches, the
// feed that keeps these current, the Services' address pools and compaction. Built once at start.
//
//   Registries registries(env, options);        // env.feed and env.admission are set here
//   co_await registries.start();                // reads the store
//   scope.spawn(registries.run(scope.token())); // keeps the caches current
//   registries.set_admission(&chain);           // before serving; plugins read through the registries
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/cache/feed.h"
#include "apiserver/registry/generic_registry.h"
#include "apiserver/registry/service_pools.h"
#include "base/logger.h"
#include "storage/metered_store.h"

namespace xebec::apiserver {

struct RegistriesOptions {
  std::string service_cidr = "10.96.0.0/12";  // one, or one of each family, apart by a comma
  int32_t first_node_port = 30000, last_node_port = 32767;
  CacheOptions cache;
  Duration compaction_period = std::chrono::minutes(5);  // zero: never
  bool shared_store = false;                             // other API servers write to the store, too
  Duration event_ttl = std::chrono::hours(1);
};

class Registries final : public RegistryMap {
 public:
  // Everything `env` points to outlives this. Error: a service range that cannot be read.
  static Result<std::unique_ptr<Registries>> make(RegistryEnv env, RegistriesOptions options, Logger logger);
  // By make() only.
  class Key {
    friend class Registries;
    Key() = default;
  };
  Registries(Key, RegistryEnv env, RegistriesOptions options, std::vector<IpRange> service_ranges,
             Logger logger);
  ~Registries() override;

  Task<Result<void>> start();
  // Until the token is cancelled. On any executor; the caches are fed there.
  Task<void> run(CancelToken cancel);
  void set_admission(const AdmissionChain* admission);

  Registry* find(std::string_view group, std::string_view resource) const override;
  // The same with its cache, for in-process readers.
  GenericRegistry* generic(std::string_view group, std::string_view resource) const;
  const std::vector<std::unique_ptr<GenericRegistry>>& all() const { return registries_; }
  WatchFeed& feed() { return feed_; }
  // How metrics name the resource of a key in the store; nullptr when it is none.
  const storage::ResourceLabels* labels_of(std::string_view key) const;
  ServicePools& pools() { return *pools_; }
  const std::shared_ptr<ServicePools>& shared_pools() const { return pools_; }

 private:
  void add(const api::Resource& resource);

  RegistryEnv env_;
  const RegistriesOptions options_;
  const Logger logger_;
  WatchFeed feed_;
  std::shared_ptr<ServicePools> pools_;
  std::vector<std::unique_ptr<GenericRegistry>> registries_;
  std::map<std::string, GenericRegistry*, std::less<>> by_name_;        // "group/resource"
  std::map<std::string, GenericRegistry*, std::less<>> by_prefix_;      // storage prefix
  std::map<std::string, storage::ResourceLabels, std::less<>> labels_;  // storage prefix
};

}  // namespace xebec::apiserver
