#include "http/health.h"

#include <fmt/format.h>

#include <set>

namespace xebec::http {
namespace {

Response text(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  // As Go's http.Error and the health handlers do.
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.set_body(std::move(body));
  return response;
}

}  // namespace

Response check_health(const std::string& name, const std::vector<HealthCheck>& checks, const Request& request,
                      const Logger& logger) {
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
  if (!failed.empty()) return text(500, fmt::format("{}{} check failed\n", lines, name));
  if (!request.param("verbose")) return text(200, "ok");
  return text(200, fmt::format("{}{} check passed\n", lines, name));
}

Response check_health(const HealthCheck& check) {
  Result<void> result = check.check();
  if (!result) return text(500, fmt::format("internal server error: {}\n", result.error().message));
  return text(200, "ok");
}

}  // namespace xebec::http
