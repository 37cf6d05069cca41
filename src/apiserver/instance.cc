#include "apiserver/instance.h"

#include <fmt/format.h>

#include "api/gen/rbacv1.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authn/anonymous.h"
#include "apiserver/authn/bootstrap_token/authenticator.h"
#include "apiserver/authn/service_account/authenticator.h"
#include "apiserver/authn/service_account/issuer.h"
#include "apiserver/authn/x509.h"
#include "apiserver/authz/modes.h"
#include "apiserver/authz/node/authorizer.h"
#include "apiserver/authz/rbac/bootstrap.h"
#include "apiserver/authz/rbac/feed.h"
#include "apiserver/authz/rbac/policy.h"
#include "apiserver/bootstrap/cluster.h"
#include "apiserver/bootstrap/joining.h"
#include "apiserver/bootstrap/master_leases.h"
#include "apiserver/bootstrap/store_health.h"
#include "apiserver/cache/cache_metrics.h"
#include "apiserver/discovery/runtime_config.h"
#include "apiserver/reviews/access_reviews.h"
#include "apiserver/reviews/token_request.h"
#include "base/all_of.h"
#include "base/scope.h"
#include "base/sync.h"
#include "security/pki/pki.h"
#include "storage/metered_store.h"

namespace xebec::apiserver {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

std::vector<rbacv1::PolicyRule> node_rules(const std::vector<api::Object>& objects) {
  for (const api::Object& object : objects) {
    const rbacv1::ClusterRole* role = object.as<rbacv1::ClusterRole>();
    if (role && role->metadata.name == "system:node") return role->rules;
  }
  return {};
}

}  // namespace

struct Instance::Parts {
  InstanceEnv env;
  InstanceOptions options;
  api::Scheme scheme = api::Scheme::builtin();
  std::unique_ptr<Scope> scope;
  std::unique_ptr<storage::Store> store;  // the environment's, timed
  std::unique_ptr<CacheMetrics> cache_metrics;
  std::unique_ptr<Registries> registries;
  std::unique_ptr<service_account::Issuer> issuer;
  std::shared_ptr<rbac::Policy> policy = std::make_shared<rbac::Policy>();
  std::shared_ptr<node::Graph> graph = std::make_shared<node::Graph>();
  std::shared_ptr<Authorizer> authorizer;
  std::unique_ptr<AdmissionChain> admission;
  std::unique_ptr<ApiServer> server;
  // Of a store that several servers share.
  std::unique_ptr<StoreHealth> health;
  std::unique_ptr<MasterLeases> leases;
  OneShot<bool> ready;

  ClusterFacts facts() const {
    ClusterFacts out;
    out.service_cidr = options.registries.service_cidr;
    out.advertise_address = options.advertise_address;
    out.secure_port = options.secure_port;
    out.client_ca_pem = options.client_ca_pem;
    return out;
  }

  Result<void> make_registries() {
    RegistryEnv registry_env;
    registry_env.scheme = &scheme;
    auto labels_of = [this](std::string_view key) {
      return registries ? registries->labels_of(key) : nullptr;
    };
    store = storage::make_metered_store(*env.store, *env.metrics, std::move(labels_of));
    registry_env.store = store.get();
    registry_env.clock = env.clock.get();
    registry_env.rng = env.rng;
    registry_env.metrics = env.metrics;
    TRY(registries, Registries::make(registry_env, options.registries, env.logger));
    cache_metrics = std::make_unique<CacheMetrics>(*env.metrics);
    for (const auto& registry : registries->all()) {
      cache_metrics->add(std::string(registry->resource().group), std::string(registry->resource().plural),
                         registry->cache());
    }
    std::weak_ptr<ServicePools> pools = registries->shared_pools();
    env.metrics->before_exposition([pools] {
      if (auto alive = pools.lock()) alive->show_metrics();
    });
    return {};
  }

