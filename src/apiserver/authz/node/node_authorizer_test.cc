// What the Node authorizer lets a kubelet reach: what its Pods and their volumes need, and what bears its
// name.
#include "apiserver/authz/node/authorizer.h"

#include <gtest/gtest.h>

namespace xebec::apiserver::node {
namespace {

std::shared_ptr<const UserInfo> node_user(const std::string& name) {
  UserInfo info;
  info.name = "system:node:" + name;
  info.groups = {"system:nodes"};
  return std::make_shared<const UserInfo>(std::move(info));
}

class NodeAuthorization : public ::testing::Test {
 protected:
  NodeAuthorization() : authorizer_(make_authorizer(graph_, {})) {
    corev1::Pod pod;
    pod.metadata.name = "p";
    pod.metadata.namespace_ = "default";
    pod.spec.nodeName = "a";
    pod.spec.serviceAccountName = "robot";
    pod.spec.imagePullSecrets.emplace_back().name = "pull";
    auto& debug = pod.spec.ephemeralContainers.emplace_back();
    debug.envFrom.emplace_back().secretRef.emplace().name = "env";
    pod.spec.containers.emplace_back().env.emplace_back().valueFrom.emplace().configMapKeyRef.emplace().name =
        "map";
    pod.spec.volumes.emplace_back().persistentVolumeClaim.emplace().claimName = "claim";
    auto& scratch = pod.spec.volumes.emplace_back();
    scratch.name = "scratch";
    scratch.ephemeral.emplace();
    pod.spec.resourceClaims.emplace_back().resourceClaimName = "device";
    graph_->set_pod(pod);
    corev1::PersistentVolume volume;
    volume.metadata.name = "v";
    volume.spec.claimRef.emplace().namespace_ = "default";
    volume.spec.claimRef->name = "claim";
    auto& csi = volume.spec.csi.emplace();
    csi.nodeStageSecretRef.emplace().namespace_ = "storage";
    csi.nodeStageSecretRef->name = "stage";
    csi.controllerPublishSecretRef.emplace().namespace_ = "storage";
    csi.controllerPublishSecretRef->name = "controller";
    graph_->set_volume(volume);
    graph_->set_owned("volumeattachments", "attachment", "a");
    graph_->set_owned("resourceslices", "slice", "a");
  }

  AuthorizationAttributes request(const std::string& verb, const std::string& resource,
                                  const std::string& name, const std::string& ns = "default",
                                  const std::string& group = "") {
    AuthorizationAttributes out;
    out.user = node_user("a");
    out.verb = verb;
    out.group = group;
    out.resource = resource;
    out.name = name;
    out.namespace_ = ns;
    return out;
  }
  std::string reason(const AuthorizationAttributes& asked) {
    const Verdict verdict = authorizer_->authorize(asked);
    return verdict.decision == Decision::kAllow ? "allowed" : verdict.reason;
  }
  std::string reason(const std::string& verb, const std::string& resource, const std::string& name,
                     const std::string& ns = "default", const std::string& group = "") {
    return reason(request(verb, resource, name, ns, group));
  }

