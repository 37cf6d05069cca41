// A set of registries over a memory store in virtual time, for tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "api/defaults.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "api/scheme.h"
#include "apiserver/cache/cursor.h"
#include "apiserver/registry/registries.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "base/sim_executor.h"
#include "storage/memory/memory_store.h"

namespace xebec::apiserver::testing {

class TestServer {
 public:
  explicit TestServer(RegistriesOptions options = {}, std::unique_ptr<storage::Store> store = nullptr)
      : clock(std::make_shared<SimClock>(executor, WallTime(std::chrono::seconds(1'800'000'000)))),
        rng(make_seeded_rng(7)),
        scope_(std::make_unique<Scope>(executor)) {
    storage::MemoryOptions memory;
    memory.clock = clock;
    memory.executor = &executor;
    this->store = store ? std::move(store) : storage::make_memory_store(std::move(memory));
    open(std::move(options));
  }
  ~TestServer() { close(); }

  // A new process over the same store.
  void restart(RegistriesOptions options = {}) {
    close();
    scope_ = std::make_unique<Scope>(executor);
    open(std::move(options));
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    Scope scope(executor);
    scope.spawn(store_result(std::move(task), out));
    EXPECT_TRUE(executor.run_while_not([&] { return out.has_value(); }, std::chrono::hours(1)));
    finish(scope);
    return std::move(*out);
  }

  GenericRegistry& registry(std::string_view group, std::string_view resource) {
    return *registries->generic(group, resource);
  }
  GenericRegistry& pods() { return registry("", "pods"); }
  GenericRegistry& config_maps() { return registry("", "configmaps"); }

  Result<WriteResult> create(GenericRegistry& registry, std::string ns, api::Object object,
                             WriteOptions options = {}) {
    return run(registry.create(context, std::move(ns), std::move(object), std::move(options)));
  }
  template <class T>
  Result<WriteResult> update(GenericRegistry& registry, std::string ns, std::string name, void (*change)(T&),
                             WriteOptions options = {}) {
    Transform transform = [change](const api::Object* current) { return changed<T>(change, current); };
    return run(
        registry.update(context, std::move(ns), std::move(name), std::move(transform), std::move(options)));
  }
  template <class T>
  Result<WriteResult> put(GenericRegistry& registry, std::string ns, const T& object,
                          WriteOptions options = {}) {
    auto held = std::make_shared<T>(object);
    Transform transform = [held](const api::Object*) { return copy_of<T>(held); };
    return run(registry.update(context, std::move(ns), object.metadata.name, std::move(transform),
                               std::move(options)));
  }
  Result<WriteResult> remove(GenericRegistry& registry, std::string ns, std::string name,
                             metav1::DeleteOptions delete_options = {}, WriteOptions options = {}) {
    return run(registry.remove(context, std::move(ns), std::move(name),
                               std::make_shared<metav1::DeleteOptions>(std::move(delete_options)),
                               std::move(options)));
  }
  Result<EntryPtr> get(GenericRegistry& registry, std::string ns, std::string name) {
    GetRequest request;
    request.namespace_ = std::move(ns);
    request.name = std::move(name);
    return run(registry.get(context, std::move(request)));
  }
  Result<ListPage> list(GenericRegistry& registry, ListRequest request) {
    return run(registry.list(context, std::move(request)));
  }
  Result<std::unique_ptr<WatchCursor>> watch(GenericRegistry& registry, WatchRequest request) {
    return run(registry.watch(context, std::move(request)));
  }
  Result<std::vector<WatchEvent>> next(WatchCursor& cursor) { return run(cursor.next()); }

  SimExecutor executor;
  std::shared_ptr<SimClock> clock;
  std::unique_ptr<Rng> rng;
  api::Scheme scheme = api::Scheme::builtin();
  Metrics metrics;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<Registries> registries;
  Context context;

 private:
  template <class T>
  static Task<void> store_result(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
  }
  template <class T>
  static Task<Result<api::Object>> changed(void (*change)(T&), const api::Object* current) {
    T object = current ? current->get<T>() : T();
    change(object);
    co_return api::Object::of(std::move(object));
  }
  template <class T>
  static Task<Result<api::Object>> copy_of(std::shared_ptr<T> object) {
    co_return api::Object::of(*object);
  }

  void open(RegistriesOptions options) {
    RegistryEnv env;
    env.scheme = &scheme;
    env.store = store.get();
    env.clock = clock.get();
    env.rng = rng.get();
    env.metrics = &metrics;
    registries = *Registries::make(env, std::move(options), Logger());
    EXPECT_TRUE(run(registries->start()));
    scope_->spawn(registries->run(scope_->token()));
  }
  void finish(Scope& scope) {
    bool joined = false;
    Scope* target = &scope;
    Task<void> task = join(target, joined);
    // The joiner is started by hand: it is the one task that no scope owns.
    executor.post([&task] { start(task); });
    executor.run_while_not([&] { return joined; }, std::chrono::hours(1));
  }
  static Task<void> join(Scope* scope, bool& joined) {
    co_await scope->join();
    joined = true;
  }
  struct Fire {
    struct promise_type {
      Fire get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { std::terminate(); }
    };
  };
  static Fire start(Task<void>& task) { co_await task; }
  void close() {
    if (!scope_) return;
    scope_->cancel();
    finish(*scope_);
    scope_.reset();
    registries.reset();
  }

  std::unique_ptr<Scope> scope_;
};

inline corev1::ConfigMap config_map(std::string name, std::string value = "v") {
  corev1::ConfigMap map;
  map.metadata.name = std::move(name);
  map.data["k"] = std::move(value);
  return map;
}

inline corev1::Pod pod(std::string name, std::string node = "") {
  corev1::Pod pod;
  pod.metadata.name = std::move(name);
  auto& container = pod.spec.containers.emplace_back();
  container.name = "c";
  container.image = "i";
  pod.spec.nodeName = std::move(node);
  pod.spec.terminationGracePeriodSeconds = 30;
  api::apply_defaults(api::type_of<corev1::Pod>(), &pod);
  return pod;
}

}  // namespace xebec::apiserver::testing
