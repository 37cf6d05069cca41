#include "controllers/clusterrole/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

using std::chrono::seconds;

XEBEC_CONTROLLER_SUITE(ClusterRoleAggregationControllerTest);

rbacv1::PolicyRule rule_for(std::string resource) {
  rbacv1::PolicyRule rule;
  rule.verbs = {"get"};
  rule.apiGroups = {""};
  rule.resources = {std::move(resource)};
  return rule;
}

rbacv1::ClusterRole part(std::string name, std::string resource) {
  rbacv1::ClusterRole role;
  role.metadata.name = std::move(name);
  role.metadata.labels["aggregate"] = "yes";
  role.rules.push_back(rule_for(std::move(resource)));
  return role;
}

std::vector<std::string> resources(client::testing::Sim& sim) {
  std::vector<std::string> out;
  const auto whole = sim.api->get<rbacv1::ClusterRole>("", "whole");
  for (const auto& rule : whole->rules) out.push_back(rule.resources.at(0));
  return out;
}

TEST_P(ClusterRoleAggregationControllerTest, TheWholeHasTheRulesOfItsPartsOnceEach) {
  testing::Harness<ClusterRoleAggregationController> h(GetParam());
  rbacv1::ClusterRole whole;
  whole.metadata.name = "whole";
  whole.metadata.labels["aggregate"] = "yes";  // it is no part of itself
  whole.aggregationRule.ensure().clusterRoleSelectors.emplace_back().matchLabels["aggregate"] = "yes";
  whole.rules.push_back(rule_for("secrets"));
  h.sim.api->put(whole);
  h.sim.api->put(part("a", "pods"));
  h.sim.api->put(part("b", "services"));
  h.sim.api->put(part("c", "pods"));
  rbacv1::ClusterRole other = part("other", "nodes");
  other.metadata.labels.clear();
  h.sim.api->put(other);
  h.sim.run_for(seconds(30));
  EXPECT_EQ(resources(h.sim), (std::vector<std::string>{"pods", "services"}));
  h.sim.api->remove<rbacv1::ClusterRole>("", "b");
  h.sim.run_for(seconds(30));
  EXPECT_EQ(resources(h.sim), std::vector<std::string>{"pods"});
}

}  // namespace
}  // namespace xebec::controllers
