#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

void add(TestServer& server, const std::string& ns, const std::string& name, const std::string& app = "a") {
  corev1::ConfigMap map = config_map(name);
  map.metadata.labels["app"] = app;
  auto made = server.create(server.config_maps(), ns, api::Object::of(map));
  ASSERT_TRUE(made) << made.error().message;
}

std::string names(const ListPage& page) {
  std::string out;
  for (const EntryPtr& entry : page.items) out.append(out.empty() ? "" : " ").append(entry->meta().name);
  return out;
}

ListRequest in(std::string ns, int64_t limit = 0) {
  ListRequest request;
  request.namespace_ = std::move(ns);
  request.limit = limit;
  return request;
}

TEST(RegistryList, IsByNamespaceAndLabel) {
  TestServer server;
  add(server, "n1", "b", "x");
  add(server, "n1", "a", "y");
  add(server, "n2", "c", "x");
  EXPECT_EQ(names(*server.list(server.config_maps(), in(""))), "a b c");
  EXPECT_EQ(names(*server.list(server.config_maps(), in("n1"))), "a b");
  ListRequest labelled = in("");
  labelled.label_selector = "app in (x)";
  EXPECT_EQ(names(*server.list(server.config_maps(), labelled)), "b c");
  labelled.label_selector = "app in x";
  EXPECT_EQ(server.list(server.config_maps(), labelled).error().message,
            "unable to parse requirement: found 'x' expected: '('");
}

TEST(RegistryList, IsByField) {
  TestServer server;
  for (const char* node : {"n1", "n2", "n1"}) {
    static int i = 0;
    ASSERT_TRUE(
        server.create(server.pods(), "default", api::Object::of(pod("p" + std::to_string(i++), node))));
  }
  ListRequest request = in("default");
  request.field_selector = "spec.nodeName=n1,status.phase!=Running";
  EXPECT_EQ(names(*server.list(server.pods(), request)), "p0 p2");
  request.field_selector = "spec.hostNetwork=false,metadata.name=p1";
  EXPECT_EQ(names(*server.list(server.pods(), request)), "p1");
  request.field_selector = "spec.nonsense=1";
  auto refused = server.list(server.pods(), request);
  EXPECT_EQ(refused.error().code, 400);
  EXPECT_EQ(refused.error().message, "field label not supported: spec.nonsense");
  EXPECT_EQ(
      server.list(server.config_maps(), request).error().message,
      "\"spec.nonsense\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
}

TEST(RegistryList, PagesAreOfOneRevision) {
  TestServer server;
  for (int i = 0; i < 5; ++i) add(server, "n", "m" + std::to_string(i));
  auto first = server.list(server.config_maps(), in("n", 2));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(names(*first), "m0 m1");
  EXPECT_EQ(first->remaining_item_count, 3);
  // Later changes do not show in the pages that follow.
  add(server, "n", "m2a");
  ASSERT_TRUE(server.remove(server.config_maps(), "n", "m3"));
  ListRequest next = in("n", 2);
  next.continue_ = first->continue_;
  auto second = server.list(server.config_maps(), next);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(names(*second), "m2 m3");
  EXPECT_EQ(second->revision, first->revision);
  next.continue_ = second->continue_;
  auto last = server.list(server.config_maps(), next);
  EXPECT_EQ(names(*last), "m4");
  EXPECT_TRUE(last->continue_.empty());
}

TEST(RegistryList, AnotherServerContinuesFromTheStore) {
  TestServer server;
  for (int i = 0; i < 5; ++i) add(server, "n", "m" + std::to_string(i));
  auto first = server.list(server.config_maps(), in("n", 2));
  ASSERT_TRUE(server.remove(server.config_maps(), "n", "m3"));
  server.restart();
  ListRequest next = in("n", 2);
  next.continue_ = first->continue_;
  auto second = server.list(server.config_maps(), next);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(names(*second), "m2 m3");
  EXPECT_EQ(second->remaining_item_count, 1);
}

TEST(RegistryList, PastTheHorizonOffersAnInconsistentContinuation) {
  TestServer server;
  for (int i = 0; i < 5; ++i) add(server, "n", "m" + std::to_string(i));
  auto first = server.list(server.config_maps(), in("n", 2));
  ASSERT_TRUE(server.remove(server.config_maps(), "n", "m3"));
  ASSERT_TRUE(server.run(server.store->compact(server.store->current_revision())));
  server.restart();
  ListRequest next = in("n", 2);
  next.continue_ = first->continue_;
  auto expired = server.list(server.config_maps(), next);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, 410);
  EXPECT_TRUE(expired.error().message.starts_with(
      "The provided continue parameter is too old to display a consistent list"));
  ASSERT_EQ(expired.error().details.causes.size(), 1u);
  next.continue_ = expired.error().details.causes[0].message;
  auto rest = server.list(server.config_maps(), next);
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(names(*rest), "m2 m4");
}

