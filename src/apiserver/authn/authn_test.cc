// Who a request is from: certificates, tokens and what makes them void, TokenReview, impersonation, and the
// answer to whoever is nobody.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kAccounts = "/api/v1/namespaces/default/serviceaccounts";
const std::string kPods = "/api/v1/namespaces/default/pods";
const std::string kReviews = "/apis/authentication.k8s.io/v1/tokenreviews";
const std::string kSelf = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

class Authentication : public ::testing::Test {
 protected:
  void SetUp() override {
    account_ = at(instance_.create(kAccounts, R"({"metadata":{"name":"robot"}})"), {"metadata", "uid"});
  }

  std::string token(const std::string& spec = "") {
    const codec::Value made = instance_.create(kAccounts + "/robot/token", R"({"spec":{)" + spec + "}}");
    return at(made, {"status", "token"});
  }
  std::string bound(const std::string& kind, const std::string& name) {
    return R"("boundObjectRef":{"apiVersion":"v1","kind":")" + kind + R"(","name":")" + name + R"("})";
  }
  // The error TokenReview names; empty: it is good.
  std::string review(const std::string& token, const std::string& audiences = "") {
    codec::Value made = instance_.create(
        kReviews, R"({"spec":{"token":")" + token + R"(","audiences":[)" + audiences + "]}}");
    const bool good = at(made, {"status", "authenticated"}) == "true";
    EXPECT_EQ(at(made, {"status", "error"}) == "(absent)", good) << codec::to_json(made);
    return good ? "" : at(made, {"status", "error"});
  }
  std::pair<int, codec::Value> with_token(const std::string& token, const std::string& method,
                                          const std::string& target, const std::string& body = "") {
    return instance_.call({method, target, body, {{"Authorization", "Bearer " + token}}, ""});
  }

  TestInstance instance_;
  std::string account_;
};

TEST_F(Authentication, ATokenSpeaksForItsAccount) {
  auto [status, self] = with_token(token(), "POST", kSelf, "{}");
  ASSERT_EQ(status, 201) << codec::to_json(self);
  EXPECT_EQ(at(self, {"status", "userInfo", "username"}), "system:serviceaccount:default:robot");
  EXPECT_EQ(at(self, {"status", "userInfo", "uid"}), account_);
  EXPECT_EQ(at(self, {"status", "userInfo", "groups"}),
            R"(["system:serviceaccounts","system:serviceaccounts:default","system:authenticated"])");
}

