// What a CREATE of a ConfigMap costs, whole and stage by stage, without sockets and disk: the table of stages
// in docs/performance.md. Virtual time and a memory store, so that nothing else is in the figures.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "api/gen/corev1.h"
#include "api/scheme.h"
#include "apiserver/admission/plugins.h"
#include "apiserver/authz/rbac/bootstrap.h"
#include "apiserver/cache/format.h"
#include "apiserver/http/body.h"
#include "apiserver/http/encoder.h"
#include "apiserver/instance.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/validation/object_meta.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "security/pki/pki.h"
#include "storage/memory/memory_store.h"

namespace xebec::apiserver {
namespace {

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "error: %s\n", result.error().message.c_str());
  std::exit(1);
}

// A cluster of its own, ready, and what the stages need of it.
class World {
 public:
  static World& get() {
    static World* const world = new World;  // never taken down: its tasks run as long as the program
    return *world;
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    scope_.spawn(store_result(std::move(task), out));
    executor.run_while_not([&] { return out.has_value(); }, std::chrono::hours(1));
    return std::move(*out);
  }

  http::Request post(int i) const {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/namespaces/default/configmaps";
    request.query = "fieldManager=bench&fieldValidation=Strict";
    request.headers.add("Content-Type", "application/json");
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "bench/v1 (linux/amd64)");
    request.body = body(i);
    request.connection = connection;
    return request;
  }

  static std::string body(int i) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bench-)" + std::to_string(i) +
           R"(","namespace":"default","labels":{"app":"bench"}},"data":{"a":")" + std::string(700, 'x') +
           R"(","b":"two"}})";
  }

  corev1::ConfigMap object(int i) const {
    std::vector<std::string> warnings;
    api::Object decoded = must(decode_body(post(i), expected, codec::Strictness::Strict, warnings));
    return decoded.get<corev1::ConfigMap>();
  }

  WriteOptions write_options() const {
    WriteOptions options;
    options.field_manager = "bench";
    options.request_kind = {"", "v1", "ConfigMap"};
    options.request_resource = {"", "v1", "configmaps"};
    return options;
  }

  GenericRegistry& config_maps() { return *instance->registries().generic("", "configmaps"); }

  SimExecutor executor;
  std::shared_ptr<SimClock> clock;
  std::unique_ptr<Rng> rng = make_seeded_rng(7);
  std::unique_ptr<storage::Store> store;
  Metrics metrics;
  std::unique_ptr<Instance> instance;
  std::shared_ptr<http::Connection> connection = std::make_shared<http::Connection>();
  Expected expected{&api::type_of<corev1::ConfigMap>(), {"", "v1", "ConfigMap"}};

 private:
  World()
      : clock(std::make_shared<SimClock>(executor, WallTime(std::chrono::seconds(1'800'000'000)))),
        scope_(executor) {
    storage::MemoryOptions memory;
    memory.clock = clock;
    memory.executor = &executor;
    store = storage::make_memory_store(std::move(memory));
    auto ca = must(pki::CertificateAuthority::create("bench", std::chrono::hours(24), clock->now()));
    pki::IssueSpec spec;
    spec.subject = {"admin", {"system:masters"}};
    spec.usages = {pki::Usage::kClient};
    pki::KeyPair admin = must(ca.issue(spec, clock->now()));
    connection->peer_chain = {must(pki::Certificate::parse_pem(admin.certificate_pem)).der()};
    InstanceEnv env;
    env.store = store.get();
    env.clock = clock;
    env.rng = rng.get();
    env.executor = &executor;
    env.metrics = &metrics;
    InstanceOptions options;
    options.client_ca_pem = ca.certificate().pem();
    options.service_account_key_pem = must(pki::PrivateKey::generate_ecdsa()).pem();
    instance = must(run(Instance::start(std::move(env), std::move(options))));
    run(instance->wait_ready());
  }

  template <class T>
  static Task<void> store_result(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }

  Scope scope_;
};

int next_name() {
  static int n = 0;
  return n++;
}

void whole_create(benchmark::State& state) {
  World& world = World::get();
  for (auto _ : state) {
    http::Response response = world.run(world.instance->handler().handle(Context(), world.post(next_name())));
    if (response.status != 201) state.SkipWithError("the create failed");
  }
}
BENCHMARK(whole_create);

void whole_get(benchmark::State& state) {
  World& world = World::get();
  int name = next_name();
  world.run(world.instance->handler().handle(Context(), world.post(name)));
  for (auto _ : state) {
    http::Request request = world.post(name);
    request.method = "GET";
    request.body.clear();
    request.query.clear();
    request.path += "/bench-" + std::to_string(name);
    http::Response response = world.run(world.instance->handler().handle(Context(), std::move(request)));
    if (response.status != 200) state.SkipWithError("the get failed");
  }
}
BENCHMARK(whole_get);

// Everything above the registry that is not named below: making and routing the request, metrics, deadlines.
void stages_around_health(benchmark::State& state) {
  World& world = World::get();
  for (auto _ : state) {
    http::Request request = world.post(0);
    request.method = "GET";
    request.path = "/livez";
    request.query.clear();
    http::Response response = world.run(world.instance->handler().handle(Context(), std::move(request)));
    if (response.status != 200) state.SkipWithError("the get failed");
  }
}
BENCHMARK(stages_around_health);

void decode(benchmark::State& state) {
  World& world = World::get();
  http::Request request = world.post(0);
  std::vector<std::string> warnings;
  for (auto _ : state)
    benchmark::DoNotOptimize(decode_body(request, world.expected, codec::Strictness::Strict, warnings));
}
BENCHMARK(decode);

void registry_create(benchmark::State& state) {
  World& world = World::get();
  for (auto _ : state) {
    state.PauseTiming();
    api::Object object = api::Object::of(world.object(next_name()));
    state.ResumeTiming();
    auto made =
        world.run(world.config_maps().create(Context(), "default", std::move(object), world.write_options()));
    if (!made) state.SkipWithError(made.error().message.c_str());
  }
}
BENCHMARK(registry_create);

void managed_fields(benchmark::State& state) {
  World& world = World::get();
  api::Object object = api::Object::of(world.object(0));
  WriteOptions options = world.write_options();
  for (auto _ : state) {
    object.meta()->managedFields.clear();
    benchmark::DoNotOptimize(
        track_fields(world.instance->scheme(), nullptr, object, options, api::Time::from_unix(1)));
  }
}
BENCHMARK(managed_fields);

void validate(benchmark::State& state) {
  World& world = World::get();
  api::Object object = api::Object::of(world.object(0));
  const Strategy& strategy = world.config_maps().strategy();
  Context context;
  for (auto _ : state) {
    benchmark::DoNotOptimize(validation::validate_object_meta(*object.meta(), true, strategy.name_rule()));
    benchmark::DoNotOptimize(strategy.validate(context, object));
  }
}
BENCHMARK(validate);

void encode_for_store(benchmark::State& state) {
  World& world = World::get();
  api::Object object = api::Object::of(world.object(0));
  track_fields(world.instance->scheme(), nullptr, object, world.write_options(), api::Time::from_unix(1));
  for (auto _ : state) benchmark::DoNotOptimize(world.config_maps().cache()->format()->encode(object));
}
BENCHMARK(encode_for_store);

// The memory store's transaction and what follows every write: the feed, the entry, the cache's tree.
void commit_and_publish(benchmark::State& state) {
  World& world = World::get();
  auto format = world.config_maps().cache()->format();
  for (auto _ : state) {
    state.PauseTiming();
    int i = next_name();
    auto bytes = must(format->encode(api::Object::of(world.object(i))));
    state.ResumeTiming();
    storage::Txn txn;
    std::string key = "/registry/configmaps/default/bench-" + std::to_string(i);
    txn.compares.push_back({key, 0});
    txn.ops.emplace_back(storage::Put{key, std::move(bytes), 0});
    auto written = world.run(world.store->txn(std::move(txn)));
    world.executor.run_for(Duration(0));
    if (!written) state.SkipWithError("the write failed");
  }
}
BENCHMARK(commit_and_publish);

void encode_answer(benchmark::State& state) {
  World& world = World::get();
  api::Object object = api::Object::of(world.object(0));
  track_fields(world.instance->scheme(), nullptr, object, world.write_options(), api::Time::from_unix(1));
  Encoder::Target target;
  target.resource = &world.config_maps().resource();
  target.type = world.expected.type;
  target.kind = world.expected.kind;
  http::Request request = world.post(0);
  target.accepted = must(negotiate(request, Offered()));
  Encoder encoder(std::move(target));
  for (auto _ : state) benchmark::DoNotOptimize(encoder.document(object));
}
BENCHMARK(encode_answer);

}  // namespace
}  // namespace xebec::apiserver
