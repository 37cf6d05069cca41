#include "apiserver/server.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/discovery/discovery.h"
#include "apiserver/discovery/openapi.h"
#include "apiserver/http/authentication_stage.h"
#include "apiserver/http/authorization_stage.h"
#include "apiserver/http/deadline_stage.h"
#include "apiserver/http/impersonation_stage.h"
#include "apiserver/http/in_flight_stage.h"
#include "apiserver/http/long_running_stage.h"
#include "apiserver/http/metrics_stage.h"
#include "apiserver/http/resource_stage.h"
#include "apiserver/http/respond.h"
#include "apiserver/http/retry_after_stage.h"
#include "apiserver/http/warning_stage.h"
#include "base/clock.h"
#include "codec/json.h"
#include "codec/transcode.h"
#include "http/trace_context.h"

namespace xebec::apiserver {
namespace {

// The chain owns its stages; the router is shared with whoever filled it.
class RouterStage final : public Stage {
 public:
  explicit RouterStage(Router& router) : router_(router) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override {
    return router_.handle(std::move(context), std::move(exchange));
  }

 private:
  Router& router_;
};

http::Response json_text(std::string text) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.set_body(std::move(text));
  return response;
}

// Versions whose fields no conversion keeps, upstream's neither: claims were about classes and opaque
// parameters before there were devices. Refusing them is better than losing data.
bool converts_badly(const api::Resource& resource) {
  return resource.group == "resource.k8s.io" &&
         (resource.version == "v1alpha1" || resource.version == "v1alpha2");
}

http::Response root_paths(const Router& router, const Catalog& catalog) {
  std::vector<std::string> paths = router.paths();
  auto snapshot = catalog.snapshot();
  for (const CatalogGroup& group : *snapshot) {
    if (!group.name.empty()) paths.push_back("/apis/" + group.name);
    for (const CatalogVersion& version : group.versions) {
      paths.push_back((group.name.empty() ? "/api/" : "/apis/") + api_version(group.name, version.version));
    }
  }
  std::ranges::sort(paths);
  codec::ValueList list;
  for (std::string& path : paths) list.emplace_back(std::move(path));
  codec::ValueMap out;
  out.set("paths", std::move(list));
  return json_text(codec::encode_json(codec::Value(std::move(out)), true));
}

}  // namespace

struct ApiServer::Parts {
  Parts(ApiServerOptions given, ApiServerDependencies dependencies)
      : options(std::move(given)),
        deps(std::move(dependencies)),
        request_metrics(*deps.metrics),
        access_metrics(*deps.metrics) {}

  ApiServerOptions options;
  ApiServerDependencies deps;
  RequestMetrics request_metrics;
  AccessMetrics access_metrics;
  Lifecycle lifecycle;
  std::unique_ptr<KubeletProxy> kubelets;
  std::unique_ptr<codec::Transcoder> transcoder;
  std::unique_ptr<Catalog> catalog;
  StartHooks hooks;
  Router router;
  std::unique_ptr<Stage> chain;

  bool serves(const api::Resource& resource) const {
    bool enabled = options.enabled ? options.enabled(resource) : resource.enabled_by_default;
    if (!enabled || converts_badly(resource)) return false;
    if (resource.stored()) return deps.registries->find(resource.storage_group, resource.plural) != nullptr;
    if (resource.group.empty() && (resource.plural == "bindings" || resource.plural == "componentstatuses"))
      return true;
    return deps.virtual_resources.contains(fmt::format("{}/{}", resource.group, resource.plural));
  }

  void add_resources() {
    ResourceDependencies resources;
    resources.scheme = deps.scheme;
    resources.registries = deps.registries;
    resources.virtual_resources = &deps.virtual_resources;
    resources.authorizer = deps.authorizer;
    resources.admission = deps.admission;
    resources.kubelets = kubelets.get();
    resources.target_clients = deps.target_clients;
    resources.components = &deps.components;
    resources.transcoder = transcoder.get();
    resources.clock = deps.clock;
    resources.rng = deps.rng;
    resources.min_watch = options.limits.min_watch;
    resources.logger = deps.logger;
    router.set_resources(std::make_shared<ResourceStage>(
        std::move(resources), [this](const api::Resource& resource) { return serves(resource); }));
  }

