#include "controllers/serviceaccount/controller.h"

#include "controllers/serviceaccount/tokens.h"
#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(ServiceAccountControllerTest);
XEBEC_CONTROLLER_SUITE(RootCaPublisherTest);
XEBEC_CONTROLLER_SUITE(TokensControllerTest);

corev1::Namespace namespace_of(std::string name, std::string phase = "Active") {
  corev1::Namespace ns;
  ns.metadata.name = std::move(name);
  ns.status.phase = std::move(phase);
  return ns;
}

TEST_P(ServiceAccountControllerTest, EveryActiveNamespaceHasADefaultAccountAgainWhenItIsDeleted) {
  testing::Harness<ServiceAccountController> h(GetParam());
  h.sim.api->put(namespace_of("a"));
  h.sim.api->put(namespace_of("leaving", "Terminating"));
  h.sim.run_for(seconds(30));
  ASSERT_TRUE(h.sim.api->get<corev1::ServiceAccount>("a", "default"));
  EXPECT_FALSE(h.sim.api->get<corev1::ServiceAccount>("leaving", "default"));
  h.sim.api->remove<corev1::ServiceAccount>("a", "default");
  h.sim.run_for(seconds(30));
  EXPECT_TRUE(h.sim.api->get<corev1::ServiceAccount>("a", "default"));
}

TEST_P(RootCaPublisherTest, WhatIsChangedInTheConfigMapIsSetRight) {
  ControllerOptions options;
  options.root_ca_pem = "the CA";
  testing::Harness<RootCaPublisher> h(GetParam(), options);
  h.sim.api->put(namespace_of("a"));
  h.sim.run_for(seconds(30));
  auto map = h.sim.api->get<corev1::ConfigMap>("a", "kube-root-ca.crt");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->data.value_or("ca.crt", ""), "the CA");
  std::string described = map->metadata.annotations.value_or("kubernetes.io/description", "");
  EXPECT_TRUE(described.starts_with("Contains a CA bundle that can be used to verify the kube-apiserver"));
  map->data["ca.crt"] = "another";
  map->data["more"] = "x";
  map->metadata.annotations.clear();
  h.sim.api->put(*map);
  h.sim.run_for(seconds(30));
  map = h.sim.api->get<corev1::ConfigMap>("a", "kube-root-ca.crt");
  EXPECT_EQ(map->data.size(), 1u);
  EXPECT_EQ(map->data.value_or("ca.crt", ""), "the CA");
  EXPECT_EQ(map->metadata.annotations.value_or("kubernetes.io/description", ""), described);
}

ControllerOptions token_options(bool generate) {
  ControllerOptions options;
  options.root_ca_pem = "the CA";
  options.legacy_token_secrets = generate;
  options.sign_legacy_token = [](const std::string& ns, const std::string& account, const std::string&,
                                 const std::string&) -> Result<std::string> {
    return "token of " + ns + "/" + account;
  };
  return options;
}

corev1::ServiceAccount account_of(std::string name) {
  corev1::ServiceAccount account;
  account.metadata.name = std::move(name);
  account.metadata.namespace_ = "a";
  return account;
}

corev1::Secret secret_for(std::string account) {
  corev1::Secret secret;
  secret.metadata.name = "own";
  secret.metadata.namespace_ = "a";
  secret.type = "kubernetes.io/service-account-token";
  secret.metadata.annotations["kubernetes.io/service-account.name"] = std::move(account);
  return secret;
}

TEST_P(TokensControllerTest, ASecretOfTheTypeIsFilledAndGoesWithItsAccount) {
  testing::Harness<TokensController> h(GetParam(), token_options(false));
  corev1::ServiceAccount account = h.sim.api->put(account_of("robot"));
  h.sim.api->put(secret_for("robot"));
  h.sim.run_for(seconds(30));
  auto secret = h.sim.api->get<corev1::Secret>("a", "own");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->data["token"].data, "token of a/robot");
  EXPECT_EQ(secret->data["ca.crt"].data, "the CA");
  EXPECT_EQ(secret->data["namespace"].data, "a");
  EXPECT_EQ(secret->metadata.annotations.value_or("kubernetes.io/service-account.uid", ""),
            account.metadata.uid);
  EXPECT_EQ(h.sim.api->list<corev1::Secret>("a").size(), 1u);  // none of its own accord
  h.sim.api->remove<corev1::ServiceAccount>("a", "robot");
  h.sim.run_for(seconds(30));
  EXPECT_FALSE(h.sim.api->get<corev1::Secret>("a", "own"));
}

TEST_P(TokensControllerTest, ASecretOfNobodyGoes) {
  testing::Harness<TokensController> h(GetParam(), token_options(false));
  h.sim.api->put(secret_for("nobody"));
  h.sim.run_for(seconds(30));
  EXPECT_FALSE(h.sim.api->get<corev1::Secret>("a", "own"));
}

TEST_P(TokensControllerTest, AsBeforeEveryAccountGetsOneAndNamesNoneThatIsGone) {
  testing::Harness<TokensController> h(GetParam(), token_options(true));
  h.sim.api->put(account_of("robot"));
  h.sim.run_for(seconds(60));
  auto account = h.sim.api->get<corev1::ServiceAccount>("a", "robot");
  ASSERT_EQ(account->secrets.size(), 1u);
  std::string first = account->secrets[0].name;
  ASSERT_TRUE(h.sim.api->get<corev1::Secret>("a", first));
  h.sim.api->remove<corev1::Secret>("a", first);
  h.sim.run_for(seconds(60));
  account = h.sim.api->get<corev1::ServiceAccount>("a", "robot");
  ASSERT_EQ(account->secrets.size(), 1u);
  EXPECT_NE(account->secrets[0].name, first);
  EXPECT_TRUE(h.sim.api->get<corev1::Secret>("a", account->secrets[0].name));
}

}  // namespace
}  // namespace xebec::controllers