  std::shared_ptr<Graph> graph_ = std::make_shared<Graph>();
  std::unique_ptr<Authorizer> authorizer_;
  const std::string unrelated_ = "no relationship found between node 'a' and this object";
};

TEST_F(NodeAuthorization, AllowsWhatThePodsNeed) {
  for (const char* secret : {"pull", "env"}) EXPECT_EQ(reason("get", "secrets", secret), "allowed") << secret;
  EXPECT_EQ(reason("watch", "configmaps", "map"), "allowed");
  for (const char* claim : {"claim", "p-scratch"})
    EXPECT_EQ(reason("get", "persistentvolumeclaims", claim), "allowed") << claim;
  EXPECT_EQ(reason("get", "persistentvolumes", "v", ""), "allowed");
  EXPECT_EQ(reason("get", "secrets", "stage", "storage"), "allowed");
  EXPECT_EQ(reason("get", "resourceclaims", "device", "default", "resource.k8s.io"), "allowed");
  EXPECT_EQ(reason("get", "volumeattachments", "attachment", "", "storage.k8s.io"), "allowed");
  EXPECT_EQ(reason("get", "resourceslices", "slice", "", "resource.k8s.io"), "allowed");
  EXPECT_EQ(reason("get", "serviceaccounts", "robot"), "allowed");
  AuthorizationAttributes token = request("create", "serviceaccounts", "robot");
  token.subresource = "token";
  EXPECT_EQ(reason(token), "allowed");
}

TEST_F(NodeAuthorization, RefusesWhatTheyDoNotNeed) {
  EXPECT_EQ(reason("get", "secrets", "other"), unrelated_);
  EXPECT_EQ(reason("get", "secrets", "pull", "elsewhere"), unrelated_);
  EXPECT_EQ(reason("get", "secrets", "controller", "storage"), unrelated_);
  EXPECT_EQ(reason("list", "secrets", ""), "No Object name found");
  EXPECT_EQ(reason("list", "secrets", "pull", ""), "can only read namespaced object of this type");
  EXPECT_EQ(reason("update", "secrets", "pull"), "can only read resources of this type");
  EXPECT_EQ(reason("list", "persistentvolumes", "v", ""), "can only get individual resources of this type");
  EXPECT_EQ(reason("list", "serviceaccounts", ""), "can only create tokens for individual service accounts");
  AuthorizationAttributes status = request("get", "persistentvolumeclaims", "claim");
  status.subresource = "status";
  EXPECT_EQ(reason(status), "can only get/update/patch this type");
  status.verb = "patch";
  EXPECT_EQ(reason(status), "allowed");
  EXPECT_EQ(reason("get", "podcertificaterequests", "r", "default", "certificates.k8s.io"), "");
}

TEST_F(NodeAuthorization, GivesNothingToOtherNodesAndNothingForMirrorPods) {
  AuthorizationAttributes other = request("get", "secrets", "pull");
  other.user = node_user("b");
  EXPECT_EQ(reason(other), "no relationship found between node 'b' and this object");
  other.user = node_user("");
  EXPECT_EQ(reason(other), "unknown node for user \"system:node:\"");
  corev1::Pod mirror;
  mirror.metadata.name = "m";
  mirror.metadata.namespace_ = "default";
  mirror.metadata.annotations["kubernetes.io/config.mirror"] = "x";
  mirror.spec.nodeName = "b";
  mirror.spec.imagePullSecrets.emplace_back().name = "pull";
  graph_->set_pod(mirror);
  other.user = node_user("b");
  EXPECT_EQ(reason(other), "no relationship found between node 'b' and this object");
}

TEST_F(NodeAuthorization, ForgetsWhatIsGone) {
  graph_->remove_pod("default", "p");
  EXPECT_EQ(reason("get", "secrets", "pull"), unrelated_);
  EXPECT_EQ(reason("get", "persistentvolumes", "v", ""), unrelated_);
  EXPECT_EQ(reason("get", "secrets", "stage", "storage"), unrelated_);
  graph_->remove_volume("v");
  graph_->remove_owned("volumeattachments", "attachment");
  EXPECT_EQ(reason("get", "volumeattachments", "attachment", "", "storage.k8s.io"), unrelated_);
}

TEST_F(NodeAuthorization, ReadsItsOwnNodeAndPods) {
  EXPECT_EQ(reason("get", "nodes", "a", ""), "allowed");
  EXPECT_EQ(reason("get", "nodes", "b", ""), "node 'a' cannot read 'b', only its own Node object");
  EXPECT_EQ(reason("list", "nodes", "", ""), "node 'a' cannot read all nodes, only its own Node object");
  EXPECT_EQ(reason("delete", "nodes", "a", ""), "");
  EXPECT_EQ(reason("get", "pods", "p"), "allowed");
  EXPECT_EQ(reason("get", "pods", "q"), unrelated_);
  AuthorizationAttributes list = request("list", "pods", "", "");
  EXPECT_EQ(reason(list), "can only list/watch pods with spec.nodeName field selector");
  list.field_selector = "spec.nodeName=b";
  EXPECT_EQ(reason(list), "can only list/watch pods with spec.nodeName field selector");
  list.field_selector = "spec.nodeName=a";
  EXPECT_EQ(reason(list), "allowed");
}

TEST_F(NodeAuthorization, WritesWhatBearsItsName) {
  const std::string leases = "coordination.k8s.io", storage = "storage.k8s.io";
  EXPECT_EQ(reason("update", "leases", "a", "kube-node-lease", leases), "allowed");
  EXPECT_EQ(reason("update", "leases", "b", "kube-node-lease", leases),
            "can only access node lease with the same name as the requesting node");
  EXPECT_EQ(reason("update", "leases", "a", "default", leases),
            "can only access leases in the \"kube-node-lease\" system namespace");
  EXPECT_EQ(reason("list", "leases", "", "kube-node-lease", leases),
            "can only get, create, update, patch, or delete a node lease");
  EXPECT_EQ(reason("update", "csinodes", "a", "", storage), "allowed");
  EXPECT_EQ(reason("update", "csinodes", "b", "", storage),
            "can only access CSINode with the same name as the requesting node");
  EXPECT_EQ(reason("list", "csinodes", "", "", storage),
            "can only get, create, update, patch, or delete a CSINode");
  EXPECT_EQ(reason("list", "resourceslices", "", "", "resource.k8s.io"),
            "can only list/watch/deletecollection resourceslices with nodeName field selector");
}

}  // namespace
}  // namespace xebec::apiserver::node
