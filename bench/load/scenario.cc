#include "load/scenario.h"

#include <fmt/format.h>
#include <unistd.h>

#include <functional>

#include "base/scope.h"
#include "base/sync.h"
#include "load/process.h"

namespace xebec::load {
namespace {

http::Request request_for(const Settings& settings, std::string_view method, std::string path) {
  http::Request request;
  request.method = method;
  request.path = std::move(path);
  request.headers.add("Accept", media_type(settings.format));
  return request;
}

void set_body(const Settings& settings, http::Request& request, std::string body) {
  request.headers.add("Content-Type", media_type(settings.format));
  request.body = std::move(body);
}

uint64_t now_mark() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

// What is read before and after a scenario.
struct Load::Clocks {
  explicit Clocks(pid_t server) : server(server) {}
  pid_t server;
  MonotonicTime wall = std::chrono::steady_clock::now();
  double server_cpu = server > 0 ? cpu_seconds(server) : 0;
  double own_cpu = cpu_seconds(getpid());
};

// One kind of request; made for the index of the operation.
struct Load::Operation {
  std::function<http::Request(size_t index)> make;
  bool streamed = false;  // read the body piece by piece
};

std::vector<std::string> scenario_names() {
  return {"path",   "create-configmaps", "create-pods", "get",
          "update", "list-configmaps",   "list-pods",   "watch"};
}

Load::Load(http::IoPool& pool, Settings settings) : pool_(pool), settings_(std::move(settings)) {
  payload_.assign(settings_.payload, 'x');
}

Task<Result<void>> Load::prepare() {
  for (size_t i = 0; i < settings_.clients; ++i) {
    CO_TRY(std::unique_ptr<http::Client> client, http::make_client(pool_, settings_.connection));
    clients_.push_back(std::move(client));
  }
  CO_TRY_VOID(co_await ensure("/api/v1/namespaces", ns_object(settings_.ns)));
  // Pods need it, and an API server alone has no controller that would make it.
  co_return co_await ensure(fmt::format("/api/v1/namespaces/{}/serviceaccounts", settings_.ns),
                            service_account_object());
}

Task<Result<void>> Load::ensure(std::string path, std::string json) {
  http::Request request = request_for(settings_, "POST", std::move(path));
  request.headers.set("Accept", "application/json");
  request.headers.add("Content-Type", "application/json");
  request.body = std::move(json);
  Context context;
  CO_TRY(http::Response response, co_await clients_[0]->send(context, std::move(request)));
  CO_TRY(std::string body, co_await response.read_body());
  // 404: a server with other paths, good enough for the scenario `path`.
  bool ready = response.status == 201 || response.status == 409 || response.status == 404;
  if (!ready) co_return fail(Status(response.status, "", "cannot prepare the namespace: " + body));
  co_return Result<void>();
}

namespace {

Task<void> worker(http::Client& client, std::function<http::Request(size_t)> make, std::atomic<size_t>& next,
                  size_t count, Measured& measured) {
  std::vector<uint32_t> latencies;
  uint64_t bytes = 0;
  Context context;
  for (size_t index = next++; index < count; index = next++) {
    http::Request request = make(index);
    MonotonicTime start = std::chrono::steady_clock::now();
    Result<http::Response> response = co_await client.send(context, std::move(request));
    if (!response) {
      measured.error(response.error().message);
      continue;
    }
    Result<std::string> body = co_await response->read_body();
    if (!body || response->status >= 300) {
      measured.error(body ? fmt::format("{}: {}", response->status, body->substr(0, 300))
                          : body.error().message);
      continue;
    }
    auto took = std::chrono::steady_clock::now() - start;
    latencies.push_back(
        static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    bytes += body->size();
  }
  measured.merge(std::move(latencies), bytes);
}

}  // namespace

Task<void> Load::workers(const Operation& operation, size_t at_once, size_t count, Measured& measured) {
  std::atomic<size_t> next{0};
  std::vector<std::unique_ptr<Scope>> scopes;
  for (size_t i = 0; i < at_once; ++i) {
    size_t client = i % clients_.size();
    auto& scope = scopes.emplace_back(std::make_unique<Scope>(pool_.at(client % pool_.size())));
    scope->spawn(worker(*clients_[client], operation.make, next, count, measured));
  }
  for (auto& scope : scopes) co_await scope->join();
}

Task<Result<void>> Load::run(const std::string& scenario) {
  std::string base = "/api/v1/namespaces/" + settings_.ns;
  std::string maps = base + "/configmaps";
  std::string pods = base + "/pods";
  auto name_of = [](size_t index) { return fmt::format("load-{}", index); };
  size_t known = std::max<size_t>(created_, 1);
  Operation operation;
  size_t count = settings_.count;
  const Settings& s = settings_;
  if (scenario == "path") {
    operation.make = [&s](size_t) { return request_for(s, "GET", s.path); };
  } else if (scenario == "create-configmaps") {
    operation.make = [this, &s, maps, name_of](size_t index) {
      http::Request request = request_for(s, "POST", maps);
      set_body(s, request, config_map(s.format, s.ns, name_of(index), payload_, 0));
      return request;
    };
    created_ = count;
  } else if (scenario == "create-pods") {
    operation.make = [&s, pods, name_of](size_t index) {
      http::Request request = request_for(s, "POST", pods);
      set_body(s, request, pod(s.format, s.ns, name_of(index)));
      return request;
    };
  } else if (scenario == "get") {
    operation.make = [&s, maps, name_of, known](size_t index) {
      return request_for(s, "GET", maps + "/" + name_of(index * 7919 % known));
    };
  } else if (scenario == "update") {
    operation.make = [this, &s, maps, name_of, known](size_t index) {
      std::string name = name_of(index % known);
      http::Request request = request_for(s, "PUT", maps + "/" + name);
      set_body(s, request, config_map(s.format, s.ns, name, payload_, now_mark()));
      return request;
    };
  } else if (scenario == "list-configmaps" || scenario == "list-pods") {
    std::string path = scenario == "list-pods" ? pods : maps;
    operation.make = [&s, path](size_t) { return request_for(s, "GET", path); };
    count = settings_.list_count;
  } else if (scenario != "watch") {
    co_return fail(errors::bad_request("unknown scenario: " + scenario));
  }
  Measured measured;
  Clocks start(settings_.server_pid);
  if (scenario == "watch") {
    co_await watch_scenario(measured, start);
  } else {
    co_await workers(operation, clients_.size() * settings_.in_flight, count, measured);
  }
  Clocks end(settings_.server_pid);
  double seconds = std::chrono::duration<double>(end.wall - start.wall).count();
  report(scenario, measured, seconds, end.server_cpu - start.server_cpu, end.own_cpu - start.own_cpu,
         settings_.server_pid);
  co_return Result<void>();
}

// Where a watch begins that sees nothing of what is there already; empty when the server does not say.
Task<std::string> Load::current_revision(std::string path) {
  http::Request request = request_for(settings_, "GET", std::move(path));
  request.headers.set("Accept", "application/json");
  request.query = "limit=1";
  Context context;
  Result<http::Response> response = co_await clients_[0]->send(context, std::move(request));
  if (!response) co_return std::string();
  Result<std::string> body = co_await response->read_body();
  if (!body) co_return std::string();
  // The list's own: `items` come after it, and their versions are not wanted.
  const std::string_view name = "\"resourceVersion\":\"";
  size_t at = body->find(name);
  if (at == std::string::npos) co_return std::string();
  at += name.size();
  co_return body->substr(at, body->find('"', at) - at);
}

// Watchers see updates made meanwhile; an operation is an event that arrived. `start` is set anew once all
// watches are there, so that an event's cost is its own, and its part of the update's.
Task<void> Load::watch_scenario(Measured& measured, Clocks& start) {
  std::string maps = "/api/v1/namespaces/" + settings_.ns + "/configmaps";
  CancelSource stop;
  Context context;
  context.cancel = stop.token();
  const uint64_t since = now_mark();
  const std::string revision = co_await current_revision(maps);
  std::atomic<size_t> ready{0};
  std::vector<std::unique_ptr<Scope>> scopes;
  for (size_t i = 0; i < settings_.watchers; ++i) {
    size_t client = i % clients_.size();
    auto& scope = scopes.emplace_back(std::make_unique<Scope>(pool_.at(client % pool_.size())));
    scope->spawn(
        watch_events(*clients_[client], maps, revision, settings_.format, context, since, measured, ready));
  }
  while (ready < settings_.watchers) co_await sleep_for(std::chrono::milliseconds(5));
  start = Clocks(settings_.server_pid);
  size_t known = std::max<size_t>(created_, 1);
  size_t updates = std::max<size_t>(1, settings_.count / settings_.watchers);
  Operation update;
  update.make = [this, maps, known](size_t index) {
    std::string name = fmt::format("load-{}", index % known);
    http::Request request = request_for(settings_, "PUT", maps + "/" + name);
    set_body(settings_, request, config_map(settings_.format, settings_.ns, name, payload_, now_mark()));
    return request;
  };
  Measured updated;
  co_await workers(update, settings_.updaters, updates, updated);
  // Events still on their way; an idle time ends the wait, because some may never come.
  uint64_t expected = updated.count() * settings_.watchers;
  uint64_t last = 0;
  for (int idle = 0; idle < 100 && measured.count() + 256 * settings_.watchers < expected; ++idle) {
    uint64_t now = measured.count();
    if (now != std::exchange(last, now)) idle = 0;
    co_await sleep_for(std::chrono::milliseconds(10));
  }
  co_await sleep_for(std::chrono::milliseconds(200));
  stop.cancel();
  for (auto& scope : scopes) co_await scope->join();
}

Task<void> Load::clean_up() {
  Context context;
  http::Request request =
      request_for(settings_, "DELETE", "/api/v1/namespaces/" + settings_.ns + "/configmaps");
  (void)co_await clients_[0]->send(context, std::move(request));
  request = request_for(settings_, "DELETE", "/api/v1/namespaces/" + settings_.ns + "/pods");
  (void)co_await clients_[0]->send(context, std::move(request));
  clients_.clear();
}

}  // namespace xebec::load
