#include "apiserver/discovery/version.h"

#include <fmt/format.h>

#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

std::string as_json(const VersionInfo& v) {
  std::string out = "{\n";
  auto add = [&](std::string_view name, std::string_view value, bool last = false) {
    out += fmt::format("  \"{}\": \"{}\"{}\n", name, value, last ? "" : ",");
  };
  add("major", v.major);
  add("minor", v.minor);
  add("emulationMajor", v.major);
  add("emulationMinor", v.minor);
  add("minCompatibilityMajor", v.major);
  add("minCompatibilityMinor", std::to_string(std::stoi(v.minor) - 1));
  add("gitVersion", v.git_version);
  add("gitCommit", v.git_commit);
  add("gitTreeState", v.git_tree_state);
  add("buildDate", v.build_date);
  // Clients only print it; there is no Go in here.
  add("goVersion", "none");
  add("compiler", v.compiler);
  add("platform", v.platform, true);
  return out + "}";
}

}  // namespace

VersionInfo VersionInfo::of_this_build() {
  VersionInfo out;
  out.build_date = "1970-01-01T00:00:00Z";
  out.compiler = fmt::format("g++ {}.{}", __GNUC__, __GNUC_MINOR__);
#if defined(__x86_64__)
  out.platform = "linux/amd64";
#elif defined(__aarch64__)
  out.platform = "linux/arm64";
#endif
  return out;
}

void add_version(Router& router, const VersionInfo& version) {
  http::Buffer body = http::make_buffer(as_json(version));
  router.add("/version", make_stage([body](const Context&, const Exchange& exchange) {
               if (exchange.request.method != "GET")
                 return error_response(exchange.request, errors::generic(405, "", {}, "", "", 0));
               http::Response response;
               response.headers.add("Content-Type", "application/json");
               response.body = std::vector<http::Buffer>{body};
               return response;
             }));
}

}  // namespace xebec::apiserver
