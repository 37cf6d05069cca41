// Evictions and the budgets that refuse them.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kPods = "/api/v1/namespaces/default/pods";
const std::string kBudgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

class Evictions : public ::testing::Test {
 protected:
  void pod(const std::string& name, const std::string& ready = "True", const std::string& phase = "Running") {
    EXPECT_EQ(api_.call({"POST", kPods,
                         R"({"metadata":{"name":")" + name +
                             R"(","labels":{"app":"a"}},"spec":{"nodeName":"n",
                                            "containers":[{"name":"c","image":"i"}]}})"})
                  .first,
              201);
    EXPECT_EQ(patch(kPods + "/" + name + "/status", R"({"status":{"phase":")" + phase +
                                                        R"(","conditions":[{"type":"Ready","status":")" +
                                                        ready + R"("}]}})"),
              200);
  }
  void budget(const std::string& name, const std::string& status, const std::string& spec = "") {
    EXPECT_EQ(
        api_.call({"POST", kBudgets,
                   R"({"metadata":{"name":")" + name +
                       R"("},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"a"}})" + spec + "}}"})
            .first,
        201);
    EXPECT_EQ(
        patch(kBudgets + "/" + name + "/status", R"({"status":{"observedGeneration":1,)" + status + "}}"),
        200);
  }
  int patch(const std::string& path, const std::string& body) {
    auto [status, answer] =
        api_.call({"PATCH", path, body, {{"Content-Type", "application/merge-patch+json"}}});
    EXPECT_EQ(status, 200) << codec::to_json(answer);
    return status;
  }
  std::pair<int, codec::Value> evict(const std::string& name, const std::string& more = "") {
    return api_.call(
        {"POST", kPods + "/" + name + "/eviction",
         R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + name + "\"}" + more + "}"});
  }
  // What a budget gives as cause.
  std::string cause(const codec::Value& answer) {
    const codec::Value* causes = answer.at_path({"details", "causes"});
    if (!causes || !causes->as_list() || causes->as_list()->size() != 1) return codec::to_json(answer);
    EXPECT_EQ(at((*causes->as_list())[0], {"reason"}), "DisruptionBudget");
    return at((*causes->as_list())[0], {"message"});
  }
  TestApi api_;
};

TEST_F(Evictions, DeleteThePodAndSayWhy) {
  pod("p");
  auto [status, answer] = evict("p");
  EXPECT_EQ(status, 201) << codec::to_json(answer);
  EXPECT_EQ(at(answer, {"status"}), "Success");
  auto [status2, going] = api_.call({"GET", kPods + "/p"});
  EXPECT_NE(at(going, {"metadata", "deletionTimestamp"}), "(absent)");
  const std::string conditions = at(going, {"status", "conditions"});
  EXPECT_THAT(conditions, HasSubstr(R"("type":"DisruptionTarget")"));
  EXPECT_THAT(conditions, HasSubstr(R"("reason":"EvictionByEvictionAPI")"));
  EXPECT_THAT(conditions, HasSubstr(R"("message":"Eviction API: evicting")"));
}

TEST_F(Evictions, WaitForTheirBudget) {
  pod("p");
  budget("b", R"("disruptionsAllowed":0,"desiredHealthy":2,"currentHealthy":1)");
  auto [status, answer] = evict("p");
  EXPECT_EQ(status, 429);
  EXPECT_EQ(at(answer, {"reason"}), "TooManyRequests");
  EXPECT_EQ(at(answer, {"message"}), "Cannot evict pod as it would violate the pod's disruption budget.");
  EXPECT_EQ(cause(answer), "The disruption budget b needs 2 healthy pods and has 1 currently");
  EXPECT_EQ(at(api_.call({"GET", kPods + "/p"}).second, {"metadata", "deletionTimestamp"}), "(absent)");
}

