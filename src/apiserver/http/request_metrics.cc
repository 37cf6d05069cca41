#include "apiserver/http/request_metrics.h"

#include <fmt/format.h>

namespace xebec::apiserver {
namespace {

constexpr double kSeconds[] = {0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2,
                               3,     4,     5,    6,   8,   10,  15,  20,  30,  45,   60};
constexpr double kSliSeconds[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3,
                                  4,    5,   6,   8,   10,  15,  20,  30,   45,  60};
constexpr double kResponseBytes[] = {1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kEventBytes[] = {1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};
const std::string kComponent = "apiserver";

std::string scope_label(const RequestInfo& info) {
  if (!info.name.empty() || info.verb == "create") return "resource";
  if (!info.namespace_.empty()) return "namespace";
  return info.is_resource ? "cluster" : "";
}

// "All" is the one value there is.
std::string dry_run_label(const http::Request& request) {
  if (request.query.find("dryRun") == std::string::npos) return "";
  for (const std::string& value : request.params("dryRun")) {
    if (value != "All") return "invalid";
  }
  return "All";
}

// Paths that are no resources and have series of their own.
bool is_counted_path(const std::string& path) {
  return path == "/healthz" || path == "/livez" || path == "/readyz";
}

// The part of the labels that says what was asked for.
struct What {
  std::string group, version, resource, subresource, scope;

  explicit What(const Exchange& exchange) {
    const RequestInfo& info = exchange.info;
    if (!info.is_resource && is_counted_path(info.path)) subresource = info.path;
    if (!info.is_resource || !exchange.known_resource) return;
    group = info.group;
    version = info.version;
    resource = info.resource;
    subresource = info.subresource;
    scope = scope_label(info);
  }
};

}  // namespace

std::string verb_label(const Exchange& exchange) {
  const std::string& method = exchange.request.method;
  const RequestInfo& info = exchange.info;
  if (info.verb == "watch") return "WATCH";
  for (std::string_view connecting : {"proxy", "attach", "exec", "portforward"}) {
    if (info.is_resource && info.subresource == connecting) return "CONNECT";
  }
  if (method == "GET" || method == "HEAD") {
    const std::string scope = scope_label(info);
    return scope.empty() || scope == "resource" ? "GET" : "LIST";
  }
  if (method == "PATCH" &&
      exchange.request.headers.get("Content-Type").starts_with("application/apply-patch"))
    return "APPLY";
  for (std::string_view known : {"POST", "PUT", "PATCH", "DELETE", "CONNECT"}) {
    if (method == known) return method;
  }
  return "other";
}

Counter& RequestSeries::total(int code) {
  {
    std::shared_lock lock(mutex);
    auto it = by_code.find(code);
    if (it != by_code.end()) return *it->second;
  }
  std::unique_lock lock(mutex);
  std::vector<std::string> values = labels;
  values[0] = std::to_string(code);
  Counter& counter = totals->with(values);
  by_code[code] = &counter;
  return counter;
}

RequestMetrics::RequestMetrics(Metrics& metrics)
    : total_(metrics.counter(
          "apiserver_request_total",
          "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, "
          "resource, scope, component, and HTTP response code.",
          {"code", "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"})),
      duration_(metrics.histogram(
          "apiserver_request_duration_seconds",
          "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, "
          "resource, subresource, scope and component.",
          kSeconds,
          {"component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"})),
      sli_duration_(metrics.histogram(
          "apiserver_request_sli_duration_seconds",
          "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness "
          "queue "
          "wait times) in seconds for each verb, group, version, resource, subresource, scope and component.",
          kSliSeconds, {"component", "group", "resource", "scope", "subresource", "verb", "version"})),
      response_sizes_(metrics.histogram(
          "apiserver_response_sizes",
          "[STABLE] Response size distribution in bytes for each group, version, verb, resource, "
          "subresource, scope and component.",
          kResponseBytes, {"component", "group", "resource", "scope", "subresource", "verb", "version"})),
      long_running_(metrics.gauge(
          "apiserver_longrunning_requests",
          "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, "
          "resource, scope and component. Not all requests are tracked this way.",
          {"component", "group", "resource", "scope", "subresource", "verb", "version"})),
      terminations_(metrics.counter(
          "apiserver_request_terminations_total",
          "[ALPHA] Number of requests which apiserver terminated in self-defense.",
          {"code", "component", "group", "resource", "scope", "subresource", "verb", "version"})),
      dropped_(metrics.counter("apiserver_dropped_requests_total",
                               "[ALPHA] Number of requests dropped with 'Try again later' response",
                               {"request_kind"})),
      deprecated_(metrics.gauge(
          "apiserver_requested_deprecated_apis",
          "[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, "
          "resource, subresource, and removed_release.",
          {"group", "removed_release", "resource", "subresource", "version"})),
      watch_events_(metrics.counter("apiserver_watch_events_total",
                                    "[ALPHA] Number of events sent in watch clients",
                                    {"group", "resource", "version"})),
      watch_event_sizes_(metrics.histogram("apiserver_watch_events_sizes",
                                           "[ALPHA] Watch event size distribution in bytes", kEventBytes,
                                           {"group", "resource", "version"})) {
  MetricFamily<Gauge>& gauges = metrics.gauge(
      "apiserver_current_inflight_requests",
      "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind "
      "in last second.",
      {"request_kind"});
  auto show = [](Gauge& gauge, const std::shared_ptr<Peak>& peak) {
    return [&gauge, peak] { gauge.set(peak->most.exchange(peak->now.load())); };
  };
  metrics.before_exposition(show(gauges.with({"readOnly"}), reads_));
  metrics.before_exposition(show(gauges.with({"mutating"}), writes_));
}

RequestSeries& RequestMetrics::of(const Exchange& exchange) {
  const What what(exchange);
  const std::string verb = verb_label(exchange), dry_run = dry_run_label(exchange.request);
  const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", verb, dry_run, what.group, what.version,
                                      what.resource, what.subresource, what.scope);
  {
    std::shared_lock lock(mutex_);
    auto it = series_.find(key);
    if (it != series_.end()) return *it->second;
  }
  std::unique_lock lock(mutex_);
  std::unique_ptr<RequestSeries>& series = series_[key];
  if (series) return *series;
  series = std::make_unique<RequestSeries>();
  series->totals = &total_;
  series->labels = {"",         kComponent,       dry_run, what.group,  what.resource,
                    what.scope, what.subresource, verb,    what.version};
  series->duration = &duration_.with(
      {kComponent, dry_run, what.group, what.resource, what.scope, what.subresource, verb, what.version});
  const std::vector<std::string> plain = {kComponent,       what.group, what.resource, what.scope,
                                          what.subresource, verb,       what.version};
  const bool long_running = is_long_running(exchange.info);
  if (!long_running) series->sli_duration = &sli_duration_.with(plain);
  if (long_running) series->long_running = &long_running_.with(plain);
  if (verb == "GET" || verb == "LIST") series->response_size = &response_sizes_.with(plain);
  if (verb == "WATCH" && exchange.known_resource) {
    series->watch_events = &watch_events_.with({what.group, what.resource, what.version});
    series->watch_event_sizes = &watch_event_sizes_.with({what.group, what.resource, what.version});
  }
  return *series;
}

void RequestMetrics::terminated(const Exchange& exchange, int code) {
  const What what(exchange);
  terminations_
      .with({std::to_string(code), kComponent, what.group, what.resource, what.scope, what.subresource,
             verb_label(exchange), what.version})
      .add();
}

void RequestMetrics::dropped(bool mutating) { dropped_.with({mutating ? "mutating" : "readOnly"}).add(); }

void RequestMetrics::deprecated(const Exchange& exchange, std::string_view removed_in) {
  const What what(exchange);
  deprecated_.with({what.group, std::string(removed_in), what.resource, what.subresource, what.version})
      .set(1);
}

void RequestMetrics::in_flight(bool mutating, int count) {
  Peak& peak = mutating ? *writes_ : *reads_;
  peak.now.store(count);
  int most = peak.most.load();
  while (count > most && !peak.most.compare_exchange_weak(most, count)) {
  }
}

}  // namespace xebec::apiserver
