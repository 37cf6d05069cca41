#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

corev1::ConfigMap created(TestServer& server, corev1::ConfigMap map) {
  auto made = server.create(server.config_maps(), "default", api::Object::of(std::move(map)));
  EXPECT_TRUE(made) << made.error().message;
  return made->object.get<corev1::ConfigMap>();
}

TEST(RegistryUpdate, WritesAndMovesTheResourceVersion) {
  TestServer server;
  corev1::ConfigMap map = created(server, config_map("a"));
  map.data["k"] = "new";
  auto updated = server.put(server.config_maps(), "default", map);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_NE(updated->object.meta()->resourceVersion, map.metadata.resourceVersion);
  EXPECT_FALSE(updated->created);
  EXPECT_EQ(*(*server.get(server.config_maps(), "default", "a"))->object().value(), updated->object);
}

TEST(RegistryUpdate, WithStaleResourceVersionConflicts) {
  TestServer server;
  corev1::ConfigMap map = created(server, config_map("a"));
  map.data["k"] = "1";
  ASSERT_TRUE(server.put(server.config_maps(), "default", map));
  map.data["k"] = "2";
  auto stale = server.put(server.config_maps(), "default", map);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, 409);
  EXPECT_EQ(stale.error().message,
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply "
            "your changes to the "
            "latest version and try again");
}

TEST(RegistryUpdate, WithoutResourceVersionOverwrites) {
  TestServer server;
  corev1::ConfigMap map = created(server, config_map("a"));
  map.metadata.resourceVersion.clear();
  map.metadata.uid.clear();
  map.data["k"] = "2";
  auto updated = server.put(server.config_maps(), "default", map);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_FALSE(updated->object.meta()->uid.empty());
}

TEST(RegistryUpdate, ThatChangesNothingWritesNothing) {
  TestServer server;
  corev1::ConfigMap map = created(server, config_map("a"));
  const int64_t before = server.store->current_revision();
  auto same = server.put(server.config_maps(), "default", map);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->object.meta()->resourceVersion, map.metadata.resourceVersion);
  EXPECT_EQ(server.store->current_revision(), before);
}

TEST(RegistryUpdate, ThatOnlyMovesTrackingTimesWritesNothing) {
  TestServer server;
  WriteOptions options;
  options.field_manager = "m";
  options.request_kind = {"", "v1", "ConfigMap"};
  auto made = server.create(server.config_maps(), "default", api::Object::of(config_map("a")), options);
  ASSERT_TRUE(made);
  server.executor.run_for(std::chrono::seconds(10));
  auto same = server.put(server.config_maps(), "default", made->object.get<corev1::ConfigMap>(), options);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->object.meta()->resourceVersion, made->object.meta()->resourceVersion);
}

TEST(RegistryUpdate, OfAnotherUidConflicts) {
  TestServer server;
  corev1::ConfigMap map = created(server, config_map("a"));
  map.metadata.uid = "someone-else";
  auto updated = server.put(server.config_maps(), "default", map);
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, 409);
  EXPECT_NE(updated.error().message.find(
                "Precondition failed: UID in precondition: someone-else, UID in object meta: "),
            std::string::npos);
}

TEST(RegistryUpdate, OfSomethingMissingIsNotFoundUnlessTheKindAllowsIt) {
  TestServer server;
  auto updated = server.put(server.config_maps(), "default", config_map("a"));
  EXPECT_EQ(updated.error().message, "configmaps \"a\" not found");
  corev1::Endpoints endpoints;
  endpoints.metadata.name = "e";
  auto made = server.put(server.registry("", "endpoints"), "default", endpoints);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->created);
  EXPECT_FALSE(made->object.meta()->uid.empty());
}

TEST(RegistryUpdate, KeepsStatusAndCountsSpecChanges) {
  TestServer server;
  ASSERT_TRUE(server.create(server.pods(), "default", api::Object::of(pod("p"))));
  auto updated = server.update<corev1::Pod>(server.pods(), "default", "p", [](corev1::Pod& p) {
    p.spec.containers[0].image = "new";
    p.status.phase = "Running";
  });
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->object.get<corev1::Pod>().status.phase, "Pending");
  EXPECT_EQ(updated->object.meta()->generation, 2);

  WriteOptions status;
  status.subresource = "status";
  auto running = server.update<corev1::Pod>(
      server.pods(), "default", "p",
      [](corev1::Pod& p) {
        p.spec.containers[0].image = "other";
        p.status.phase = "Running";
      },
      status);
  ASSERT_TRUE(running) << running.error().message;
  EXPECT_EQ(running->object.get<corev1::Pod>().status.phase, "Running");
  EXPECT_EQ(running->object.get<corev1::Pod>().spec.containers[0].image, "new");
  EXPECT_EQ(running->object.meta()->generation, 2);
}

TEST(RegistryUpdate, WithoutTheLastFinalizerDeletesWhatIsBeingDeleted) {
  TestServer server;
  corev1::ConfigMap map = config_map("a");
  map.metadata.finalizers = {"example.com/f"};
  created(server, map);
  auto marked = server.remove(server.config_maps(), "default", "a");
  ASSERT_TRUE(marked) << marked.error().message;
  EXPECT_FALSE(marked->deleted);
  EXPECT_TRUE(marked->object.meta()->deletionTimestamp.has_value());
  EXPECT_EQ(marked->object.meta()->deletionGracePeriodSeconds, 0);

  auto more = server.update<corev1::ConfigMap>(
      server.config_maps(), "default", "a",
      [](corev1::ConfigMap& m) { m.metadata.finalizers.push_back("example.com/late"); });
  EXPECT_EQ(more.error().message,
            "ConfigMap \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if "
            "the object is being "
            "deleted, found new finalizers []string{\"example.com/late\"}");
  auto gone = server.update<corev1::ConfigMap>(server.config_maps(), "default", "a",
                                               [](corev1::ConfigMap& m) { m.metadata.finalizers.clear(); });
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_TRUE(gone->deleted);
  EXPECT_FALSE(server.get(server.config_maps(), "default", "a"));
}

TEST(RegistryUpdate, RetriesOnWhatIsStoredWhenTheCacheIsBehind) {
  TestServer server;
  created(server, config_map("a", "0"));
  // A hundred writers at once: each sees some older state first and must not lose another's change.
  Scope scope(server.executor);
  int done = 0;
  struct Add {
    static Task<Result<api::Object>> one(const api::Object* current) {
      auto map = current->get<corev1::ConfigMap>();
      map.data["k"] = std::to_string(std::stoi(map.data["k"]) + 1);
      co_return api::Object::of(std::move(map));
    }
    static Task<void> run(TestServer& server, int& done) {
      Transform transform = [](const api::Object* current) { return one(current); };
      WriteOptions options;
      auto updated =
          co_await server.config_maps().update(server.context, "default", "a", std::move(transform), options);
      EXPECT_TRUE(updated) << updated.error().message;
      ++done;
    }
  };
  for (int i = 0; i < 100; ++i) scope.spawn(Add::run(server, done));
  ASSERT_TRUE(server.executor.run_while_not([&] { return done == 100; }, std::chrono::hours(1)));
  server.executor.run_for(std::chrono::seconds(1));
  auto got = server.get(server.config_maps(), "default", "a");
  EXPECT_EQ(*(*got)->object().value()->get<corev1::ConfigMap>().data.get("k"), "100");
}

}  // namespace
}  // namespace xebec::apiserver::testing
