// The watch cache's hot paths: listing 10,000 Pods, one write with 1,000 watches, filling it with 68,000
// objects.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "apiserver/cache/format.h"
#include "apiserver/cache/resource_cache.h"
#include "base/sim_executor.h"
#include "storage/store.h"

namespace xebec::apiserver {
namespace {

std::shared_ptr<const EntryFormat> pod_format() {
  FormatOptions options;
  options.stored = &api::type_of<corev1::Pod>();
  options.namespaced = true;
  options.selectable = {{"spec.nodeName", "spec.nodeName"}, {"status.phase", "status.phase"}};
  return make_builtin_format(std::move(options));
}

// About 1.6 KB of protobuf, as a small real Pod.
corev1::Pod sample(int i) {
  corev1::Pod pod;
  pod.metadata.name = "web-7d9c5bdf5b-" + std::to_string(100000 + i);
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = "3f0d4a5e-8a44-4a2b-9a52-0b7a5b1c" + std::to_string(1000 + i % 9000);
  pod.metadata.labels["app"] = i % 2 ? "web" : "db";
  pod.metadata.labels["pod-template-hash"] = "7d9c5bdf5b";
  pod.metadata.ownerReferences.emplace_back().name = "web-7d9c5bdf5b";
  pod.metadata.annotations["note"] = std::string(300, 'x');
  auto& container = pod.spec.containers.emplace_back();
  container.name = "web";
  container.image = "registry.example.com/team/web:1.2.3";
  for (int e = 0; e < 8; ++e) {
    auto& env = container.env.emplace_back();
    env.name = "VARIABLE_" + std::to_string(e);
    env.value = "some value of a usual length";
  }
  pod.spec.nodeName = "node-" + std::to_string(i % 100);
  pod.status.phase = "Running";
  for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
    auto& condition = pod.status.conditions.emplace_back();
    condition.type = type;
    condition.status = "True";
  }
  return pod;
}

std::string key_of(int i) { return "/registry/pods/default/web-7d9c5bdf5b-" + std::to_string(100000 + i); }

struct Filled {
  explicit Filled(int n) : progress(std::make_shared<FeedProgress>()), format(pod_format()) {
    cache = std::make_shared<ResourceCache>("/registry/pods/", format, CacheOptions(), progress);
    std::vector<EntryPtr> entries;
    entries.reserve(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i)
      entries.push_back(*Entry::make(format, key_of(i), i + 2, *format->encode(api::Object::of(sample(i)))));
    cache->replace(std::move(entries), n + 1);
    progress->advance(n + 1);
  }
  std::shared_ptr<FeedProgress> progress;
  std::shared_ptr<const EntryFormat> format;
  std::shared_ptr<ResourceCache> cache;
};

void list(benchmark::State& state, bool selecting) {
  Filled filled(10000);
  EntryFilter filter;
  filter.prefix = "/registry/pods/";
  if (selecting) filter.labels = *api::LabelSelector::parse("app=web");
  size_t bytes = 0;
  for (auto _ : state) {
    std::string out;
    std::vector<EntryPtr> items;
    const CacheSnapshot at = filled.cache->snapshot();
    at.tree.scan(filter.prefix, storage::prefix_end(filter.prefix), [&](const EntryPtr& entry) {
      if (filter.matches_content(*entry)) items.push_back(entry);
      return true;
    });
    size_t total = 0;
    for (const EntryPtr& entry : items) total += entry->message_size() + 4;
    out.reserve(total);
    for (const EntryPtr& entry : items) entry->append_message(out);
    bytes += out.size();
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
void BM_List10000(benchmark::State& state) { list(state, false); }
void BM_List10000Selecting(benchmark::State& state) { list(state, true); }
BENCHMARK(BM_List10000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_List10000Selecting)->Unit(benchmark::kMillisecond);

// One change reaches 1,000 watches; the time is that of all of them taking it.
void BM_FanOut1000(benchmark::State& state) {
  Filled filled(1000);
  std::vector<std::unique_ptr<WatchCursor>> cursors;
  for (int i = 0; i < 1000; ++i) {
    WatchStart start;
    start.filter.prefix = "/registry/pods/";
    start.after_revision = filled.cache->snapshot().revision;
    if (state.range(0) != 0) start.filter.fields.push_back({2, "node-" + std::to_string(i % 100), true});
    cursors.push_back(std::move(*filled.cache->watch(std::move(start), Context())));
  }
  int64_t revision = 1'000'000;
  size_t delivered = 0;
  for (auto _ : state) {
    const int i = static_cast<int>(++revision % 1000);
    const ResourceCache::Change change{key_of(i), revision,
                                       *filled.format->encode(api::Object::of(sample(i)))};
    filled.cache->apply(std::span(&change, 1));
    filled.progress->advance(revision);
    for (auto& cursor : cursors) {
      const auto events = cursor->poll();
      for (const WatchEvent& event : *events) {
        if (!event.encoded->find("pb")) event.encoded->keep("pb", event.entry->bytes());
        ++delivered;
      }
    }
  }
  state.counters["delivered"] =
      benchmark::Counter(static_cast<double>(delivered), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_FanOut1000)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void BM_Fill68000(benchmark::State& state) {
  const auto format = pod_format();
  std::vector<std::pair<std::string, Entry::Bytes>> stored;
  stored.reserve(68000);
  for (int i = 0; i < 68000; ++i) stored.emplace_back(key_of(i), *format->encode(api::Object::of(sample(i))));
  size_t memory = 0, bytes = 0;
  for (auto _ : state) {
    ResourceCache cache("/registry/pods/", format, CacheOptions(), std::make_shared<FeedProgress>());
    std::vector<EntryPtr> entries;
    memory = bytes = 0;
    for (auto& [key, value] : stored) {
      entries.push_back(*Entry::make(format, key, 5, value));
      memory += entries.back()->memory();
      bytes += value->size();
    }
    (void)cache.replace(std::move(entries), 10);
  }
  state.counters["bytes/entry"] = static_cast<double>(memory) / 68000;
  state.counters["of them stored"] = static_cast<double>(bytes) / 68000;
}
BENCHMARK(BM_Fill68000)->Unit(benchmark::kMillisecond);

void BM_ApplyChange(benchmark::State& state) {
  Filled filled(static_cast<int>(state.range(0)));
  int64_t revision = 1'000'000;
  const Entry::Bytes bytes = *filled.format->encode(api::Object::of(sample(1)));
  for (auto _ : state) {
    const ResourceCache::Change change{key_of(static_cast<int>(++revision % state.range(0))), revision,
                                       bytes};
    filled.cache->apply(std::span(&change, 1));
  }
}
BENCHMARK(BM_ApplyChange)->Arg(10000)->Arg(68000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace xebec::apiserver
