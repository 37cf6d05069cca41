#include "controllers/garbagecollector/controller.h"

#include "api/gen/rbacv1.h"
#include "client/controller_ref.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(GarbageCollectorTest);

corev1::ConfigMap thing(std::string name, std::string ns = "default") {
  corev1::ConfigMap map;
  map.metadata.name = std::move(name);
  map.metadata.namespace_ = std::move(ns);
  return map;
}

template <class T, class Owner>
T owned(T object, const Owner& owner, bool blocks = true) {
  metav1::OwnerReference ref = client::new_controller_ref(owner);
  ref.controller.reset();
  ref.blockOwnerDeletion = blocks;
  object.metadata.ownerReferences.push_back(std::move(ref));
  return object;
}

// What the server does with a DELETE of that policy: it marks the object and leaves the rest to the
// collector.
corev1::ConfigMap deleted_with(client::testing::Sim& sim, std::string name, std::string finalizer) {
  corev1::ConfigMap map = *sim.api->get<corev1::ConfigMap>("default", name);
  map.metadata.deletionTimestamp = api::Time{1764460800};
  map.metadata.finalizers.push_back(std::move(finalizer));
  return sim.api->put(map);
}

bool there(client::testing::Sim& sim, std::string_view name, std::string_view ns = "default") {
  return sim.api->get<corev1::ConfigMap>(ns, name).has_value();
}

TEST_P(GarbageCollectorTest, WhatHasLostItsOwnerGoesDownToTheLastGrandchild) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  corev1::ConfigMap child = h.sim.api->put(owned(thing("child"), owner));
  h.sim.api->put(owned(thing("grandchild"), child));
  h.sim.api->put(thing("stranger"));
  h.sim.run_for(seconds(60));
  EXPECT_TRUE(there(h.sim, "grandchild"));
  h.sim.api->remove<corev1::ConfigMap>("default", "owner");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "child"));
  EXPECT_FALSE(there(h.sim, "grandchild"));
  EXPECT_TRUE(there(h.sim, "stranger"));
}

TEST_P(GarbageCollectorTest, AnOwnerThatNeverExistedTakesItsDependentsWithIt) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap ghost = thing("ghost");
  ghost.metadata.uid = "11111111-0000-4000-8000-000000000000";
  h.sim.api->put(owned(thing("child"), ghost));
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "child"));
}

// The name has come back with another object behind it.
TEST_P(GarbageCollectorTest, AnOwnerOfTheSameNameIsAnotherOwner) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  h.sim.api->put(owned(thing("child"), owner));
  h.sim.run_for(seconds(60));
  h.sim.api->remove<corev1::ConfigMap>("default", "owner");
  h.sim.api->put(thing("owner"));
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "child"));
  EXPECT_TRUE(there(h.sim, "owner"));
}

TEST_P(GarbageCollectorTest, OneOwnerOfTwoLostIsOnlyTakenOffTheList) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap a = h.sim.api->put(thing("a"));
  corev1::ConfigMap b = h.sim.api->put(thing("b"));
  h.sim.api->put(owned(owned(thing("child"), a), b));
  h.sim.run_for(seconds(60));
  h.sim.api->remove<corev1::ConfigMap>("default", "a");
  h.sim.run_for(seconds(60));
  ASSERT_TRUE(there(h.sim, "child"));
  auto child = *h.sim.api->get<corev1::ConfigMap>("default", "child");
  ASSERT_EQ(child.metadata.ownerReferences.size(), 1u);
  EXPECT_EQ(child.metadata.ownerReferences[0].uid, b.metadata.uid);
}

TEST_P(GarbageCollectorTest, ForegroundDeletionWaitsForTheDependentsThatBlock) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  corev1::ConfigMap slow = owned(thing("slow"), owner);
  slow.metadata.finalizers = {"test/busy"};
  h.sim.api->put(slow);
  h.sim.api->put(owned(thing("quick"), owner));
  h.sim.run_for(seconds(60));
  deleted_with(h.sim, "owner", "foregroundDeletion");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "quick"));
  ASSERT_TRUE(there(h.sim, "slow"));
  EXPECT_TRUE(there(h.sim, "owner"));
  slow = *h.sim.api->get<corev1::ConfigMap>("default", "slow");
  EXPECT_TRUE(slow.metadata.deletionTimestamp.has_value());
  slow.metadata.finalizers.clear();
  h.sim.api->put(slow);
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "slow"));
  EXPECT_FALSE(there(h.sim, "owner"));
}

