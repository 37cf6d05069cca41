#include "apiserver/registry/test_server.h"

namespace xebec::apiserver::testing {
namespace {

void add_pod(TestServer& server, const std::string& name, const std::string& node) {
  auto made = server.create(server.pods(), "default", api::Object::of(pod(name, node)));
  ASSERT_TRUE(made) << made.error().message;
}

metav1::DeleteOptions grace(int64_t seconds) {
  metav1::DeleteOptions options;
  options.gracePeriodSeconds = seconds;
  return options;
}

TEST(RegistryRemove, RemovesAtOnceWithoutFinalizers) {
  TestServer server;
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(config_map("a"))));
  auto gone = server.remove(server.config_maps(), "default", "a");
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_TRUE(gone->deleted);
  EXPECT_FALSE(gone->answer_object);
  EXPECT_EQ(server.remove(server.config_maps(), "default", "a").error().message,
            "configmaps \"a\" not found");
}

TEST(RegistryRemove, GivesAPodItsGracePeriod) {
  TestServer server;
  add_pod(server, "p", "n1");
  auto first = server.remove(server.pods(), "default", "p");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->deleted);
  EXPECT_EQ(first->object.meta()->deletionGracePeriodSeconds, 30);
  EXPECT_EQ(first->object.meta()->deletionTimestamp->seconds, 1'800'000'030);
  EXPECT_EQ(first->object.meta()->generation, 2);

  auto longer = server.remove(server.pods(), "default", "p", grace(60));
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->object.meta()->resourceVersion, first->object.meta()->resourceVersion);
  auto shorter = server.remove(server.pods(), "default", "p", grace(10));
  ASSERT_TRUE(shorter) << shorter.error().message;
  EXPECT_FALSE(shorter->deleted);
  EXPECT_EQ(shorter->object.meta()->deletionGracePeriodSeconds, 10);
  EXPECT_EQ(shorter->object.meta()->deletionTimestamp->seconds, 1'800'000'010);
  auto now = server.remove(server.pods(), "default", "p", grace(0));
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_TRUE(now->deleted);
  EXPECT_TRUE(now->answer_object);
}

TEST(RegistryRemove, TakesAPodOnNoNodeAtOnce) {
  TestServer server;
  add_pod(server, "p", "");
  auto gone = server.remove(server.pods(), "default", "p");
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->deleted);
}

TEST(RegistryRemove, ChecksPreconditions) {
  TestServer server;
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(config_map("a"))));
  metav1::DeleteOptions options;
  options.preconditions.emplace().uid = "other";
  auto refused = server.remove(server.config_maps(), "default", "a", options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 409);
  EXPECT_TRUE(
      refused.error().message.starts_with("Operation cannot be fulfilled on ConfigMap \"a\": the UID in the "
                                          "precondition (other) does not match the UID in record ("));
}

TEST(RegistryRemove, SetsPropagationFinalizers) {
  TestServer server;
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(config_map("a"))));
  metav1::DeleteOptions options;
  options.propagationPolicy = "Foreground";
  auto waiting = server.remove(server.config_maps(), "default", "a", options);
  ASSERT_TRUE(waiting) << waiting.error().message;
  EXPECT_FALSE(waiting->deleted);
  EXPECT_EQ(waiting->object.meta()->finalizers, std::vector<std::string>{"foregroundDeletion"});
  options.propagationPolicy = "Nonsense";
  EXPECT_EQ(server.remove(server.config_maps(), "default", "a", options).error().code, 422);
}

TEST(RegistryRemove, DryRunLeavesItThere) {
  TestServer server;
  ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(config_map("a"))));
  WriteOptions dry;
  dry.dry_run = true;
  auto gone = server.remove(server.config_maps(), "default", "a", {}, dry);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->deleted);
  EXPECT_TRUE(server.get(server.config_maps(), "default", "a"));
}

TEST(RegistryRemove, ACollectionByLabel) {
  TestServer server;
  for (int i = 0; i < 6; ++i) {
    corev1::ConfigMap map = config_map("m" + std::to_string(i));
    map.metadata.labels["even"] = i % 2 == 0 ? "yes" : "no";
    ASSERT_TRUE(server.create(server.config_maps(), "default", api::Object::of(map)));
  }
  ListRequest selection;
  selection.namespace_ = "default";
  selection.label_selector = "even=yes";
  auto removed =
      server.run(server.config_maps().remove_collection(server.context, selection, nullptr, WriteOptions()));
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->size(), 3u);
  EXPECT_EQ(server.list(server.config_maps(), ListRequest())->items.size(), 3u);
}

TEST(RegistryRemove, ANamespaceWaitsForItsContents) {
  TestServer server;
  auto& namespaces = server.registry("", "namespaces");
  corev1::Namespace ns;
  ns.metadata.name = "n";
  auto made = server.create(namespaces, "", api::Object::of(ns));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->object.get<corev1::Namespace>().spec.finalizers, std::vector<std::string>{"kubernetes"});
  EXPECT_EQ(made->object.get<corev1::Namespace>().status.phase, "Active");
  auto terminating = server.remove(namespaces, "", "n");
  ASSERT_TRUE(terminating) << terminating.error().message;
  EXPECT_FALSE(terminating->deleted);
  EXPECT_EQ(terminating->object.get<corev1::Namespace>().status.phase, "Terminating");
  EXPECT_FALSE(server.remove(namespaces, "", "n")->deleted);

  WriteOptions finalize;
  finalize.subresource = "finalize";
  auto gone = server.update<corev1::Namespace>(
      namespaces, "", "n", [](corev1::Namespace& n) { n.spec.finalizers.clear(); }, finalize);
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_TRUE(gone->deleted);
  EXPECT_FALSE(server.get(namespaces, "", "n"));
}

}  // namespace
}  // namespace xebec::apiserver::testing
