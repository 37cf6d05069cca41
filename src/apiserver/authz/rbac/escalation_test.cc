// RBAC on a whole server: who may do what, and that nobody gives more than he has.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kRbac = "/apis/rbac.authorization.k8s.io/v1";

class Rbac : public ::testing::Test {
 protected:
  void bind(const std::string& role, const std::string& user, const std::string& ns = "") {
    const std::string kind = ns.empty() ? "/clusterrolebindings" : "/namespaces/" + ns + "/rolebindings";
    instance_.create(
        kRbac + kind,
        R"({"metadata":{"name":")" + role + "-" + user +
            R"("},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":")" + role +
            R"("},"subjects":[{"kind":"User","name":")" + user + R"("}]})");
  }
  void cluster_role(const std::string& name, const std::string& rules) {
    instance_.create(kRbac + "/clusterroles",
                     R"({"metadata":{"name":")" + name + R"("},"rules":[)" + rules + "]}");
  }
  codec::Value as(const std::string& user, int code, const std::string& method, const std::string& target,
                  const std::string& body = "") {
    // Policy follows what is stored.
    instance_.advance(std::chrono::seconds(1));
    auto [status, answer] = instance_.call({method, target, body, {}, user});
    EXPECT_EQ(status, code) << user << " " << method << " " << target << ": " << codec::to_json(answer);
    return answer;
  }
  TestInstance instance_;
};

TEST_F(Rbac, ForbidsInUpstreamsWords) {
  const codec::Value answer = as("jane", 403, "GET", "/apis/apps/v1/namespaces/default/deployments/d");
  EXPECT_EQ(
      codec::to_json(answer),
      R"({"apiVersion":"v1","code":403,"details":{"group":"apps","kind":"deployments","name":"d"},)"
      R"("kind":"Status","message":"deployments.apps \"d\" is forbidden: User \"jane\" cannot get resource )"
      R"(\"deployments\" in API group \"apps\" in the namespace \"default\"","metadata":{},)"
      R"("reason":"Forbidden","status":"Failure"})");
  const codec::Value path = as("jane", 403, "GET", "/metrics");
  EXPECT_EQ(
      codec::to_json(path),
      R"({"apiVersion":"v1","code":403,"details":{},"kind":"Status","message":"forbidden: User \"jane\" )"
      R"(cannot get path \"/metrics\"","metadata":{},"reason":"Forbidden","status":"Failure"})");
}

TEST_F(Rbac, ARoleCountsWhereItIsBound) {
  cluster_role("reader", R"({"apiGroups":[""],"resources":["configmaps"],"verbs":["get","list"]})");
  bind("reader", "jane", "default");
  as("jane", 200, "GET", "/api/v1/namespaces/default/configmaps");
  as("jane", 403, "GET", "/api/v1/namespaces/kube-system/configmaps");
  as("jane", 403, "GET", "/api/v1/configmaps");
  as("jane", 403, "POST", "/api/v1/namespaces/default/configmaps", R"({"metadata":{"name":"m"}})");
  bind("reader", "joe");
  as("joe", 200, "GET", "/api/v1/configmaps");
  EXPECT_EQ(instance_.call({"DELETE", kRbac + "/clusterrolebindings/reader-joe"}).first, 200);
  as("joe", 403, "GET", "/api/v1/configmaps");
}