TEST_F(Authentication, ABadTokenIsUnauthorized) {
  for (const std::string bad : {"nonsense", "a.b.c"}) {
    auto [status, answer] = with_token(bad, "GET", "/api/v1/pods");
    EXPECT_EQ(status, 401);
    EXPECT_EQ(codec::to_json(answer),
              R"({"apiVersion":"v1","code":401,"kind":"Status","message":"Unauthorized","metadata":{},)"
              R"("reason":"Unauthorized","status":"Failure"})");
  }
  std::string changed = token();
  changed[changed.size() - 5] = changed[changed.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(with_token(changed, "GET", "/api/v1/pods").first, 401);
}

TEST_F(Authentication, WhoShowsNothingIsAnonymous) {
  auto [status, answer] = instance_.call({"GET", "/api/v1/pods", "", {}, ""});
  EXPECT_EQ(status, 403);
  EXPECT_EQ(
      at(answer, {"message"}),
      "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" at the "
      "cluster scope");
  EXPECT_EQ(instance_.call({"GET", "/version", "", {}, ""}).first, 200);
}

TEST_F(Authentication, ACertificateSaysWhoItIs) {
  pki::IssueSpec spec;
  spec.subject = {"jane", {"readers"}};
  spec.usages = {pki::Usage::kClient};
  auto connect = [&](const pki::CertificateAuthority& ca) {
    const std::string pem = ca.issue(spec, kInstanceStart).value().certificate_pem;
    auto connection = std::make_shared<http::Connection>();
    connection->peer_chain = {pki::Certificate::parse_pem(pem).value().der()};
    http::Response response = instance_.send({"POST", kSelf, "{}", {}, ""}, Context(), connection);
    return std::pair(response.status, instance_.text(response));
  };
  auto [status, text] = connect(client_ca());
  EXPECT_EQ(status, 201);
  EXPECT_THAT(text, HasSubstr(R"("username":"jane")"));
  EXPECT_THAT(text, HasSubstr(R"("groups":["readers","system:authenticated"])"));
  auto stranger = pki::CertificateAuthority::create("other", std::chrono::hours(24), kInstanceStart).value();
  EXPECT_EQ(connect(stranger).first, 401);
  spec.usages = {pki::Usage::kServer};
  EXPECT_EQ(connect(client_ca()).first, 401);
  spec.usages = {pki::Usage::kClient};
  spec.validity = std::chrono::hours(1);
  EXPECT_EQ(connect(client_ca()).first, 201);
  instance_.advance(std::chrono::hours(2));
  EXPECT_EQ(connect(client_ca()).first, 401);
}

TEST_F(Authentication, ATokenExpires) {
  const std::string short_lived = token(R"("expirationSeconds":600)");
  EXPECT_EQ(review(short_lived), "");
  instance_.advance(std::chrono::minutes(12));
  EXPECT_EQ(review(short_lived), "[invalid bearer token, service account token has expired]");
  EXPECT_EQ(with_token(short_lived, "POST", kSelf, "{}").first, 401);
}

TEST_F(Authentication, ATokenIsForItsAudiences) {
  const std::string foreign = token(R"("audiences":["vault","db"])");
  EXPECT_EQ(with_token(foreign, "POST", kSelf, "{}").first, 401);
  EXPECT_EQ(review(foreign, R"("vault")"), "");
  EXPECT_EQ(review(foreign),
            "[invalid bearer token, token audiences [\"vault\" \"db\"] is invalid for the target audiences "
            "[\"https://kubernetes.default.svc.cluster.local\"]]");
  const codec::Value made =
      instance_.create(kReviews, R"({"spec":{"token":")" + foreign + R"(","audiences":["db","other"]}})");
  EXPECT_EQ(at(made, {"status", "audiences"}), R"(["db"])");
}

TEST_F(Authentication, ATokenEndsWithItsAccount) {
  const std::string good = token();
  EXPECT_EQ(instance_.call({"DELETE", kAccounts + "/robot"}).first, 200);
  EXPECT_EQ(review(good), "[invalid bearer token, serviceaccounts \"robot\" not found]");
  const codec::Value again = instance_.create(kAccounts, R"({"metadata":{"name":"robot"}})");
  EXPECT_EQ(review(good), "[invalid bearer token, service account UID (" + at(again, {"metadata", "uid"}) +
                              ") does not match claim (" + account_ + ")]");
}

TEST_F(Authentication, ATokenEndsWithWhatItIsBoundTo) {
  auto pod = [this] {
    return at(instance_.create(kPods, R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"robot",
                               "containers":[{"name":"c","image":"i"}]}})"),
              {"metadata", "uid"});
  };
  const std::string uid = pod();
  instance_.create("/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s"}})");
  instance_.create("/api/v1/nodes", R"({"metadata":{"name":"n"}})");
  const std::string of_pod = token(bound("Pod", "p")), of_secret = token(bound("Secret", "s")),
                    of_node = token(bound("Node", "n"));
  for (const std::string& good : {of_pod, of_secret, of_node}) EXPECT_EQ(review(good), "");
  EXPECT_EQ(instance_.call({"DELETE", kPods + "/p"}).first, 200);
  EXPECT_EQ(instance_.call({"DELETE", "/api/v1/namespaces/default/secrets/s"}).first, 200);
  EXPECT_EQ(instance_.call({"DELETE", "/api/v1/nodes/n"}).first, 200);
  for (const std::string& gone : {of_pod, of_secret, of_node})
    EXPECT_EQ(review(gone), "[invalid bearer token, service account token has been invalidated]");
  const std::string other = pod();
  EXPECT_EQ(review(of_pod), "[invalid bearer token, pod UID (" + other +
                                ") does not match service account pod ref claim (" + uid + ")]");
}

