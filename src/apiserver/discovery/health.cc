#include "apiserver/discovery/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

http::Response check_all(const std::string& name, const std::vector<HealthCheck>& checks,
                         const http::Request& request, const Logger& logger) {
  std::set<std::string> excluded;
  for (std::string& value : request.params("exclude")) excluded.insert(std::move(value));
  std::string lines;
  std::vector<std::string> failed;
  for (const HealthCheck& check : checks) {
    if (excluded.erase(check.name) > 0) {
      lines += fmt::format("[+]{} excluded: ok\n", check.name);
      continue;
    }
    Result<void> result = check.check();
    if (result) {
      lines += fmt::format("[+]{} ok\n", check.name);
    } else {
      // The reason may hold what an anonymous reader should not see.
      lines += fmt::format("[-]{} failed: reason withheld\n", check.name);
      logger.info("health check failed", {{"check", check.name}, {"err", result.error().message}});
      failed.push_back(check.name);
    }
  }
  if (!excluded.empty()) {
    std::string list;
    for (const std::string& one : excluded) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", one);
    lines += fmt::format("warn: some health checks cannot be excluded: no matches for {}\n", list);
  }
  if (!failed.empty()) return http_error(500, fmt::format("{}{} check failed", lines, name));
  if (!request.param("verbose")) return text_response(200, "ok");
  return text_response(200, fmt::format("{}{} check passed\n", lines, name));
}

http::Response check_one(const HealthCheck& check) {
  Result<void> result = check.check();
  if (!result) return http_error(500, fmt::format("internal server error: {}", result.error().message));
  return text_response(200, "ok");
}

}  // namespace

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
  for (const auto& [hook, done] : hooks_) out.push_back(hook);
  return out;
}

void add_health_endpoint(Router& router, std::string path, std::vector<HealthCheck> checks, Logger logger) {
  std::string name = path.substr(1);
  for (const HealthCheck& check : checks) {
    router.add(path + "/" + check.name,
               make_stage([check](const Context&, const Exchange&) { return check_one(check); }));
  }
  router.add(path,
             make_stage([name, checks = std::move(checks), logger](const Context&, const Exchange& exchange) {
               return check_all(name, checks, exchange.request, logger);
             }));
}

}  // namespace xebec::apiserver