TEST(RegistryList, AtAnExactRevision) {
  TestServer server;
  add(server, "n", "a");
  auto before = server.list(server.config_maps(), in("n"));
  add(server, "n", "b");
  ListRequest exact = in("n");
  exact.resource_version = std::to_string(before->revision);
  exact.resource_version_match = "Exact";
  auto then = server.list(server.config_maps(), exact);
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(names(*then), "a");
  EXPECT_EQ(then->revision, before->revision);
  exact.resource_version_match = "NotOlderThan";
  EXPECT_EQ(names(*server.list(server.config_maps(), exact)), "a b");
  exact.resource_version = "999999";
  auto future = server.list(server.config_maps(), exact);
  EXPECT_EQ(future.error().code, 504);
  EXPECT_TRUE(future.error().message.starts_with("Timeout: Too large resource version: 999999, current: "))
      << future.error().message;
}

TEST(RegistryList, RefusesContradictions) {
  TestServer server;
  ListRequest request = in("n");
  request.resource_version_match = "Exact";
  EXPECT_EQ(server.list(server.config_maps(), request).error().message,
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "
            "is forbidden unless "
            "resourceVersion is provided");
  request = in("n");
  request.continue_ = "nonsense!";
  EXPECT_EQ(server.list(server.config_maps(), request).error().code, 400);
  request = in("n");
  request.resource_version = "abc";
  EXPECT_EQ(server.list(server.config_maps(), request).error().message,
            "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing "
            "\"abc\": invalid syntax");
}

TEST(RegistryList, SeesWhatWasAcknowledged) {
  TestServer server;
  for (int i = 0; i < 50; ++i) {
    add(server, "n", "m" + std::to_string(i));
    ASSERT_EQ(server.list(server.config_maps(), in("n"))->items.size(), static_cast<size_t>(i + 1));
  }
}

TEST(RegistryList, SurvivesARestart) {
  TestServer server;
  for (int i = 0; i < 100; ++i) add(server, "n", "m" + std::to_string(100 + i));
  server.restart();
  auto page = server.list(server.config_maps(), in("n"));
  ASSERT_EQ(page->items.size(), 100u);
  EXPECT_EQ((*page->items[7]->object())->get<corev1::ConfigMap>().metadata.name, "m107");
}

TEST(RegistryList, GroupsThatShareStorageShareObjects) {
  TestServer server;
  EXPECT_EQ(server.registries->find("", "events"), server.registries->find("events.k8s.io", "events"));
  EXPECT_EQ(server.registries->find("extensions", "ingresses"),
            server.registries->find("networking.k8s.io", "ingresses"));
  EXPECT_EQ(server.registries->find("", "nonsense"), nullptr);
  EXPECT_EQ(server.registries->find("authorization.k8s.io", "subjectaccessreviews"), nullptr);
}

}  // namespace
}  // namespace xebec::apiserver::testing