TEST_F(Evictions, SayWhyABudgetAllowsNothing) {
  pod("p");
  const std::string condition = R"(,"conditions":[{"type":"DisruptionAllowed","status":"False","message":"m",
      "lastTransitionTime":"2026-01-01T00:00:00Z","reason":)";
  budget("b",
         R"("disruptionsAllowed":0,"desiredHealthy":1,"currentHealthy":3)" + condition + R"("SyncFailed"}])");
  EXPECT_EQ(cause(evict("p").second),
            "The disruption budget b does not allow evicting pods currently because it failed sync: m");
  patch(kBudgets + "/b/status", R"({"status":{"disruptionsAllowed":0)" + condition + R"("Other"}]}})");
  EXPECT_EQ(cause(evict("p").second),
            "The disruption budget b does not allow evicting pods currently (Other): m");
  patch(kBudgets + "/b/status", R"({"status":{"conditions":null}})");
  EXPECT_EQ(cause(evict("p").second), "The disruption budget b does not allow evicting pods currently");
  patch(kBudgets + "/b", R"({"spec":{"minAvailable":2}})");
  http::Response waits =
      api_.send({"POST", kPods + "/p/eviction",
                 R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})"});
  EXPECT_EQ(waits.status, 429);
  EXPECT_EQ(waits.headers.get("Retry-After"), "10");
  EXPECT_EQ(cause(api_.json(waits)), "The disruption budget b is still being processed by the server.");
}

TEST_F(Evictions, TakeTheDisruptionFromTheBudget) {
  pod("p");
  pod("q");
  budget("b", R"("disruptionsAllowed":1,"desiredHealthy":1,"currentHealthy":2)");
  EXPECT_EQ(evict("p", R"(,"deleteOptions":{"dryRun":["All"]})").first, 201);
  EXPECT_EQ(evict("p").first, 201);
  auto [status, left] = api_.call({"GET", kBudgets + "/b"});
  EXPECT_EQ(at(left, {"status", "disruptionsAllowed"}), "0");
  EXPECT_NE(at(left, {"status", "disruptedPods", "p"}), "(absent)");
  EXPECT_THAT(at(left, {"status", "conditions"}), HasSubstr(R"("reason":"InsufficientPods")"));
  EXPECT_EQ(evict("q").first, 429);
}

TEST_F(Evictions, AreFreeForWhatIsOverOrNotReadyWithinAHealthyBudget) {
  budget("b", R"("disruptionsAllowed":0,"desiredHealthy":1,"currentHealthy":1)");
  pod("failed", "False", "Failed");
  EXPECT_EQ(evict("failed").first, 201);
  pod("pending", "False", "Pending");
  EXPECT_EQ(evict("pending").first, 201);
  pod("unready", "False");
  EXPECT_EQ(evict("unready").first, 201);
  patch(kBudgets + "/b/status", R"({"status":{"currentHealthy":0}})");
  pod("guarded", "False");
  EXPECT_EQ(evict("guarded").first, 429);
  patch(kBudgets + "/b", R"({"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}})");
  EXPECT_EQ(evict("guarded").first, 201);
}

TEST_F(Evictions, RefuseTwoBudgetsAndOtherNames) {
  pod("p");
  budget("b", R"("disruptionsAllowed":1)");
  budget("c", R"("disruptionsAllowed":1)");
  auto [status, several] = evict("p");
  EXPECT_EQ(status, 500);
  EXPECT_EQ(
      at(several, {"message"}),
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
  auto [status2, misnamed] =
      api_.call({"POST", kPods + "/p/eviction",
                 R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"q"}})"});
  EXPECT_EQ(status2, 400);
  EXPECT_EQ(at(misnamed, {"message"}), "name in URL does not match name in Eviction object");
}

TEST_F(Evictions, KeepToTheirPreconditions) {
  pod("p");
  const std::string uid = at(api_.call({"GET", kPods + "/p"}).second, {"metadata", "uid"});
  auto [status, refused] = evict("p", R"(,"deleteOptions":{"preconditions":{"uid":"another"}})");
  EXPECT_EQ(status, 409);
  EXPECT_EQ(at(refused, {"message"}),
            "Operation cannot be fulfilled on Pod \"p\": the UID in the precondition (another) does not "
            "match the UID "
            "in record (" +
                uid + "). The object might have been deleted and then recreated");
  EXPECT_EQ(evict("p", R"(,"deleteOptions":{"preconditions":{"uid":")" + uid + R"("}})").first, 201);
}

}  // namespace
}  // namespace xebec::apiserver::testing