  Result<void> make_issuer() {
    TRY(pki::PrivateKey key, pki::PrivateKey::parse_pem(options.service_account_key_pem));
    std::vector<pki::PublicKey> verification;
    for (const std::string& pem : options.service_account_public_keys_pem) {
      TRY(std::vector<pki::PublicKey> more, pki::PublicKey::parse_all_pem(pem));
      verification.insert(verification.end(), more.begin(), more.end());
    }
    service_account::IssuerOptions issuer_options;
    const std::vector<std::string>& issuers = options.service_account_issuers;
    if (issuers.empty()) return fail(errors::bad_request("service-account-issuer is a required flag"));
    issuer_options.issuer = issuers[0];
    issuer_options.accepted_issuers.assign(issuers.begin() + 1, issuers.end());
    issuer_options.api_audiences = options.api_audiences;
    issuer = std::make_unique<service_account::Issuer>(std::move(issuer_options), std::move(key),
                                                       std::move(verification), *env.clock);
    return {};
  }

  // Client certificates and tokens first; whoever shows neither is anonymous, or refused.
  Result<std::shared_ptr<Authenticator>> make_authenticator(
      std::shared_ptr<const service_account::TokenChecker> checker) {
    std::vector<std::unique_ptr<Authenticator>> known;
    if (!options.client_ca_pem.empty()) {
      TRY(pki::CertPool roots, pki::CertPool::parse_pem(options.client_ca_pem));
      known.push_back(make_x509_authenticator(std::move(roots), *env.clock));
    }
    if (options.bootstrap_tokens)
      known.push_back(make_bootstrap_token_authenticator(*registries, *env.clock));
    known.push_back(service_account::make_bearer_authenticator(std::move(checker), issuer->api_audiences()));
    std::vector<std::unique_ptr<Authenticator>> all;
    all.push_back(make_union_authenticator(std::move(known)));
    if (options.anonymous) all.push_back(make_anonymous_authenticator());
    return std::shared_ptr<Authenticator>(make_union_authenticator(std::move(all), true));
  }

  Result<void> make_authorizer() {
    TRY(std::vector<api::Object> objects, rbac::bootstrap_objects());
    TRY_VOID(check_authorization_modes(options.authorization_modes));
    std::vector<std::unique_ptr<Authorizer>> members;
    members.push_back(make_privileged_group_authorizer());
    for (const std::string& mode : options.authorization_modes) {
      if (mode == "AlwaysAllow") members.push_back(make_always_allow_authorizer());
      if (mode == "AlwaysDeny") members.push_back(make_always_deny_authorizer());
      if (mode == "Node") members.push_back(node::make_authorizer(graph, node_rules(objects)));
      if (mode == "RBAC") members.push_back(std::make_unique<rbac::Authorizer>(policy));
    }
    authorizer = make_union_authorizer(std::move(members));
    return {};
  }

  ComponentCheck component_at(std::string name, std::string url) {
    auto ask = [this, url](Context context) { return ask_health(std::move(context), url); };
    return {std::move(name), std::move(ask)};
  }

  // As upstream tells it of a port that it asks.
  Task<Result<std::string>> ask_health(Context context, std::string url) {
    if (url.empty()) co_return std::string("ok");
    if (!options.target_clients) co_return fail(errors::service_unavailable("nobody can be asked here"));
    CO_TRY(std::shared_ptr<http::Client> client, options.target_clients(url));
    http::Request request;
    request.method = "GET";
    request.path = "/healthz";
    Result<http::Response> response = co_await client->send(std::move(context), std::move(request));
    if (!response) {
      const std::string text = fmt::format("Get \"{}/healthz\": {}", url, response.error().message);
      co_return fail(errors::service_unavailable(text));
    }
    CO_TRY(std::string body, co_await response->read_body(64 << 10));
    if (response->status == 200) co_return body;
    co_return fail(
        errors::service_unavailable(fmt::format("HTTP probe failed with statuscode: {}", response->status)));
  }

  ComponentCheck store_component() {
    auto ask = [this](Context) { return ask_store(); };
    return {"etcd-0", std::move(ask)};
  }

  Task<Result<std::string>> ask_store() {
    CO_TRY_VOID(co_await env.store->read_revision());
    co_return std::string("ok");
  }