TEST_F(Authentication, TokensAreAskedForWithinBounds) {
  auto refused = [this](const std::string& spec, int code) {
    auto [status, answer] =
        instance_.call({"POST", kAccounts + "/robot/token", R"({"spec":{)" + spec + "}}"});
    EXPECT_EQ(status, code) << codec::to_json(answer);
    return at(answer, {"message"});
  };
  EXPECT_THAT(
      refused(R"("expirationSeconds":599)", 422),
      HasSubstr(
          "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"));
  EXPECT_THAT(refused(R"("expirationSeconds":4294967297)", 422),
              HasSubstr("may not specify a duration larger than 2^32 seconds"));
  EXPECT_EQ(refused(bound("Pod", "nobody"), 404), "pods \"nobody\" not found");
  instance_.create(kAccounts, R"({"metadata":{"name":"other"}})");
  instance_.create(kPods, R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"other",
                   "containers":[{"name":"c","image":"i"}]}})");
  EXPECT_EQ(
      refused(bound("Pod", "p"), 400),
      "cannot bind token for serviceaccount \"robot\" to pod running with different serviceaccount name.");
  auto [status, missing] = instance_.call({"POST", kAccounts + "/nobody/token", "{}"});
  EXPECT_EQ(status, 404);
  EXPECT_EQ(at(missing, {"message"}), "serviceaccounts \"nobody\" not found");
}

TEST_F(Authentication, AReviewNeedsAToken) {
  EXPECT_EQ(instance_.message({"POST", kReviews, R"({"spec":{}})"}),
            "token is required for TokenReview in authentication");
  EXPECT_EQ(review("nonsense"), "invalid bearer token");
}

TEST_F(Authentication, ImpersonationIsPermittedPieceByPiece) {
  instance_.create("/apis/rbac.authorization.k8s.io/v1/clusterroles",
                   R"({"metadata":{"name":"actor"},"rules":[
                       {"apiGroups":[""],"resources":["users"],"verbs":["impersonate"],"resourceNames":["jane"]}]})");
  instance_.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                   R"({"metadata":{"name":"actor"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
                       "kind":"ClusterRole","name":"actor"},"subjects":[{"kind":"User","name":"joe"}]})");
  instance_.advance(std::chrono::seconds(1));
  auto act = [this](std::vector<std::pair<std::string, std::string>> headers, int code) {
    auto [status, answer] = instance_.call({"POST", kSelf, "{}", std::move(headers), "joe"});
    EXPECT_EQ(status, code) << codec::to_json(answer);
    return std::move(answer);
  };
  const codec::Value jane = act({{"Impersonate-User", "jane"}}, 201);
  EXPECT_EQ(at(jane, {"status", "userInfo", "username"}), "jane");
  EXPECT_EQ(at(jane, {"status", "userInfo", "groups"}), R"(["system:authenticated"])");
  const std::string joe = " is forbidden: User \"joe\" cannot impersonate resource ";
  EXPECT_EQ(at(act({{"Impersonate-User", "bob"}}, 403), {"message"}),
            "users \"bob\"" + joe + "\"users\" in API group \"\" at the cluster scope");
  EXPECT_EQ(at(act({{"Impersonate-User", "jane"}, {"Impersonate-Group", "g"}}, 403), {"message"}),
            "groups \"g\"" + joe + "\"groups\" in API group \"\" at the cluster scope");
  EXPECT_EQ(at(act({{"Impersonate-User", "jane"}, {"Impersonate-Uid", "u"}}, 403), {"message"}),
            "uids.authentication.k8s.io \"u\"" + joe +
                "\"uids\" in API group \"authentication.k8s.io\" at the cluster scope");
  EXPECT_EQ(at(act({{"Impersonate-User", "jane"}, {"Impersonate-Extra-Scopes", "v"}}, 403), {"message"}),
            "userextras.authentication.k8s.io \"v\"" + joe +
                "\"userextras/scopes\" in API group \"authentication.k8s.io\" at the cluster scope");
  EXPECT_EQ(at(act({{"Impersonate-User", "system:serviceaccount:default:robot"}}, 403), {"message"}),
            "serviceaccounts \"robot\"" + joe +
                "\"serviceaccounts\" in API group \"\" in the namespace \"default\"");
  // A group alone is nobody.
  act({{"Impersonate-Group", "g"}}, 500);
}

}  // namespace
}  // namespace xebec::apiserver::testing
