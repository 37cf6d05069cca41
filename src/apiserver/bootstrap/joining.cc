#include "apiserver/bootstrap/joining.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/gen/rbacv1.h"
#include "apiserver/bootstrap/reconcile.h"
#include "base/all_of.h"
#include "security/pki/digest.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kInfo = "cluster-info";

void settle_info(const corev1::ConfigMap& wanted, corev1::ConfigMap& stored) {
  for (const auto& [key, value] : wanted.data) stored.data[key] = value;
}

rbacv1::PolicyRule rule(std::string group, std::vector<std::string> resources, std::vector<std::string> verbs,
                        std::vector<std::string> names = {}) {
  rbacv1::PolicyRule out;
  out.apiGroups = {std::move(group)};
  out.resources = std::move(resources);
  out.verbs = std::move(verbs);
  out.resourceNames = std::move(names);
  return out;
}

rbacv1::Subject subject(std::string kind, std::string name) {
  rbacv1::Subject out;
  out.apiGroup = kRbac;
  out.kind = std::move(kind);
  out.name = std::move(name);
  return out;
}

rbacv1::ClusterRoleBinding cluster_binding(const char* name, const char* role, rbacv1::Subject to) {
  rbacv1::ClusterRoleBinding out;
  out.metadata.name = name;
  out.roleRef.apiGroup = kRbac;
  out.roleRef.kind = "ClusterRole";
  out.roleRef.name = role;
  out.subjects.push_back(std::move(to));
  return out;
}

// By resource; roles first, then who has them.
std::vector<std::pair<const char*, api::Object>> rights() {
  std::vector<std::pair<const char*, api::Object>> out;
  auto add = [&](const char* resource, auto object) {
    out.emplace_back(resource, api::Object::of(std::move(object)));
  };
  rbacv1::Role reader;
  reader.metadata.namespace_ = "kube-public";
  reader.metadata.name = "xebec:cluster-info";
  reader.rules.push_back(rule("", {"configmaps"}, {"get"}, {std::string(kInfo)}));
  rbacv1::RoleBinding everybody;
  everybody.metadata = reader.metadata;
  everybody.roleRef.apiGroup = kRbac;
  everybody.roleRef.kind = "Role";
  everybody.roleRef.name = reader.metadata.name;
  everybody.subjects.push_back(subject("User", "system:anonymous"));
  add("roles", std::move(reader));
  add("rolebindings", std::move(everybody));

  rbacv1::ClusterRole approver;
  approver.metadata.name = "xebec:kubelet-serving-approver";
  approver.rules.push_back(rule("certificates.k8s.io", {"certificatesigningrequests/approval"}, {"update"}));
  approver.rules.push_back(
      rule("certificates.k8s.io", {"signers"}, {"approve"}, {"kubernetes.io/kubelet-serving"}));
  approver.rules.push_back(rule("", {"nodes"}, {"get"}));
  rbacv1::Subject account;
  account.kind = "ServiceAccount";
  account.namespace_ = "kube-system";
  account.name = "kubelet-serving-approver";
  add("clusterroles", std::move(approver));
  constexpr const char* kBindings = "clusterrolebindings";
  add(kBindings, cluster_binding("xebec:kubelet-serving-approver", "xebec:kubelet-serving-approver",
                                 std::move(account)));

  constexpr const char* kClient = "system:certificates.k8s.io:certificatesigningrequests:nodeclient";
  constexpr const char* kRenewal = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient";
  add(kBindings, cluster_binding("xebec:kubelet-bootstrap", "system:node-bootstrapper",
                                 subject("Group", "system:bootstrappers")));
  add(kBindings,
      cluster_binding("xebec:node-autoapprove-bootstrap", kClient, subject("Group", "system:bootstrappers")));
  add(kBindings, cluster_binding("xebec:node-autoapprove-certificate-rotation", kRenewal,
                                 subject("Group", "system:nodes")));
  return out;
}

}  // namespace

std::string cluster_info_kubeconfig(const JoiningFacts& facts) {
  return fmt::format(
      "apiVersion: v1\n"
      "clusters:\n"
      "- cluster:\n"
      "    certificate-authority-data: {}\n"
      "    server: {}\n"
      "  name: \"\"\n"
      "contexts: null\n"
      "current-context: \"\"\n"
      "kind: Config\n"
      "preferences: {{}}\n"
      "users: null\n",
      pki::base64(facts.ca_pem), facts.server_url);
}

Task<Result<void>> ensure_cluster_info(const RegistryMap* registries, JoiningFacts facts) {
  CO_TRY(Registry * maps, registry_of(registries, "", "configmaps"));
  corev1::ConfigMap map;
  map.metadata.name = kInfo;
  map.metadata.namespace_ = "kube-public";
  map.data["kubeconfig"] = cluster_info_kubeconfig(facts);
  co_return co_await reconcile<corev1::ConfigMap>(maps, std::move(map), settle_info);
}

Task<Result<void>> ensure_joining_rights(const RegistryMap* registries) {
  std::vector<Task<Result<void>>> all;
  for (auto& [resource, object] : rights()) {
    CO_TRY(Registry * registry, registry_of(registries, kRbac, resource));
    all.push_back(ensure(registry, std::move(object)));
  }
  co_return co_await all_of(std::move(all));
}

}  // namespace xebec::apiserver
