#include "apiserver/http/metrics_stage.h"

#include <algorithm>

namespace xebec::apiserver {
namespace {

constexpr double kSeconds[] = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2,
                               3,     4,     5,    6,   8,   10,  15,  20,  30,  45,   60};

// Only verbs upstream knows become a label, so that clients cannot make series at will.
std::string verb_label(const RequestInfo& info) {
  std::string verb = info.verb;
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  for (std::string_view known : {"GET", "LIST", "WATCH", "CREATE", "UPDATE", "PATCH", "DELETE",
                                 "DELETECOLLECTION", "POST", "PUT", "HEAD", "CONNECT", "PROXY"}) {
    if (verb == known) return verb == "CREATE" ? "POST" : verb == "UPDATE" ? "PUT" : verb;
  }
  return "other";
}

std::string scope_label(const RequestInfo& info) {
  if (!info.is_resource) return "";
  if (!info.name.empty()) return "resource";
  return info.namespace_.empty() ? "cluster" : "namespace";
}

}  // namespace

MetricsStage::MetricsStage(Metrics& metrics, std::unique_ptr<Stage> next)
    : total_(metrics.counter(
          "apiserver_request_total",
          "Counter of apiserver requests broken out for each verb, dry run value, group, version, "
          "resource, scope, component, and HTTP response code.",
          {"code", "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"})),
      duration_(metrics.histogram(
          "apiserver_request_duration_seconds",
          "Response latency distribution in seconds for each verb, dry run value, group, "
          "version, resource, subresource, scope and component.",
          kSeconds,
          {"component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"})),
      in_flight_(metrics.gauge(
          "apiserver_current_inflight_requests",
          "Maximal number of currently used inflight request limit of this apiserver per request kind.",
          {"request_kind"})),
      next_(std::move(next)) {}

Task<http::Response> MetricsStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  const RequestInfo& info = exchange->info;
  const MonotonicTime start = Executor::current()->now();
  const bool long_running = is_long_running(info);
  const bool read_only = info.verb == "get" || info.verb == "list" || info.verb == "watch";
  Gauge& gauge = in_flight_.with({read_only ? "readOnly" : "mutating"});
  if (!long_running) gauge.add(1);
  http::Response response = co_await next_->handle(std::move(context), exchange);
  if (!long_running) gauge.add(-1);

  // What an unknown path says is the client's invention: no series of its own. (Requests refused before they
  // were looked up are not counted by resource either.)
  if (info.is_resource && !exchange->known_resource) {
    total_.with({std::to_string(response.status), "apiserver", "", "", "", "", "", verb_label(info), ""})
        .add();
    co_return response;
  }
  std::string verb = verb_label(info), scope = scope_label(info);
  std::string dry_run = info.is_resource && exchange->request.param("dryRun") ? "All" : "";
  total_
      .with({std::to_string(response.status), "apiserver", dry_run, info.group, info.resource, scope,
             info.subresource, verb, info.version})
      .add();
  if (!long_running) {
    std::chrono::duration<double> taken = Executor::current()->now() - start;
    duration_
        .with({"apiserver", dry_run, info.group, info.resource, scope, info.subresource, verb, info.version})
        .observe(taken.count());
  }
  co_return response;
}

}  // namespace xebec::apiserver
