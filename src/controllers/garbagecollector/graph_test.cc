#include "controllers/garbagecollector/graph.h"

namespace xebec::controllers::gc {
namespace {

Identity identity(std::string uid) {
  Identity out;
  out.kind = "Thing";
  out.api_version = "v1";
  out.ns = "default";
  out.name = uid;
  out.uid = std::move(uid);
  return out;
}

metav1::ObjectMeta owned_by(std::string owner, bool blocks = false) {
  metav1::ObjectMeta meta;
  metav1::OwnerReference& ref = meta.ownerReferences.emplace_back();
  ref.apiVersion = "v1";
  ref.kind = "Thing";
  ref.name = owner;
  ref.uid = std::move(owner);
  if (blocks) ref.blockOwnerDeletion = true;
  return meta;
}

TEST(Graph, TheDependentsOfARemovedOwnerAreToBeDeleted) {
  Graph graph;
  graph.set(identity("owner"), {});
  graph.set(identity("child"), owned_by("owner"));
  Consequences out = graph.remove("owner");
  EXPECT_EQ(out.attempt_to_delete, std::vector<std::string>{"child"});
}

TEST(Graph, AnOwnerNobodyHasSeenIsLookedFor) {
  Graph graph;
  Consequences out = graph.set(identity("child"), owned_by("ghost"));
  EXPECT_NE(std::find(out.attempt_to_delete.begin(), out.attempt_to_delete.end(), "ghost"),
            out.attempt_to_delete.end());
  ASSERT_NE(graph.find("ghost"), nullptr);
  EXPECT_FALSE(graph.find("ghost")->observed);
  graph.remove("child");
  EXPECT_EQ(graph.find("ghost"), nullptr);
}

TEST(Graph, ForegroundDeletionWaitsForBlockingDependents) {
  Graph graph;
  graph.set(identity("child"), owned_by("owner", true));
  metav1::ObjectMeta deleting;
  deleting.deletionTimestamp = api::Time{1};
  deleting.finalizers = {"foregroundDeletion"};
  Consequences out = graph.set(identity("owner"), deleting);
  EXPECT_NE(std::find(out.attempt_to_delete.begin(), out.attempt_to_delete.end(), "child"),
            out.attempt_to_delete.end());
  EXPECT_EQ(graph.blocking_dependents(*graph.find("owner")), std::vector<std::string>{"child"});
  Consequences gone = graph.remove("child");
  EXPECT_NE(std::find(gone.attempt_to_delete.begin(), gone.attempt_to_delete.end(), "owner"),
            gone.attempt_to_delete.end());
}

TEST(Graph, AChangedOwnerMovesTheDependent) {
  Graph graph;
  graph.set(identity("a"), {});
  graph.set(identity("b"), {});
  graph.set(identity("child"), owned_by("a"));
  graph.set(identity("child"), owned_by("b"));
  EXPECT_TRUE(graph.dependents("a").empty());
  EXPECT_EQ(graph.dependents("b").size(), 1u);
}

// Somebody in another namespace named the owner first, and it was not found there.
TEST(Graph, AnOwnerThatWasLookedForInTheWrongPlaceKeepsItsDependents) {
  Graph graph;
  Identity stray = identity("stray"), child = identity("child");
  stray.ns = "elsewhere";
  graph.set(stray, owned_by("owner"));
  graph.set(child, owned_by("owner"));
  graph.remove("owner");
  graph.set(identity("owner"), {});
  Consequences out = graph.remove("owner");
  EXPECT_NE(std::find(out.attempt_to_delete.begin(), out.attempt_to_delete.end(), "child"),
            out.attempt_to_delete.end());
}

TEST(Graph, AnOwnerInAnotherNamespaceIsMisplacedOnceItIsSeen) {
  Graph graph;
  Identity stray = identity("stray");
  stray.ns = "elsewhere";
  EXPECT_TRUE(graph.set(stray, owned_by("owner")).misplaced.empty());
  Consequences out = graph.set(identity("owner"), {});
  ASSERT_EQ(out.misplaced.size(), 1u);
  EXPECT_EQ(out.misplaced[0].dependent.uid, "stray");
  EXPECT_NE(std::find(out.attempt_to_delete.begin(), out.attempt_to_delete.end(), "stray"),
            out.attempt_to_delete.end());
  Identity late = identity("late");
  late.ns = "elsewhere";
  EXPECT_EQ(graph.set(late, owned_by("owner")).misplaced.size(), 1u);
  EXPECT_TRUE(graph.set(identity("fine"), owned_by("owner")).misplaced.empty());
}

TEST(Graph, AnOwnerThatWaitsLooksAgainWhenADependentNoLongerBlocks) {
  Graph graph;
  graph.set(identity("child"), owned_by("owner", true));
  metav1::ObjectMeta deleting;
  deleting.deletionTimestamp = api::Time{1};
  deleting.finalizers = {"foregroundDeletion"};
  graph.set(identity("owner"), deleting);
  Consequences out = graph.set(identity("child"), owned_by("owner", false));
  EXPECT_NE(std::find(out.attempt_to_delete.begin(), out.attempt_to_delete.end(), "owner"),
            out.attempt_to_delete.end());
}

}  // namespace
}  // namespace xebec::controllers::gc