  Result<void> make_server() {
    auto checker = std::make_shared<const service_account::TokenChecker>(*issuer, *registries);
    ApiServerDependencies deps;
    deps.scheme = &scheme;
    deps.registries = registries.get();
    ReviewDependencies reviews;
    reviews.authorizer = authorizer;
    reviews.policy = policy;
    reviews.tokens = checker;
    reviews.api_audiences = issuer->api_audiences();
    if (options.bootstrap_tokens)
      reviews.other_tokens = make_bootstrap_token_authenticator(*registries, *env.clock);
    add_reviews(reviews, deps.virtual_resources);
    deps.virtual_resources["/serviceaccounts/token"] =
        make_token_request(*issuer, *registries, *env.rng, options.token_requests);
    TRY(deps.authenticator, make_authenticator(checker));
    deps.authorizer = authorizer;
    deps.admission = admission.get();
    deps.kubelet_clients = options.kubelet_clients;
    deps.target_clients = options.target_clients;
    for (const auto& [name, url] : options.components) deps.components.push_back(component_at(name, url));
    deps.components.push_back(store_component());
    deps.clock = env.clock.get();
    deps.rng = env.rng;
    deps.metrics = env.metrics;
    deps.logger = env.logger;
    ApiServerOptions server_options;
    server_options.version = options.version;
    server_options.limits = options.limits;
    server_options.advertised = fmt::format("{}:{}", options.advertise_address, options.secure_port);
    TRY(server_options.enabled, parse_runtime_config(options.runtime_config, scheme));
    std::string jwks_uri = options.jwks_uri;
    if (jwks_uri.empty()) jwks_uri = fmt::format("https://{}/openid/v1/jwks", server_options.advertised);
    server_options.documents.emplace_back("/.well-known/openid-configuration",
                                          issuer->discovery_document(jwks_uri));
    server_options.documents.emplace_back("/openid/v1/jwks", issuer->key_set());
    if (options.registries.shared_store) {
      health = std::make_unique<StoreHealth>(*env.store);
      server_options.health_checks.push_back({"etcd", [this] { return health->check(); }});
      scope->spawn(health->run(scope->token()));
    }
    server = std::make_unique<ApiServer>(std::move(server_options), std::move(deps));
    return {};
  }

  Result<void> make_admission() {
    AdmissionDependencies deps;
    deps.registries = registries.get();
    deps.authorizer = authorizer;
    deps.policy = policy;
    deps.rng = env.rng;
    deps.metrics = env.metrics;
    TRY(AdmissionChain chain, make_admission_chain(deps, options.admission));
    admission = std::make_unique<AdmissionChain>(std::move(chain));
    registries->set_admission(admission.get());
    return {};
  }
};

namespace {

// Tries until it is done; false when cancelled.
Task<bool> persist(std::function<Task<Result<void>>()> step, std::string name, CancelToken cancel,
                   Logger logger) {
  for (;;) {
    Result<void> done = co_await step();
    if (done) co_return true;
    logger.warning("bootstrap step failed, trying again", {{"step", name}, {"err", done.error().message}});
    bool slept = co_await sleep_for(kRetry, cancel);
    if (!slept) co_return false;
  }
}

struct Step {
  std::string hook;
  std::function<Task<Result<void>>()> run;
};

Task<Result<void>> run_step(Step step, StartHooks* hooks, CancelToken cancel, Logger logger) {
  bool done = co_await persist(step.run, step.hook, cancel, logger);
  if (!done) co_return fail(errors::cancelled());
  hooks->done(step.hook);
  co_return Result<void>();
}

// `first` before all others, for these need the namespaces; the others at once, so that their writes share
// commits.
Task<void> run_steps(Step first, std::vector<Step> others, std::vector<OneShot<bool>> feeds,
                     StartHooks* hooks, OneShot<bool> ready, CancelToken cancel, Logger logger) {
  for (const OneShot<bool>& feed : feeds) co_await feed;
  Result<void> done = co_await run_step(std::move(first), hooks, cancel, logger);
  if (done) {
    std::vector<Task<Result<void>>> all;
    for (Step& step : others) all.push_back(run_step(std::move(step), hooks, cancel, logger));
    done = co_await all_of(std::move(all));
  }
  ready.set(done.has_value());
}

}  // namespace