TEST_F(Rbac, UrlsAreGrantedByPrefix) {
  cluster_role("urls", R"({"nonResourceURLs":["/metrics","/livez/*"],"verbs":["get"]})");
  bind("urls", "jane");
  as("jane", 200, "GET", "/metrics");
  as("jane", 200, "GET", "/livez/ping");
  as("jane", 403, "GET", "/openid/v1/jwks");
}

TEST_F(Rbac, CreatingByUpdateNeedsTheRightToCreate) {
  cluster_role("updater",
               R"({"apiGroups":["coordination.k8s.io"],"resources":["leases"],"verbs":["update","patch"]})");
  bind("updater", "jane");
  const std::string lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
  const std::string body =
      R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"}})";
  EXPECT_EQ(at(as("jane", 403, "PUT", lease, body), {"message"}),
            "leases.coordination.k8s.io \"l\" is forbidden: ");
  instance_.advance(std::chrono::seconds(1));
  auto [status, applied] = instance_.call(
      {"PATCH", lease + "?fieldManager=m", body, {{"Content-Type", "application/apply-patch+yaml"}}, "jane"});
  EXPECT_EQ(status, 403) << codec::to_json(applied);
  EXPECT_EQ(instance_.call({"PUT", lease, body}).first, 201);
}

TEST_F(Rbac, NobodyGivesWhatHeDoesNotHave) {
  cluster_role("writer",
               R"({"apiGroups":["rbac.authorization.k8s.io"],"resources":["*"],"verbs":["create","update"]},
                            {"apiGroups":[""],"resources":["pods"],"verbs":["get"]})");
  bind("writer", "jane");
  const std::string role = R"({"metadata":{"name":"r"},"rules":[
      {"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]},
      {"apiGroups":["apps"],"resources":["deployments"],"verbs":["get"],"resourceNames":["a"]},
      {"nonResourceURLs":["/x"],"verbs":["get"]}]})";
  EXPECT_EQ(at(as("jane", 403, "POST", kRbac + "/clusterroles", role), {"message"}),
            "clusterroles.rbac.authorization.k8s.io \"r\" is forbidden: user \"jane\" "
            "(groups=[\"system:authenticated\"]) "
            "is attempting to grant RBAC permissions not currently held:\n"
            "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\" \"watch\"]}\n"
            "{APIGroups:[\"apps\"], Resources:[\"deployments\"], ResourceNames:[\"a\"], Verbs:[\"get\"]}\n"
            "{NonResourceURLs:[\"/x\"], Verbs:[\"get\"]}");
  as("jane", 201, "POST", kRbac + "/clusterroles",
     R"({"metadata":{"name":"held"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})");
  // Nor by writing again what is there.
  cluster_role("big", R"({"apiGroups":["*"],"resources":["*"],"verbs":["*"]})");
  auto [status, big] = instance_.call({"GET", kRbac + "/clusterroles/big"});
  big.set_path({"metadata", "labels", "a"}, "b");
  EXPECT_THAT(at(as("jane", 403, "PUT", kRbac + "/clusterroles/big", codec::to_json(big)), {"message"}),
              HasSubstr("{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}"));
  // But the garbage collector may do its work.
  auto [status2, again] = instance_.call({"GET", kRbac + "/clusterroles/big"});
  again.set_path({"metadata", "finalizers"}, codec::ValueList{codec::Value("example.com/f")});
  as("jane", 200, "PUT", kRbac + "/clusterroles/big", codec::to_json(again));
}

TEST_F(Rbac, AggregationIsForAdministrators) {
  cluster_role(
      "writer",
      R"({"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["create"]})");
  bind("writer", "jane");
  const std::string role = R"({"metadata":{"name":"sum"},"aggregationRule":{"clusterRoleSelectors":[
      {"matchLabels":{"sum":"yes"}}]},"rules":[]})";
  EXPECT_EQ(at(as("jane", 403, "POST", kRbac + "/clusterroles", role), {"message"}),
            "clusterroles.rbac.authorization.k8s.io \"sum\" is forbidden: must have cluster-admin privileges "
            "to use an "
            "aggregationRule");
  bind("cluster-admin", "boss");
  as("boss", 201, "POST", kRbac + "/clusterroles", role);
}

TEST_F(Rbac, EscalateAndBindAreRightsOfTheirOwn) {
  cluster_role(
      "escalator",
      R"({"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["create","escalate"]})");
  bind("escalator", "jane");
  as("jane", 201, "POST", kRbac + "/clusterroles",
     R"({"metadata":{"name":"all"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})");
  cluster_role("binder",
               R"({"apiGroups":["rbac.authorization.k8s.io"],"resources":["rolebindings"],"verbs":["create"]},
      {"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"verbs":["bind"],"resourceNames":["view"]})");
  bind("binder", "joe");
  auto binding = [](const std::string& role) {
    return R"({"metadata":{"name":"b-)" + role + R"("},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
        "kind":"ClusterRole","name":")" +
           role + R"("},"subjects":[{"kind":"User","name":"joe"}]})";
  };
  const std::string bindings = kRbac + "/namespaces/default/rolebindings";
  as("joe", 201, "POST", bindings, binding("view"));
  EXPECT_THAT(
      at(as("joe", 403, "POST", bindings, binding("all")), {"message"}),
      HasSubstr("rolebindings.rbac.authorization.k8s.io \"b-all\" is forbidden: user \"joe\" "
                "(groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently "
                "held:\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}"));
  EXPECT_EQ(at(as("joe", 404, "POST", bindings, binding("nobody")), {"message"}),
            "clusterroles.rbac.authorization.k8s.io \"nobody\" not found");
}

}  // namespace
}  // namespace xebec::apiserver::testing
