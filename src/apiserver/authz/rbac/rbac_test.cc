#include "api/gen/rbacv1.h"
#include "apiserver/authz/node/authorizer.h"
#include "apiserver/authz/rbac/bootstrap.h"
#include "apiserver/authz/rbac/policy.h"
#include "apiserver/authz/rbac/rules.h"

namespace xebec::apiserver::rbac {
namespace {

rbacv1::PolicyRule rule(std::vector<std::string> verbs, std::vector<std::string> groups,
                        std::vector<std::string> resources) {
  rbacv1::PolicyRule out;
  out.verbs = std::move(verbs);
  out.apiGroups = std::move(groups);
  out.resources = std::move(resources);
  return out;
}

std::shared_ptr<const UserInfo> user(std::string name, std::vector<std::string> groups = {}) {
  UserInfo info;
  info.name = std::move(name);
  info.groups = std::move(groups);
  return std::make_shared<const UserInfo>(std::move(info));
}

AuthorizationAttributes ask(std::shared_ptr<const UserInfo> who, std::string verb, std::string resource,
                            std::string ns = "default") {
  AuthorizationAttributes out;
  out.user = std::move(who);
  out.verb = std::move(verb);
  out.namespace_ = std::move(ns);
  out.resource = std::move(resource);
  return out;
}

TEST(RuleAllows, SubresourcesAreAskedForByTheirOwnName) {
  AuthorizationAttributes request = ask(user("jane"), "get", "pods");
  EXPECT_TRUE(rule_allows(rule({"get"}, {""}, {"pods"}), request));
  request.subresource = "log";
  EXPECT_FALSE(rule_allows(rule({"get"}, {""}, {"pods"}), request));
  EXPECT_TRUE(rule_allows(rule({"get"}, {""}, {"pods/log"}), request));
  EXPECT_TRUE(rule_allows(rule({"get"}, {""}, {"*/log"}), request));
  EXPECT_TRUE(rule_allows(rule({"*"}, {"*"}, {"*"}), request));
}

TEST(RuleAllows, NamesAndUrlsNarrowARule) {
  rbacv1::PolicyRule named = rule({"get"}, {""}, {"secrets"});
  named.resourceNames = {"mine"};
  AuthorizationAttributes request = ask(user("jane"), "get", "secrets");
  EXPECT_FALSE(rule_allows(named, request));
  request.name = "mine";
  EXPECT_TRUE(rule_allows(named, request));

  rbacv1::PolicyRule urls;
  urls.verbs = {"get"};
  urls.nonResourceURLs = {"/healthz/*"};
  AuthorizationAttributes path;
  path.is_resource = false;
  path.verb = "get";
  path.path = "/healthz/etcd";
  EXPECT_TRUE(rule_allows(urls, path));
  path.path = "/metrics";
  EXPECT_FALSE(rule_allows(urls, path));
}

TEST(Uncovered, NamesEachRightThatIsMissing) {
  std::vector<rbacv1::PolicyRule> owned = {rule({"get", "list"}, {""}, {"pods"})};
  std::vector<rbacv1::PolicyRule> wanted = {rule({"get", "delete"}, {""}, {"pods"})};
  std::vector<rbacv1::PolicyRule> missing = uncovered(owned, wanted);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(compact_string(missing[0]), "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}");
  std::vector<rbacv1::PolicyRule> everything = {rule({"*"}, {"*"}, {"*"})};
  EXPECT_TRUE(uncovered(everything, wanted).empty());
}

class PolicyTest : public ::testing::Test {
 protected:
  void bind(std::string name, std::string role, std::string kind, std::string subject, std::string ns = "") {
    rbacv1::Subject to;
    to.kind = std::move(kind);
    to.name = std::move(subject);
    if (to.kind == "ServiceAccount") to.namespace_ = "default";
    if (ns.empty()) {
      rbacv1::ClusterRoleBinding binding;
      binding.metadata.name = std::move(name);
      binding.roleRef.kind = "ClusterRole";
      binding.roleRef.name = std::move(role);
      binding.subjects = {to};
      policy_.set_cluster_role_binding(binding);
    } else {
      rbacv1::RoleBinding binding;
      binding.metadata.name = std::move(name);
      binding.metadata.namespace_ = std::move(ns);
      binding.roleRef.kind = "ClusterRole";
      binding.roleRef.name = std::move(role);
      binding.subjects = {to};
      policy_.set_role_binding(binding);
    }
  }
  void role(std::string name, rbacv1::PolicyRule r) {
    rbacv1::ClusterRole out;
    out.metadata.name = std::move(name);
    out.rules = {std::move(r)};
    policy_.set_cluster_role(out);
  }
  Policy policy_;
};

TEST_F(PolicyTest, ABindingInANamespaceCountsThereOnly) {
  role("reader", rule({"get"}, {""}, {"pods"}));
  bind("jane", "reader", "User", "jane", "team");
  Verdict there = policy_.authorize(ask(user("jane"), "get", "pods", "team"));
  EXPECT_EQ(there.decision, Decision::kAllow);
  EXPECT_EQ(there.reason,
            "RBAC: allowed by RoleBinding \"jane/team\" of ClusterRole \"reader\" to User \"jane\"");
  EXPECT_EQ(policy_.authorize(ask(user("jane"), "get", "pods", "other")).decision, Decision::kNoOpinion);
}

TEST_F(PolicyTest, GroupsAndServiceAccountsAreSubjects) {
  role("reader", rule({"get"}, {""}, {"pods"}));
  bind("g", "reader", "Group", "readers");
  bind("s", "reader", "ServiceAccount", "robot");
  EXPECT_EQ(policy_.authorize(ask(user("x", {"readers"}), "get", "pods")).decision, Decision::kAllow);
  EXPECT_EQ(policy_.authorize(ask(user("system:serviceaccount:default:robot"), "get", "pods")).decision,
            Decision::kAllow);
  EXPECT_EQ(policy_.authorize(ask(user("system:serviceaccount:other:robot"), "get", "pods")).decision,
            Decision::kNoOpinion);
}

TEST_F(PolicyTest, ARemovedBindingGrantsNothingAndAMissingRoleIsNamed) {
  role("reader", rule({"get"}, {""}, {"pods"}));
  bind("jane", "reader", "User", "jane");
  policy_.remove_cluster_role_binding("jane");
  EXPECT_EQ(policy_.authorize(ask(user("jane"), "get", "pods")).decision, Decision::kNoOpinion);
  bind("ghost", "nobody", "User", "jane");
  EXPECT_EQ(policy_.authorize(ask(user("jane"), "get", "pods")).reason,
            "RBAC: clusterrole.rbac.authorization.k8s.io \"nobody\" not found");
}

TEST(Bootstrap, EveryObjectDecodesAndHasItsLabel) {
  auto objects = bootstrap_objects();
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_GT(objects->size(), 100u);
  for (const api::Object& object : *objects) {
    EXPECT_EQ(object.meta()->labels.value_or("kubernetes.io/bootstrapping", ""), "rbac-defaults")
        << object.meta()->name;
  }
}

TEST(NodeAuthorizer, ANodeReadsOnlyWhatItsPodsNeed) {
  auto graph = std::make_shared<node::Graph>();
  corev1::Pod pod;
  pod.metadata.name = "p";
  pod.metadata.namespace_ = "default";
  pod.spec.nodeName = "a";
  pod.spec.volumes.emplace_back().secret.emplace().secretName = "needed";
  graph->set_pod(pod);
  auto authorizer = node::make_authorizer(graph, {});
  AuthorizationAttributes request = ask(user("system:node:a", {"system:nodes"}), "get", "secrets");
  request.name = "needed";
  EXPECT_EQ(authorizer->authorize(request).decision, Decision::kAllow);
  request.name = "other";
  EXPECT_EQ(authorizer->authorize(request).decision, Decision::kNoOpinion);
  request.name = "needed";
  request.user = user("system:node:b", {"system:nodes"});
  EXPECT_EQ(authorizer->authorize(request).decision, Decision::kNoOpinion);
  graph->remove_pod("default", "p");
  request.user = user("system:node:a", {"system:nodes"});
  EXPECT_EQ(authorizer->authorize(request).decision, Decision::kNoOpinion);
}

}  // namespace
}  // namespace xebec::apiserver::rbac