TEST_P(GarbageCollectorTest, ForegroundDeletionDoesNotWaitForOneThatDoesNotBlock) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  corev1::ConfigMap slow = owned(thing("slow"), owner, false);
  slow.metadata.finalizers = {"test/busy"};
  h.sim.api->put(slow);
  h.sim.run_for(seconds(60));
  deleted_with(h.sim, "owner", "foregroundDeletion");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "owner"));
  EXPECT_TRUE(h.sim.api->get<corev1::ConfigMap>("default", "slow")->metadata.deletionTimestamp.has_value());
}

TEST_P(GarbageCollectorTest, ACircleOfOwnersThatWaitForEachOtherGoes) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap a = h.sim.api->put(thing("a"));
  corev1::ConfigMap b = h.sim.api->put(owned(thing("b"), a));
  h.sim.api->put(owned(a, b));
  h.sim.run_for(seconds(60));
  deleted_with(h.sim, "a", "foregroundDeletion");
  // The fake server knows no propagation: of a DELETE with Foreground it makes what the real one does.
  h.sim.api->set_hook([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "DELETE" || request.body.find("Foreground") == std::string::npos)
      return std::nullopt;
    std::string name = request.path.substr(request.path.rfind('/') + 1);
    auto stored = h.sim.api->get<corev1::ConfigMap>("default", name);
    if (stored && !stored->metadata.deletionTimestamp) deleted_with(h.sim, name, "foregroundDeletion");
    metav1::Status done;
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.set_body(R"({"kind":"Status","apiVersion":"v1","status":"Success"})");
    return response;
  });
  h.sim.run_for(std::chrono::minutes(10));
  EXPECT_FALSE(there(h.sim, "a"));
  EXPECT_FALSE(there(h.sim, "b"));
}

TEST_P(GarbageCollectorTest, OrphansLoseTheOwnerAndStay) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  h.sim.api->put(owned(thing("child"), owner));
  h.sim.run_for(seconds(60));
  deleted_with(h.sim, "owner", "orphan");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "owner"));
  ASSERT_TRUE(there(h.sim, "child"));
  EXPECT_TRUE(h.sim.api->get<corev1::ConfigMap>("default", "child")->metadata.ownerReferences.empty());
}

TEST_P(GarbageCollectorTest, AnOwnerInAnotherNamespaceIsNoneAndItIsTold) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap owner = h.sim.api->put(thing("owner"));
  h.sim.run_for(seconds(60));
  corev1::ConfigMap stray = h.sim.api->put(owned(thing("stray", "elsewhere"), owner));
  h.sim.api->put(owned(thing("child"), owner));
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "stray", "elsewhere"));
  EXPECT_TRUE(there(h.sim, "child"));
  EXPECT_EQ(h.events("OwnerRefInvalidNamespace"),
            std::vector<std::string>{"ownerRef [v1/ConfigMap, namespace: elsewhere, name: owner, uid: " +
                                     owner.metadata.uid + "] does not exist in namespace \"elsewhere\""});
  h.sim.api->remove<corev1::ConfigMap>("default", "owner");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "child"));
}

TEST_P(GarbageCollectorTest, AClusterScopedOwnerServesEveryNamespace) {
  testing::Harness<GarbageCollector> h(GetParam());
  rbacv1::ClusterRole role;
  role.metadata.name = "role";
  role = h.sim.api->put(role);
  h.sim.api->put(owned(thing("child", "elsewhere"), role));
  h.sim.run_for(seconds(60));
  EXPECT_TRUE(there(h.sim, "child", "elsewhere"));
  h.sim.api->remove<rbacv1::ClusterRole>("", "role");
  h.sim.run_for(seconds(60));
  EXPECT_FALSE(there(h.sim, "child", "elsewhere"));
}

TEST_P(GarbageCollectorTest, AClusterScopedDependentOfANamespacedOwnerIsLeftAlone) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap ghost = thing("ghost");
  ghost.metadata.uid = "11111111-0000-4000-8000-000000000000";
  rbacv1::ClusterRole role;
  role.metadata.name = "role";
  h.sim.api->put(owned(role, ghost));
  h.sim.run_for(std::chrono::minutes(5));
  EXPECT_TRUE(h.sim.api->get<rbacv1::ClusterRole>("", "role").has_value());
}

TEST_P(GarbageCollectorTest, AnOwnerOfAKindThatIsNotServedKeepsItsDependents) {
  testing::Harness<GarbageCollector> h(GetParam());
  corev1::ConfigMap child = thing("child");
  metav1::OwnerReference& ref = child.metadata.ownerReferences.emplace_back();
  ref.apiVersion = "example.com/v1";
  ref.kind = "Widget";
  ref.name = "w";
  ref.uid = "11111111-0000-4000-8000-000000000000";
  h.sim.api->put(child);
  h.sim.run_for(std::chrono::minutes(5));
  EXPECT_TRUE(there(h.sim, "child"));
}

}  // namespace
}  // namespace xebec::controllers