Instance::Instance(Key, std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Instance::~Instance() = default;
ApiServer& Instance::handler() { return *parts_->server; }
Registries& Instance::registries() { return *parts_->registries; }
const api::Scheme& Instance::scheme() const { return parts_->scheme; }

Task<Result<std::unique_ptr<Instance>>> Instance::start(InstanceEnv env, InstanceOptions options) {
  auto parts = std::make_unique<Parts>();
  Parts* p = parts.get();
  p->env = std::move(env);
  p->options = std::move(options);
  CO_TRY_VOID(p->make_registries());
  CO_TRY_VOID(p->make_issuer());
  CO_TRY_VOID(p->make_authorizer());
  CO_TRY_VOID(p->make_admission());
  CO_TRY_VOID(co_await p->registries->start());
  p->scope = std::make_unique<Scope>(*p->env.executor);
  p->scope->spawn(p->registries->run(p->scope->token()));
  auto instance = std::make_unique<Instance>(Key(), std::move(parts));
  Result<void> made = p->make_server();
  if (!made) {
    co_await instance->stop();
    co_return fail(made.error());
  }

  std::vector<OneShot<bool>> feeds;
  feeds.push_back(rbac::feed_policy(*p->scope, *p->registries, p->policy));
  for (OneShot<bool>& feed : node::feed_graph(*p->scope, *p->registries, p->graph))
    feeds.push_back(std::move(feed));
  const RegistryMap* registries = p->registries.get();
  const ClusterFacts facts = p->facts();
  const Clock* clock = p->env.clock.get();
  Step namespaces{"start-system-namespaces-controller",
                  [registries] { return ensure_system_namespaces(registries); }};
  std::vector<Step> steps;
  steps.push_back(Step{"rbac/bootstrap-roles", [registries, user = p->options.kubelet_client_user] {
                         return rbac::reconcile_bootstrap_policy(*registries, user);
                       }});
  steps.push_back(Step{"scheduling/bootstrap-system-priority-classes",
                       [registries] { return ensure_system_priority_classes(registries); }});
  steps.push_back(Step{"start-service-ip-repair-controllers",
                       [registries, facts, clock] { return ensure_service_cidr(registries, facts, clock); }});
  p->scope->spawn(keep_service_cidr(registries, facts, clock, p->scope->token()));
  MasterLeases* leases = nullptr;
  if (p->options.registries.shared_store && !is_loopback(facts.advertise_address)) {
    p->leases = std::make_unique<MasterLeases>(*p->env.store, *p->registries, facts, p->env.logger);
    leases = p->leases.get();
  }
  steps.push_back(Step{"bootstrap-controller", [registries, facts, leases] {
                         return leases ? leases->reconcile() : ensure_kubernetes_service(registries, facts);
                       }});
  if (leases) p->scope->spawn(leases->run(p->scope->token()));
  steps.push_back(Step{"start-cluster-authentication-info-controller",
                       [registries, facts] { return ensure_authentication_info(registries, facts); }});
  if (p->options.bootstrap_tokens) {
    steps.push_back(Step{"xebec/joining-rights", [registries] { return ensure_joining_rights(registries); }});
    if (!p->options.join_url.empty()) {
      JoiningFacts joining{p->options.join_url, p->options.join_ca_pem};
      steps.push_back(Step{"xebec/cluster-info",
                           [registries, joining] { return ensure_cluster_info(registries, joining); }});
    }
  }
  p->scope->spawn(run_steps(std::move(namespaces), std::move(steps), std::move(feeds),
                            &p->server->start_hooks(), p->ready, p->scope->token(), p->env.logger));
  co_return instance;
}

Task<bool> Instance::wait_ready() { co_return co_await parts_->ready; }

Task<void> Instance::stop() {
  parts_->ready.set(false);
  if (!parts_->scope) co_return;
  parts_->scope->cancel();
  co_await parts_->scope->join();
  parts_->scope.reset();
}

}  // namespace xebec::apiserver