  // ping and the named checks first, start hooks after; hooks expected later count as well.
  std::vector<HealthCheck> checks() {
    std::vector<HealthCheck> out;
    out.push_back({"ping", [] { return Result<void>(); }});
    for (const HealthCheck& check : options.health_checks) out.push_back(check);
    return out;
  }

  void add_health() {
    std::vector<HealthCheck> live = checks();
    std::vector<HealthCheck> ready = live;
    for (std::string_view hook : kStartHooks) {
      hooks.expect(std::string(hook));
      ready.push_back({fmt::format("poststarthook/{}", hook), [this, hook] { return hooks.check(hook); }});
    }
    add_health_endpoint(router, "/livez", ready, deps.logger);
    add_health_endpoint(router, "/healthz", ready, deps.logger);
    ready.push_back({"shutdown", [this] { return lifecycle.check(); }});
    add_health_endpoint(router, "/readyz", ready, deps.logger);
  }

  void add_documents() {
    router.add("/metrics", make_stage([this](const Context&, const Exchange&) {
                 http::Response response;
                 response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
                 response.set_body(deps.metrics->text());
                 return response;
               }));
    for (const auto& [path, document] : options.documents) {
      router.add(path,
                 make_stage([text = document](const Context&, const Exchange&) { return json_text(text); }));
    }
    std::shared_ptr<Stage> index =
        make_stage([this](const Context&, const Exchange&) { return root_paths(router, *catalog); });
    router.add("/", index);
    router.add("/index.html", index);
  }

  // Upstream's order, from the last to the first. Audit belongs between authentication and impersonation;
  // priority and fairness takes the place of the limit of requests in flight.
  void link() {
    chain = std::make_unique<RouterStage>(router);
    chain = std::make_unique<WarningStage>(std::move(chain));
    chain = std::make_unique<AuthorizationStage>(deps.authorizer, access_metrics, std::move(chain));
    chain = std::make_unique<InFlightStage>(options.limits, request_metrics, std::move(chain));
    chain = std::make_unique<ImpersonationStage>(deps.authorizer, std::move(chain));
    chain = std::make_unique<AuthenticationStage>(deps.authenticator, access_metrics, deps.logger,
                                                  std::move(chain));
    chain =
        std::make_unique<DeadlineStage>(options.limits.request_timeout, request_metrics, std::move(chain));
    chain = std::make_unique<LongRunningStage>(lifecycle, std::move(chain));
    chain = std::make_unique<MetricsStage>(request_metrics, deps.logger, std::move(chain));
    chain = std::make_unique<RetryAfterStage>(lifecycle, std::move(chain));
  }
};

ApiServer::ApiServer(ApiServerOptions options, ApiServerDependencies dependencies)
    : parts_(std::make_unique<Parts>(std::move(options), std::move(dependencies))) {
  Parts& parts = *parts_;
  if (parts.deps.kubelet_clients) parts.kubelets = std::make_unique<KubeletProxy>(parts.deps.kubelet_clients);
  parts.transcoder = std::make_unique<codec::Transcoder>(*parts.deps.scheme);
  parts.catalog = std::make_unique<Catalog>(
      *parts.deps.scheme, [&](const api::Resource& resource) { return parts.serves(resource); });
  parts.add_resources();
  add_discovery(parts.router, *parts.catalog, parts.options.advertised);
  add_openapi(parts.router, *parts.deps.scheme, *parts.catalog, parts.options.version.git_version);
  add_version(parts.router, parts.options.version);
  parts.add_health();
  parts.add_documents();
  parts.link();
}

ApiServer::~ApiServer() = default;
StartHooks& ApiServer::start_hooks() { return parts_->hooks; }
Lifecycle& ApiServer::lifecycle() { return parts_->lifecycle; }
Catalog& ApiServer::catalog() { return *parts_->catalog; }

Task<http::Response> ApiServer::handle(Context context, http::Request request) {
  auto exchange = std::make_shared<Exchange>();
  exchange->info = parse_request_info(request);
  exchange->request = std::move(request);
  exchange->audit_id = exchange->request.headers.get("Audit-ID");
  if (exchange->audit_id.empty()) exchange->audit_id = make_uuid(*parts_->deps.rng);
  context.trace_id = http::enter_trace(exchange->request.headers, *parts_->deps.rng);
  http::Response response = co_await parts_->chain->handle(std::move(context), exchange);
  response.headers.set("Audit-Id", exchange->audit_id);
  co_return response;
}

}  // namespace xebec::apiserver
