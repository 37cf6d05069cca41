#include "apiserver/discovery/health.h"

namespace xebec::apiserver {
void StartHooks::expect(std::string name) {
  std::lock_guard lock(mutex_);
  hooks_.emplace_back(std::move(name), false);
}

void StartHooks::done(std::string_view name) {
  std::lock_guard lock(mutex_);
  for (auto& [hook, done] : hooks_) {
    if (hook == name) done = true;
  }
}

Result<void> StartHooks::check(std::string_view name) const {
  std::lock_guard lock(mutex_);
  for (const auto& [hook, done] : hooks_) {
    if (hook == name && !done) return fail(errors::internal("not finished"));
  }
  return {};
}

std::vector<std::string> StartHooks::names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(hooks_.size());
  for (const auto& [hook, done] : hooks_) out.push_back(hook);
  return out;
}

void add_health_endpoint(Router& router, std::string path, std::vector<HealthCheck> checks, Logger logger) {
  std::string name = path.substr(1);
  for (const HealthCheck& check : checks) {
    router.add(path + "/" + check.name,
               make_stage([check](const Context&, const Exchange&) { return http::check_health(check); }));
  }
  router.add(path,
             make_stage([name, checks = std::move(checks), logger](const Context&, const Exchange& exchange) {
               return http::check_health(name, checks, exchange.request, logger);
             }));
}

}  // namespace xebec::apiserver
