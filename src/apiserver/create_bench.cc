// What a CREATE of a ConfigMap costs, whole and stage by stage, without sockets and disk: the table of stages
// in docs/performance.md; who may do it is in chain_bench.cc.
#include <benchmark/benchmark.h>

#include "api/scheme.h"
#include "apiserver/bench_world.h"
#include "apiserver/cache/format.h"
#include "apiserver/http/encoder.h"
#include "apiserver/registry/field_tracking.h"
#include "apiserver/validation/object_meta.h"

namespace xebec::apiserver {
namespace {

using bench::must;
using bench::next_name;
using bench::World;

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
    track_fields(world.instance->scheme(), nullptr, object, options, api::Time::from_unix(1));
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
