#include "apiserver/registry/registries.h"

#include "api/conversion.h"
#include "api/gen/corev1.h"
#include "apiserver/registry/compactor.h"
#include "apiserver/registry/strategies/strategies.h"
#include "base/scope.h"

namespace xebec::apiserver {
namespace {

std::string name_of(std::string_view group, std::string_view resource) {
  return std::string(group).append("/").append(resource);
}

// Types of other versions of the stored kind, which an older release may have written.
std::vector<const api::Message*> other_versions(const api::Scheme& scheme, const api::Resource& stored,
                                                const api::Message& used) {
  std::vector<const api::Message*> out;
  for (const api::Resource* r : scheme.resources())
    if (r->plural == stored.plural && r->message != nullptr && r->message != &used &&
        (r->group == stored.group || r->storage_group == stored.storage_group) && r->kind == stored.kind)
      out.push_back(r->message);
  return out;
}

// Removed resources have no path in today's storage: theirs is where releases kept them that still had them.
std::string prefix_of(const api::Resource& stored) {
  const std::string_view prefix = stored.etcd_prefix();
  if (!prefix.empty()) return std::string(prefix);
  if (stored.plural == "podsecuritypolicies") return "/registry/podsecuritypolicy/";
  return "/registry/" + std::string(stored.plural) + "/";
}

}  // namespace

Result<std::unique_ptr<Registries>> Registries::make(RegistryEnv env, RegistriesOptions options,
                                                     Logger logger) {
  TRY(IpRange range, IpRange::parse(options.service_cidr));
  return std::make_unique<Registries>(Key(), env, std::move(options), std::move(range), std::move(logger));
}

Registries::Registries(Key, RegistryEnv env, RegistriesOptions options, IpRange service_range, Logger logger)
    : env_(env),
      options_(std::move(options)),
      logger_(std::move(logger)),
      feed_(*env.store, logger_),
      services_(std::make_unique<ServiceAllocator>(std::move(service_range), options_.first_node_port,
                                                   options_.last_node_port, *env.rng)) {
  env_.feed = &feed_;
  if (options_.shared_store) env_.refresh_pools = [this](Context context) { return refresh_pools(context); };
  for (const api::Resource* resource : env_.scheme->resources()) add(*resource);
}

Registries::~Registries() = default;

void Registries::add(const api::Resource& resource) {
  const api::Resource* stored = api::stored_resource(*env_.scheme, resource);
  if (stored == nullptr || by_name_.contains(name_of(resource.group, resource.plural))) return;
  const std::string prefix = prefix_of(*stored);
  if (auto it = by_prefix_.find(prefix); it != by_prefix_.end()) {
    by_name_[name_of(resource.group, resource.plural)] = it->second;
    return;
  }
  const api::Message& hub = *api::hub_message(*env_.scheme, *stored);
  FormatOptions format;
  format.hub = &hub;
  format.stored = env_.scheme->find(stored->storage_group, stored->storage_version, stored->kind);
  // An old storage version that differs from the hub is read, no longer written.
  if (format.stored == nullptr || !api::same_shape(*format.stored, hub)) format.stored = &hub;
  format.namespaced = stored->namespaced;
  format.older = other_versions(*env_.scheme, *stored, *format.stored);
  const int64_t event_ttl = std::chrono::duration_cast<std::chrono::seconds>(options_.event_ttl).count();
  const StrategyEnv strategy_env{env_.clock, services_.get(), event_ttl};
  std::shared_ptr<const Strategy> strategy = make_strategy(*stored, hub, strategy_env);
  format.selectable = strategy->selectable_fields();
  auto cache = std::make_shared<ResourceCache>(prefix, make_builtin_format(std::move(format)), options_.cache,
                                               feed_.progress());
  feed_.add(cache);
  auto& registry = registries_.emplace_back(
      std::make_unique<GenericRegistry>(env_, *stored, hub, std::move(strategy), std::move(cache)));
  by_prefix_[prefix] = registry.get();
  labels_[prefix] = {std::string(stored->group), std::string(stored->plural)};
  by_name_[name_of(resource.group, resource.plural)] = registry.get();
}

Task<Result<void>> Registries::start() {
  int64_t pools = 0;
  if (options_.shared_store) {
    CO_TRY(pools, co_await pools_revision());
  }
  CO_TRY_VOID(co_await feed_.start());
  CO_TRY_VOID(mark_services());
  if (options_.shared_store) services_->share(pools);
  co_return Result<void>();
}

Result<std::vector<std::shared_ptr<const api::Object>>> Registries::stored_services() const {
  std::vector<std::shared_ptr<const api::Object>> out;
  const GenericRegistry* services = generic("", "services");
  if (services == nullptr) return out;
  Result<void> read;
  const std::string& prefix = services->cache()->prefix();
  services->cache()->snapshot().tree.scan(prefix, storage::prefix_end(prefix), [&](const EntryPtr& entry) {
    Result<std::shared_ptr<const api::Object>> object = entry->object();
    if (!object) {
      read = fail(std::move(object).error());
      return false;
    }
    out.push_back(std::move(*object));
    return true;
  });
  if (!read) return fail(std::move(read).error());
  return out;
}

Result<void> Registries::mark_services() {
  TRY(auto services, stored_services());
  for (const auto& service : services) services_->mark(service->get<corev1::Service>());
  return {};
}

Task<Result<int64_t>> Registries::pools_revision() {
  CO_TRY(const storage::GetResult key, co_await env_.store->get(ServiceAllocator::kSharedKey));
  int64_t revision = 0;
  if (key.kv) revision = key.kv->mod_revision;
  co_return revision;
}

// The key first: whatever was taken up to its revision is then among the services that are read.
Task<Result<void>> Registries::refresh_pools(Context context) {
  CO_TRY(const int64_t revision, co_await pools_revision());
  CO_TRY_VOID(co_await feed_.catch_up(std::move(context)));
  CO_TRY(auto services, stored_services());
  services_->replace(services, revision);
  co_return Result<void>();
}

Task<void> Registries::run(CancelToken cancel) {
  Scope scope(*Executor::current(), cancel);
  Compactor compactor(*env_.store, logger_, options_.compaction_period, options_.shared_store);
  scope.spawn(feed_.run(scope.token()));
  if (options_.compaction_period > Duration::zero()) scope.spawn(compactor.run(scope.token()));
  co_await scope.join();
}

void Registries::set_admission(const AdmissionChain* admission) {
  for (const auto& registry : registries_) registry->set_admission(admission);
}

GenericRegistry* Registries::generic(std::string_view group, std::string_view resource) const {
  auto it = by_name_.find(name_of(group, resource));
  return it == by_name_.end() ? nullptr : it->second;
}

const storage::ResourceLabels* Registries::labels_of(std::string_view key) const {
  auto it = labels_.upper_bound(key);
  if (it == labels_.begin()) return nullptr;
  --it;
  return key.starts_with(it->first) ? &it->second : nullptr;
}

Registry* Registries::find(std::string_view group, std::string_view resource) const {
  return generic(group, resource);
}

}  // namespace xebec::apiserver
