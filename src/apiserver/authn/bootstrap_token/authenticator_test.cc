#include "apiserver/authn/bootstrap_token/authenticator.h"

#include <gtest/gtest.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver {
namespace {

using namespace std::chrono_literals;

class BootstrapUser : public ::testing::Test {
 protected:
  BootstrapUser() {
    secret.metadata.namespace_ = "kube-system";
    secret.metadata.name = "bootstrap-token-abcdef";
    secret.type = "bootstrap.kubernetes.io/token";
    set("token-id", "abcdef");
    set("token-secret", "0123456789abcdef");
    set("usage-bootstrap-authentication", "true");
  }
  void set(const char* key, const char* value) { secret.data[key] = api::Bytes(value); }
  std::string why_not() {
    std::string why;
    user = bootstrap_user(secret, token, WallTime(1764460800s), why);
    EXPECT_EQ(user == nullptr, !why.empty());
    return why;
  }

  corev1::Secret secret;
  bootstrap_token::Token token{"abcdef", "0123456789abcdef"};
  std::shared_ptr<const UserInfo> user;
};

TEST_F(BootstrapUser, IsABootstrapper) {
  EXPECT_EQ(why_not(), "");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "system:bootstrap:abcdef");
  EXPECT_EQ(user->groups, (std::vector<std::string>{"system:bootstrappers", "system:authenticated"}));
  set("auth-extra-groups", "system:bootstrappers:kubeadm:default-node-token,system:bootstrappers:b");
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(user->groups.size(), 4U);
}

TEST_F(BootstrapUser, GroupsOfOthersAreNotGiven) {
  set("auth-extra-groups", "system:masters");
  EXPECT_EQ(why_not(), "has a group that bootstrappers may not have");
}

TEST_F(BootstrapUser, EveryPartHasToBeRight) {
  token.secret[3] = 'x';
  EXPECT_EQ(why_not(), "has another secret");
  token.secret = "";
  set("token-secret", "");
  EXPECT_EQ(why_not(), "has another secret") << "no secret at all is none that fits";
  token.secret = "0123456789abcdef";
  set("token-secret", "0123456789abcdef");
  set("token-id", "ghijkl");
  EXPECT_EQ(why_not(), "has another id");
  set("token-id", "abcdef");
  set("usage-bootstrap-authentication", "false");
  EXPECT_EQ(why_not(), "is not for authentication");
  set("usage-bootstrap-authentication", "true");
  secret.type = "Opaque";
  EXPECT_EQ(why_not(), "has the wrong type");
  secret.type = "bootstrap.kubernetes.io/token";
  secret.metadata.deletionTimestamp = api::Time::from_unix(1);
  EXPECT_EQ(why_not(), "is deleted and awaiting removal");
}

TEST_F(BootstrapUser, TokensExpire) {
  set("expiration", "2025-11-30T00:00:01Z");
  EXPECT_EQ(why_not(), "");
  set("expiration", "2025-11-29T23:59:59Z");
  EXPECT_EQ(why_not(), "has expired");
  set("expiration", "soon");
  EXPECT_EQ(why_not(), "has a time of expiration that cannot be read");
}

TEST(BootstrapTokens, AreKnownToTokenReviews) {
  InstanceOptions options;
  options.bootstrap_tokens = true;
  testing::TestInstance instance(std::move(options));
  auto [made, secret] = instance.call(
      {"POST", "/api/v1/namespaces/kube-system/secrets",
       R"({"metadata":{"name":"bootstrap-token-abcdef"},"type":"bootstrap.kubernetes.io/token","stringData":{
           "token-id":"abcdef","token-secret":"0123456789abcdef","usage-bootstrap-authentication":"true"}})"});
  ASSERT_EQ(made, 201) << codec::to_json(secret);
  const auto review = [&](const std::string& token) {
    return instance
        .call(
            {"POST", "/apis/authentication.k8s.io/v1/tokenreviews", R"({"spec":{"token":")" + token + "\"}}"})
        .second;
  };
  const codec::Value good = review("abcdef.0123456789abcdef");
  EXPECT_EQ(testing::at(good, {"status", "authenticated"}), "true") << codec::to_json(good);
  EXPECT_EQ(testing::at(good, {"status", "user", "username"}), "system:bootstrap:abcdef");
  EXPECT_EQ(testing::at(good, {"status", "user", "groups"}),
            R"(["system:bootstrappers","system:authenticated"])");
  const codec::Value bad = review("abcdef.0123456789abcdee");
  EXPECT_EQ(testing::at(bad, {"status", "authenticated"}), "(absent)");
  EXPECT_EQ(testing::at(bad, {"status", "error"}), "invalid bearer token");
}

}  // namespace
}  // namespace xebec::apiserver
