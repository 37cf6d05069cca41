#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

void add(TestServer& server, const std::string& name, const std::string& app = "a") {
  corev1::ConfigMap map = config_map(name);
  map.metadata.labels["app"] = app;
  auto made = server.create(server.config_maps(), "n", api::Object::of(map));
  ASSERT_TRUE(made) << made.error().message;
}

void modify(TestServer& server, const std::string& name, void (*change)(corev1::ConfigMap&)) {
  auto updated = server.update<corev1::ConfigMap>(server.config_maps(), "n", name, change);
  ASSERT_TRUE(updated) << updated.error().message;
}

std::string text(const std::vector<WatchEvent>& events) {
  std::string out;
  for (const WatchEvent& event : events) {
    out.append(out.empty() ? "" : " ").append(event_type_name(event.type));
    if (event.entry) out.append(":").append(event.entry->meta().name);
  }
  return out;
}

WatchRequest request(std::string rv = "", std::string labels = "") {
  WatchRequest out;
  out.namespace_ = "n";
  out.resource_version = std::move(rv);
  out.label_selector = std::move(labels);
  return out;
}

TEST(RegistryWatch, BeginsWithWhatIsThere) {
  TestServer server;
  add(server, "a");
  auto cursor = server.watch(server.config_maps(), request());
  ASSERT_TRUE(cursor);
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:a");
  add(server, "b");
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:b");
}

TEST(RegistryWatch, ContinuesAListWithoutGaps) {
  TestServer server;
  add(server, "a");
  ListRequest all;
  const int64_t revision = server.list(server.config_maps(), all)->revision;
  add(server, "b");
  modify(server, "a", [](corev1::ConfigMap& m) { m.data["k"] = "2"; });
  ASSERT_TRUE(server.remove(server.config_maps(), "n", "b"));
  server.executor.run_for(std::chrono::milliseconds(1));
  auto cursor = server.watch(server.config_maps(), request(std::to_string(revision)));
  auto events = server.next(**cursor);
  EXPECT_EQ(text(*events), "ADDED:b MODIFIED:a DELETED:b");
  // The last state of a deleted object carries the deletion's revision.
  EXPECT_EQ(events->back().entry->revision(), events->back().revision);
  EXPECT_EQ((*events->back().entry->object())->meta()->resourceVersion,
            std::to_string(events->back().revision));
}

TEST(RegistryWatch, SelectorsTurnChangesIntoComingAndGoing) {
  TestServer server;
  add(server, "a", "x");
  auto cursor = server.watch(server.config_maps(), request("", "app=x"));
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:a");
  modify(server, "a", [](corev1::ConfigMap& m) { m.metadata.labels["app"] = "y"; });
  auto left = server.next(**cursor);
  ASSERT_EQ(text(*left), "DELETED:a");
  EXPECT_EQ(left->front().entry->meta().label("app")->value, "x");
  EXPECT_EQ(left->front().entry->revision(), left->front().revision);
  modify(server, "a", [](corev1::ConfigMap& m) { m.data["k"] = "unseen"; });
  modify(server, "a", [](corev1::ConfigMap& m) { m.metadata.labels["app"] = "x"; });
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:a");
}

TEST(RegistryWatch, OfOneObject) {
  TestServer server;
  add(server, "a");
  add(server, "ab");
  WatchRequest one = request();
  one.name = "a";
  auto cursor = server.watch(server.config_maps(), one);
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:a");
  modify(server, "ab", [](corev1::ConfigMap& m) { m.data["k"] = "2"; });
  modify(server, "a", [](corev1::ConfigMap& m) { m.data["k"] = "2"; });
  EXPECT_EQ(text(*server.next(**cursor)), "MODIFIED:a");
}

TEST(RegistryWatch, GoesOnAfterARestart) {
  TestServer server;
  add(server, "a");
  add(server, "b");
  const int64_t revision = server.list(server.config_maps(), ListRequest())->revision;
  modify(server, "a", [](corev1::ConfigMap& m) { m.data["k"] = "2"; });
  ASSERT_TRUE(server.remove(server.config_maps(), "n", "b"));
  server.restart();
  EXPECT_EQ(server.list(server.config_maps(), ListRequest())->items.size(), 1u);
  auto cursor = server.watch(server.config_maps(), request(std::to_string(revision)));
  ASSERT_TRUE(cursor);
  EXPECT_EQ(text(*server.next(**cursor)), "MODIFIED:a DELETED:b");
  add(server, "c");
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:c");
  // What was compacted is no history.
  ASSERT_TRUE(server.run(server.store->compact(server.store->current_revision())));
  server.restart();
  EXPECT_EQ(server.watch(server.config_maps(), request(std::to_string(revision))).error().code, 410);
}

