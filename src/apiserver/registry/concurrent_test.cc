// The registries on real threads, over both local engines: what a race detector looks at.
#include <future>

#include "apiserver/registry/test_server.h"
#include "storage/test_store.h"

namespace xebec::apiserver::testing {
namespace {

constexpr int kWriters = 3, kWatchers = 2, kEach = 60;

struct World {
  explicit World(storage::Store& store)
      : rng(make_seeded_rng(1)), feeding(std::make_unique<ThreadExecutor>("feed")) {
    RegistryEnv env;
    env.scheme = &scheme;
    env.store = &store;
    env.clock = &clock;
    env.rng = rng.get();
    registries = *Registries::make(env, RegistriesOptions(), Logger());
  }
  api::Scheme scheme = api::Scheme::builtin();
  SystemClock clock;
  std::unique_ptr<Rng> rng;
  std::unique_ptr<Registries> registries;
  std::unique_ptr<ThreadExecutor> feeding;
};

Task<void> write(World& world, int writer, std::atomic<int>& failures) {
  GenericRegistry& maps = *world.registries->generic("", "configmaps");
  for (int i = 0; i < kEach; ++i) {
    const std::string name = "w" + std::to_string(writer) + "-" + std::to_string(i);
    corev1::ConfigMap map = config_map(name);
    Context context;
    WriteOptions options;
    auto made = co_await maps.create(context, "n", api::Object::of(std::move(map)), options);
    if (!made) ++failures;
    // Everyone also counts in one shared object.
    Transform transform = [](const api::Object* current) -> Task<Result<api::Object>> {
      auto counted = current->get<corev1::ConfigMap>();
      counted.data["k"] = std::to_string(std::stoi(counted.data["k"]) + 1);
      co_return api::Object::of(std::move(counted));
    };
    auto counted = co_await maps.update(context, "n", "shared", std::move(transform), options);
    if (!counted) ++failures;
    GetRequest get;
    get.namespace_ = "n";
    get.name = name;
    auto got = co_await maps.get(context, get);
    if (!got || !(*got)->object()) ++failures;
  }
}

Task<void> watch(World& world, int64_t from, std::atomic<int>& failures) {
  GenericRegistry& maps = *world.registries->generic("", "configmaps");
  WatchRequest request;
  request.resource_version = std::to_string(from);
  Context context;
  auto cursor = co_await maps.watch(context, request);
  int added = 0, counted = 0;
  int64_t last = from;
  while (cursor && (added < kWriters * kEach || counted < kWriters * kEach)) {
    auto events = co_await (*cursor)->next();
    if (!events) {
      ++failures;
      co_return;
    }
    for (const WatchEvent& event : *events) {
      if (event.revision <= last) ++failures;
      last = event.revision;
      ++(event.type == EventType::kAdded ? added : counted);
      if (!event.encoded->find("f")) event.encoded->keep("f", event.entry->bytes());
    }
  }
}

Task<void> list(World& world, std::atomic<int>& failures) {
  GenericRegistry& maps = *world.registries->generic("", "configmaps");
  for (int i = 0; i < kEach; ++i) {
    ListRequest request;
    request.limit = 20;
    Context context;
    size_t total = 0;
    do {
      auto page = co_await maps.list(context, request);
      if (!page) {
        ++failures;
        co_return;
      }
      total += page->items.size();
      request.continue_ = page->continue_;
    } while (!request.continue_.empty());
    if (total > size_t{kWriters} * kEach + 1) ++failures;
  }
}

Task<void> signal(Task<void> task, std::promise<void>& done) {
  co_await std::move(task);
  done.set_value();
}

void run_world(storage::Store& store) {
  World world(store);
  ASSERT_TRUE(block_on(world.registries->start()));
  Context context;
  WriteOptions options;
  corev1::ConfigMap shared = config_map("shared", "0");
  auto made = block_on(world.registries->generic("", "configmaps")
                           ->create(context, "n", api::Object::of(std::move(shared)), options));
  ASSERT_TRUE(made) << made.error().message;
  const int64_t from = std::stoll(made->object.meta()->resourceVersion);

  std::atomic<int> failures = 0;
  CancelSource stop;
  Scope feed(*world.feeding);
  feed.spawn(world.registries->run(feed.token()));
  std::vector<std::unique_ptr<ThreadExecutor>> threads;
  std::vector<std::unique_ptr<Scope>> scopes;
  std::deque<std::promise<void>> done;
  auto start = [&](Task<void> task) {
    threads.push_back(std::make_unique<ThreadExecutor>("test"));
    scopes.push_back(std::make_unique<Scope>(*threads.back()));
    scopes.back()->spawn(signal(std::move(task), done.emplace_back()));
  };
  for (int i = 0; i < kWatchers; ++i) start(watch(world, from, failures));
  for (int i = 0; i < kWriters; ++i) start(write(world, i, failures));
  start(list(world, failures));
  for (auto& promise : done) promise.get_future().wait();
  for (auto& scope : scopes) block_on(scope->join());
  feed.cancel();
  block_on(feed.join());
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(
      (*world.registries->generic("", "configmaps")->cache()->find("/registry/configmaps/n/shared")->object())
          ->get<corev1::ConfigMap>()
          .data.at("k"),
      std::to_string(kWriters * kEach));
}

TEST(RegistryThreads, ShareAMemoryStore) {
  storage::MemoryOptions options;
  options.clock = std::make_shared<SystemClock>();
  auto store = storage::make_memory_store(std::move(options));
  run_world(*store);
}

TEST(RegistryThreads, ShareARocksdbStore) {
  storage::testing::TempDir dir;
  auto store = storage::open_rocksdb(storage::testing::rocksdb_options(dir.path("db")));
  ASSERT_TRUE(store) << store.error().message;
  run_world(**store);
}

}  // namespace
}  // namespace xebec::apiserver::testing
