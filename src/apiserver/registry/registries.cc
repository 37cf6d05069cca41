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
  TRY(std::vector<IpRange> ranges, IpRange::parse_list(options.service_cidr));
  return std::make_unique<Registries>(Key(), env, std::move(options), std::move(ranges), std::move(logger));
}

Registries::Registries(Key, RegistryEnv env, RegistriesOptions options, std::vector<IpRange> service_ranges,
                       Logger logger)
    : env_(env), options_(std::move(options)), logger_(std::move(logger)), feed_(*env.store, logger_) {
  env_.feed = &feed_;
  pools_ = std::make_shared<ServicePools>(env_, std::move(service_ranges), options_.first_node_port,
                                          options_.last_node_port, logger_);
  env_.refresh_pools = [this](Context context) { return pools_->refresh(std::move(context)); };
  for (const api::Resource* resource : env_.scheme->resources()) add(*resource);
  pools_->attach(generic("", "services")->cache(), generic("networking.k8s.io", "ipaddresses")->cache(),
                 generic("networking.k8s.io", "servicecidrs")->cache(), generic("", "events"));
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
  const StrategyEnv strategy_env{env_.clock, &pools_->allocator(), event_ttl};
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
  CO_TRY_VOID(co_await feed_.start());
  co_return co_await pools_->start();
}

Task<void> Registries::run(CancelToken cancel) {
  Scope scope(*Executor::current(), cancel);
  Compactor compactor(*env_.store, logger_, options_.compaction_period, options_.shared_store);
  scope.spawn(feed_.run(scope.token()));
  scope.spawn(pools_->run(scope.token()));
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