TEST(RegistryWatch, ThatFallsOffTheRingExpires) {
  RegistriesOptions options;
  options.cache.ring_events = 4;
  TestServer server(options);
  add(server, "a");
  const int64_t revision = server.store->current_revision();
  auto slow = server.watch(server.config_maps(), request(std::to_string(revision)));
  ASSERT_TRUE(slow);
  for (int i = 0; i < 8; ++i) add(server, "m" + std::to_string(i));
  server.executor.run_for(std::chrono::milliseconds(1));
  auto expired = server.next(**slow);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, 410);
  EXPECT_EQ(expired.error().reason, "Expired");
  EXPECT_EQ(expired.error().message, "too old resource version: " + std::to_string(revision) + " (" +
                                         std::to_string(revision + 4) + ")");
  EXPECT_EQ(server.watch(server.config_maps(), request(std::to_string(revision))).error().code, 410);
}

TEST(RegistryWatch, SendsBookmarksAndEndsAtItsDeadline) {
  TestServer server;
  add(server, "a");
  WatchRequest bookmarked = request();
  bookmarked.allow_bookmarks = true;
  server.context.deadline = server.executor.now() + std::chrono::seconds(90);
  auto cursor = server.watch(server.config_maps(), bookmarked);
  EXPECT_EQ(text(*server.next(**cursor)), "ADDED:a");
  // Another resource moves the revision on.
  ASSERT_TRUE(server.create(server.registry("", "secrets"), "n", [] {
    corev1::Secret secret;
    secret.metadata.name = "s";
    return api::Object::of(secret);
  }()));
  auto mark = server.next(**cursor);
  ASSERT_EQ(text(*mark), "BOOKMARK");
  EXPECT_EQ(mark->front().revision, server.store->current_revision());
  EXPECT_EQ(text(*server.next(**cursor)), "BOOKMARK");  // two seconds before the end
  auto end = server.next(**cursor);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->empty());
}

TEST(RegistryWatch, ListsThenWatchesWithInitialEvents) {
  TestServer server;
  add(server, "a");
  add(server, "b");
  WatchRequest streaming = request();
  streaming.allow_bookmarks = true;
  streaming.send_initial_events = true;
  EXPECT_EQ(server.watch(server.config_maps(), streaming).error().code, 422);
  streaming.resource_version_match = "NotOlderThan";
  auto cursor = server.watch(server.config_maps(), streaming);
  ASSERT_TRUE(cursor) << cursor.error().message;
  auto events = server.next(**cursor);
  ASSERT_EQ(text(*events), "ADDED:a ADDED:b BOOKMARK");
  EXPECT_TRUE(events->back().initial_events_end);
  EXPECT_EQ(events->back().revision, server.store->current_revision());
}

TEST(RegistryWatch, EndsWhenCancelled) {
  TestServer server;
  CancelSource source;
  server.context.cancel = source.token();
  auto cursor = server.watch(server.config_maps(), request());
  server.executor.post_at(server.executor.now() + std::chrono::seconds(1), [&] { source.cancel(); });
  auto ended = server.next(**cursor);
  ASSERT_FALSE(ended);
  EXPECT_TRUE(ended.error().is(reason::kCancelled));
  server.context.cancel = CancelToken();
}

TEST(RegistryWatch, SharesEncodedBytes) {
  TestServer server;
  auto one = server.watch(server.config_maps(), request());
  auto two = server.watch(server.config_maps(), request("", "app=a"));
  add(server, "a");
  auto first = server.next(**one);
  auto second = server.next(**two);
  EXPECT_EQ(first->front().encoded, second->front().encoded);
  first->front().encoded->keep("json", std::make_shared<const std::string>("{}"));
  EXPECT_EQ(*second->front().encoded->find("json"), "{}");
}

TEST(RegistryWatch, EveryEventOnceInOrderUnderLoad) {
  TestServer server;
  auto cursor = server.watch(server.config_maps(), request());
  for (int i = 0; i < 300; ++i) add(server, "m" + std::to_string(1000 + i));
  server.executor.run_for(std::chrono::milliseconds(1));
  int seen = 0;
  int64_t last = 0;
  while (seen < 300) {
    auto events = server.next(**cursor);
    ASSERT_TRUE(events);
    for (const WatchEvent& event : *events) {
      EXPECT_GT(event.revision, last);
      last = event.revision;
      EXPECT_EQ(event.entry->meta().name, "m" + std::to_string(1000 + seen));
      ++seen;
    }
  }
}

}  // namespace
}  // namespace xebec::apiserver::testing
