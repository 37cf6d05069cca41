#include "controllers/bootstrap/controller.h"

#include <gtest/gtest.h>

#include "controllers/testing/harness.h"
#include "security/bootstrap_token.h"

namespace xebec::controllers {
namespace {

using namespace std::chrono_literals;

corev1::Secret token(const std::string& id, const char* expiration = "", bool signs = true) {
  corev1::Secret out;
  out.metadata.namespace_ = "kube-system";
  out.metadata.name = "bootstrap-token-" + id;
  out.metadata.uid = "uid-" + id;
  out.type = "bootstrap.kubernetes.io/token";
  out.data["token-id"] = api::Bytes(id);
  out.data["token-secret"] = api::Bytes("0123456789abcdef");
  if (*expiration != '\0') out.data["expiration"] = api::Bytes(expiration);
  if (signs) out.data["usage-bootstrap-signing"] = api::Bytes("true");
  return out;
}

corev1::ConfigMap info(const std::string& kubeconfig) {
  corev1::ConfigMap out;
  out.metadata.namespace_ = "kube-public";
  out.metadata.name = "cluster-info";
  out.data["kubeconfig"] = kubeconfig;
  return out;
}

class Signer : public ::testing::Test {
 protected:
  std::string signature(const std::string& id) {
    harness_.sim.run_for(1s);
    auto map = harness_.sim.api->get<corev1::ConfigMap>("kube-public", "cluster-info");
    return map ? map->data.value_or("jws-kubeconfig-" + id, "") : "(gone)";
  }
  testing::Harness<BootstrapSignerController> harness_;
  bootstrap_token::Token known_{"abcdef", "0123456789abcdef"};
};

TEST_F(Signer, EveryTokenThatMaySignsTheClustersInfo) {
  harness_.sim.api->put(info("one"));
  harness_.sim.api->put(token("abcdef"));
  harness_.sim.api->put(token("silent", "", false));
  harness_.sim.api->put(token("late00", "2020-01-01T00:00:00Z"));
  EXPECT_TRUE(bootstrap_token::verify(signature("abcdef"), "one", known_));
  EXPECT_EQ(signature("silent"), "");
  EXPECT_EQ(signature("late00"), "");
  auto changed = harness_.sim.api->get<corev1::ConfigMap>("kube-public", "cluster-info").value();
  changed.data["kubeconfig"] = "two";
  harness_.sim.api->put(changed);
  EXPECT_TRUE(bootstrap_token::verify(signature("abcdef"), "two", known_));
  harness_.sim.api->remove<corev1::Secret>("kube-system", "bootstrap-token-abcdef");
  EXPECT_EQ(signature("abcdef"), "") << "a token that has gone signs no more";
}

TEST(TokenCleaner, TokensGoWhenTheirTimeIsOver) {
  testing::Harness<TokenCleanerController> harness;
  harness.sim.api->put(token("forever"));
  harness.sim.api->put(token("hour00", "2025-11-30T01:00:00Z"));
  harness.sim.api->put(token("past00", "2025-11-29T00:00:00Z"));
  harness.sim.api->put(token("odd000", "tomorrow"));
  corev1::Secret other = token("other0", "2025-11-29T00:00:00Z");
  other.type = "Opaque";
  harness.sim.api->put(other);
  auto there = [&](const char* id) {
    return harness.sim.api->get<corev1::Secret>("kube-system", std::string("bootstrap-token-") + id)
        .has_value();
  };
  harness.sim.run_for(5s);
  EXPECT_TRUE(there("forever"));
  EXPECT_TRUE(there("hour00"));
  EXPECT_FALSE(there("past00"));
  EXPECT_FALSE(there("odd000"));
  EXPECT_TRUE(there("other0")) << "no token";
  harness.sim.run_for(1h);
  EXPECT_FALSE(there("hour00"));
  EXPECT_TRUE(there("forever"));
}

}  // namespace
}  // namespace xebec::controllers
