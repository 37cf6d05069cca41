#include "controllers/namespace/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(NamespaceControllerTest);

// The finalizer in metadata keeps the fake server from removing it; spec.finalizers are the controller's.
corev1::Namespace deleted_namespace() {
  corev1::Namespace ns;
  ns.metadata.name = "doomed";
  ns.metadata.deletionTimestamp = api::Time{1764460800};
  ns.metadata.finalizers = {"test/keep"};
  ns.spec.finalizers = {"kubernetes"};
  ns.status.phase = "Terminating";
  return ns;
}

template <class T>
T named(std::string name, std::vector<std::string> finalizers = {}) {
  T out;
  out.metadata.name = std::move(name);
  out.metadata.namespace_ = "doomed";
  out.metadata.finalizers = std::move(finalizers);
  return out;
}

corev1::Namespace stored(client::testing::Sim& sim) { return *sim.api->get<corev1::Namespace>("", "doomed"); }

std::string condition(client::testing::Sim& sim, std::string_view type) {
  for (const auto& c : stored(sim).status.conditions) {
    if (c.type == type) return c.status + " " + c.reason + ": " + c.message;
  }
  return "none";
}

TEST_P(NamespaceControllerTest, EverythingInItGoesThenItsOwnFinalizer) {
  testing::Harness<NamespaceController> h(GetParam());
  h.sim.api->put(named<corev1::ConfigMap>("settings"));
  h.sim.api->put(named<corev1::Secret>("secret"));
  h.sim.api->put(named<corev1::Pod>("pod"));
  corev1::ConfigMap other = named<corev1::ConfigMap>("other");
  other.metadata.namespace_ = "default";
  h.sim.api->put(other);
  h.sim.api->put(deleted_namespace());
  h.sim.run_for(seconds(60));
  EXPECT_TRUE(stored(h.sim).spec.finalizers.empty());
  EXPECT_TRUE(h.sim.api->list<corev1::ConfigMap>("doomed").empty());
  EXPECT_TRUE(h.sim.api->list<corev1::Secret>("doomed").empty());
  EXPECT_TRUE(h.sim.api->list<corev1::Pod>("doomed").empty());
  EXPECT_EQ(h.sim.api->list<corev1::ConfigMap>("default").size(), 1u);
}

TEST_P(NamespaceControllerTest, ANamespaceThatIsNotDeletedIsLeftAlone) {
  testing::Harness<NamespaceController> h(GetParam());
  corev1::Namespace ns = deleted_namespace();
  ns.metadata.deletionTimestamp.reset();
  h.sim.api->put(ns);
  h.sim.api->put(named<corev1::ConfigMap>("settings"));
  h.sim.run_for(seconds(60));
  EXPECT_EQ(stored(h.sim).spec.finalizers, std::vector<std::string>{"kubernetes"});
  EXPECT_EQ(h.sim.api->list<corev1::ConfigMap>("doomed").size(), 1u);
}

TEST_P(NamespaceControllerTest, OtherThingsStayUntilThePodsAreGone) {
  testing::Harness<NamespaceController> h(GetParam());
  h.sim.api->put(named<corev1::Pod>("pod", {"test/busy"}));
  h.sim.api->put(named<corev1::Secret>("mounted"));
  h.sim.api->put(deleted_namespace());
  h.sim.run_for(seconds(60));
  EXPECT_EQ(h.sim.api->list<corev1::Secret>("doomed").size(), 1u);
  EXPECT_EQ(condition(h.sim, "NamespaceContentRemaining"),
            "True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances");
  EXPECT_EQ(
      condition(h.sim, "NamespaceFinalizersRemaining"),
      "True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: test/busy in 1 "
      "resource instances");
  EXPECT_EQ(condition(h.sim, "NamespaceDeletionDiscoveryFailure"),
            "False ResourcesDiscovered: All resources successfully discovered");
  EXPECT_EQ(condition(h.sim, "NamespaceDeletionGroupVersionParsingFailure"),
            "False ParsedGroupVersions: All legacy kube types successfully parsed");
  EXPECT_EQ(condition(h.sim, "NamespaceDeletionContentFailure"),
            "False ContentDeleted: All content successfully deleted, may be waiting on finalization");
  corev1::Pod pod = *h.sim.api->get<corev1::Pod>("doomed", "pod");
  pod.metadata.finalizers.clear();
  h.sim.api->put(pod);
  h.sim.run_for(seconds(60));
  EXPECT_TRUE(h.sim.api->list<corev1::Secret>("doomed").empty());
  EXPECT_TRUE(stored(h.sim).spec.finalizers.empty());
}

TEST_P(NamespaceControllerTest, AResourceThatCannotBeDeletedIsTold) {
  testing::Harness<NamespaceController> h(GetParam());
  h.sim.api->put(named<corev1::Secret>("secret"));
  h.sim.api->set_hook([](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "DELETE" || !request.path.ends_with("/secrets")) return std::nullopt;
    return client::testing::FakeApi::error_response(errors::internal("the disk is on fire"));
  });
  h.sim.api->put(deleted_namespace());
  h.sim.run_for(seconds(60));
  EXPECT_EQ(condition(h.sim, "NamespaceDeletionContentFailure"),
            "True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: Internal error "
            "occurred: the disk is on fire");
  EXPECT_EQ(stored(h.sim).spec.finalizers, std::vector<std::string>{"kubernetes"});
  h.sim.api->set_hook(nullptr);
  h.sim.run_for(std::chrono::minutes(20));
  EXPECT_TRUE(stored(h.sim).spec.finalizers.empty());
}

}  // namespace
}  // namespace xebec::controllers
