// What kubelets are refused, each in upstream's words: they reach admission because the Node authorizer lets
// them write Pods and Nodes at all.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kPods = "/api/v1/namespaces/default/pods";
const std::string kNode = "system:node:n";

// Standard base64 of Bytes in JSON.
std::string base64(std::string_view text) {
  const api::Bytes bytes{std::string(text)};
  std::string out;
  codec::append_json_scalar(api::Kind::Bytes, &bytes, out);
  return out.substr(1, out.size() - 2);
}

class NodeRestriction : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    instance_ = std::make_unique<TestInstance>();
    instance_->create("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
    for (const std::string name : {"n", "other"}) {
      const codec::Value node =
          instance_->create("/api/v1/nodes", R"({"metadata":{"name":")" + name +
                                                 R"(","labels":{"node-restriction.kubernetes.io/a":"b"}}})");
      if (name == "n") uid_ = at(node, {"metadata", "uid"});
      pod("on-" + name, name);
    }
  }
  static void TearDownTestSuite() { instance_.reset(); }
  static codec::Value pod(const std::string& name, const std::string& node, const std::string& spec = "") {
    return instance_->create(kPods, R"({"metadata":{"name":")" + name + R"("},"spec":{"nodeName":")" + node +
                                        R"(","containers":[{"name":"c","image":"i"}])" + spec + "}}");
  }

  // The message of what a kubelet is refused.
  std::string refused(const std::string& method, const std::string& target, const std::string& body = "",
                      int code = 403) {
    Call call{method, target, body, {}, kNode};
    // The graph of what nodes need follows what is stored.
    instance_->advance(std::chrono::seconds(1));
    if (method == "PATCH") call.headers = {{"Content-Type", "application/merge-patch+json"}};
    auto [status, answer] = instance_->call(call);
    EXPECT_EQ(status, code) << method << " " << target << ": " << codec::to_json(answer);
    return at(answer, {"message"});
  }
  static std::string node_says(const std::string& what, const std::string& why) {
    return what + " is forbidden: node \"n\" " + why;
  }

  static std::unique_ptr<TestInstance> instance_;
  static std::string uid_;
};
std::unique_ptr<TestInstance> NodeRestriction::instance_;
std::string NodeRestriction::uid_;

TEST_F(NodeRestriction, ANodeWithoutANameIsRefused) {
  Call call{"POST", kPods, R"({"metadata":{"name":"p"}})", {}, "system:node:"};
  EXPECT_THAT(at(instance_->call(call).second, {"message"}),
              HasSubstr("unknown node for user \"system:node:\""));
}

TEST_F(NodeRestriction, OnlyMirrorPodsOfItsOwnAreCreated) {
  const std::string container = R"("containers":[{"name":"c","image":"i"}])";
  auto create = [&](const std::string& metadata, const std::string& spec) {
    return refused("POST", kPods,
                   R"({"metadata":{"name":"m")" + metadata + R"(},"spec":{)" + container + spec + "}}");
  };
  const std::string mirror = R"(,"annotations":{"kubernetes.io/config.mirror":"x"})";
  const std::string here = R"(,"nodeName":"n")";
  auto owned = [&](const std::string& uid, const std::string& more) {
    return mirror + R"(,"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":")" + uid +
           "\"" + more + "}]";
  };
  const std::string controlled = R"(,"controller":true)";
  const std::string pod = "pods \"m\"";
  EXPECT_EQ(
      create("", here),
      pod +
          " is forbidden: pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n\" can only "
          "create mirror pods");
  EXPECT_EQ(create(mirror, R"(,"nodeName":"other")"),
            node_says(pod, "can only create pods with spec.nodeName set to itself"));
  EXPECT_EQ(create(mirror, here),
            node_says(pod, "can only create pods with an owner reference set to itself"));
  EXPECT_EQ(create(owned(uid_, ""), here),
            node_says(pod, "can only create pods with a controller owner reference set to itself"));
  EXPECT_EQ(create(owned(uid_, controlled + R"(,"blockOwnerDeletion":true)"), here),
            node_says(pod, "must not set blockOwnerDeletion on an owner reference"));
  EXPECT_EQ(create(owned("another", controlled), here),
            pod + " is forbidden: node n UID mismatch: expected another got " + uid_);
  // Nor may they need anything of the API.
  auto refers = [&](const std::string& spec) { return create(owned(uid_, controlled), here + spec); };
  auto to = [&](const std::string& what) {
    return node_says(pod, "can not create pods that reference " + what);
  };
  EXPECT_EQ(refers(R"(,"volumes":[{"name":"v","configMap":{"name":"m"}}])"), to("configmaps"));
  EXPECT_EQ(refers(R"(,"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}])"),
            to("persistentvolumeclaims"));
  EXPECT_EQ(refers(R"(,"volumes":[{"name":"v","csi":{"driver":"d.example.com"}}])"),
            to("csidrivers (via CSI volumes)"));
  EXPECT_EQ(refers(R"(,"resourceClaims":[{"name":"r","resourceClaimName":"c"}])"), to("resourceclaims"));
  auto [status, made] = instance_->call(
      {"POST",
       kPods,
       R"({"metadata":{"name":"m")" + owned(uid_, controlled) + R"(},"spec":{)" + container + here + "}}",
       {},
       kNode});
  EXPECT_EQ(status, 201) << codec::to_json(made);
}

TEST_F(NodeRestriction, OnlyItsOwnPodsAreWrittenAndDeleted) {
  EXPECT_EQ(refused("DELETE", kPods + "/on-other"),
            node_says("pods \"on-other\"", "can only delete pods with spec.nodeName set to itself"));
  const std::string status = R"({"status":{"phase":"Running"}})";
  EXPECT_EQ(
      refused("PATCH", kPods + "/on-other/status", status),
      node_says("pods \"on-other\"", "can only update pod status for pods with spec.nodeName set to itself"));
  EXPECT_EQ(refused("PATCH", kPods + "/on-n/status", R"({"metadata":{"labels":{"a":"b"}}})"),
            node_says("pods \"on-n\"", "cannot update labels through pod status"));
  EXPECT_EQ(refused("PATCH", kPods + "/on-n/status",
                    R"({"status":{"resourceClaimStatuses":[{"name":"r","resourceClaimName":"c"}]}})"),
            node_says("pods \"on-n\"", "cannot update resource claim statues"));
  EXPECT_EQ(refused("PATCH", kPods + "/on-n/status", status, 200), "(absent)");
  const std::string eviction =
      R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"on-other"}})";
  EXPECT_EQ(refused("POST", kPods + "/on-other/eviction", eviction),
            "pods \"on-other\" is forbidden: node n can only evict pods with spec.nodeName set to itself");
}

TEST_F(NodeRestriction, OnlyItsOwnNodeIsWritten) {
  EXPECT_EQ(refused("POST", "/api/v1/nodes", R"({"metadata":{"name":"third"}})"),
            node_says("nodes \"third\"", "is not allowed to modify node \"third\""));
  EXPECT_EQ(refused("PATCH", "/api/v1/nodes/other/status", "{}"),
            node_says("nodes \"other\"", "is not allowed to modify node \"other\""));
  Call create{"POST",
              "/api/v1/nodes",
              R"({"metadata":{"name":"new","labels":{"kubernetes.io/hostname":"new","a.k8s.io/x":"y",
                  "node-restriction.kubernetes.io/b":"c","kubelet.kubernetes.io/ok":"1","plain":"2"}}})",
              {},
              "system:node:new"};
  EXPECT_EQ(
      at(instance_->call(create).second, {"message"}),
      "nodes \"new\" is forbidden: node \"new\" is not allowed to set the following labels: a.k8s.io/x, "
      "node-restriction.kubernetes.io/b");

  auto patched = [this](const std::string& patch) { return refused("PATCH", "/api/v1/nodes/n", patch); };
  EXPECT_EQ(patched(R"({"spec":{"taints":null}})"),
            node_says("nodes \"n\"", "is not allowed to modify taints"));
  EXPECT_EQ(
      patched(R"({"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"}]}})"),
      node_says("nodes \"n\"", "is not allowed to modify ownerReferences"));
  EXPECT_EQ(
      patched(R"({"metadata":{"labels":{"node-restriction.kubernetes.io/a":null,"x.kubernetes.io/y":"z"}}})"),
      "nodes \"n\" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/a, "
      "x.kubernetes.io/y");
  EXPECT_EQ(refused("PATCH", "/api/v1/nodes/n",
                    R"({"metadata":{"labels":{"kubernetes.io/os":"linux","mine":"1"}}})", 200),
            "(absent)");
}

TEST_F(NodeRestriction, LeasesAndStorageNodesHaveItsName) {
  EXPECT_EQ(refused("POST", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
                    R"({"metadata":{"name":"other"}})"),
            "leases.coordination.k8s.io \"other\" is forbidden: can only access node lease with the same "
            "name as the "
            "requesting node");
  EXPECT_EQ(
      refused("POST", "/apis/storage.k8s.io/v1/csinodes",
              R"({"metadata":{"name":"other"},"spec":{"drivers":[]}})"),
      "csinodes.storage.k8s.io \"other\" is forbidden: can only access CSINode with the same name as the "
      "requesting node");
  EXPECT_EQ(refused("POST", "/apis/resource.k8s.io/v1/resourceslices",
                    R"({"metadata":{"name":"s"},"spec":{"driver":"d.example.com","nodeName":"other",
                        "pool":{"name":"p","generation":1,"resourceSliceCount":1}}})"),
            "resourceslices.resource.k8s.io \"s\" is forbidden: can only create ResourceSlice with the same "
            "NodeName "
            "as the requesting node");
}

TEST_F(NodeRestriction, CertificatesAreForItself) {
  const pki::PrivateKey key = pki::PrivateKey::generate_ecdsa().value();
  const std::string request =
      pki::make_certificate_request(key, {"system:node:other", {"system:nodes"}}, {}, {}).value();
  codec::Value body;
  body.set_path({"metadata", "name"}, "r");
  body.set_path({"spec", "signerName"}, "kubernetes.io/kubelet-serving");
  body.set_path({"spec", "request"}, base64(request));
  body.set_path({"spec", "usages"},
                codec::ValueList{codec::Value("digital signature"), codec::Value("server auth")});
  EXPECT_EQ(
      refused("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests", codec::to_json(body)),
      "certificatesigningrequests.certificates.k8s.io \"r\" is forbidden: can only create a node CSR with "
      "CN=system:node:n");
}

TEST_F(NodeRestriction, OfClaimsOnlyTheStatusIsWritten) {
  instance_->create("/api/v1/namespaces/default/persistentvolumeclaims",
                    R"({"metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],
                        "resources":{"requests":{"storage":"1Gi"}}}})");
  pod("claims", "n", R"(,"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}])");
  const std::string claim = "/api/v1/namespaces/default/persistentvolumeclaims/c";
  EXPECT_EQ(refused("PATCH", claim + "/status", R"({"status":{"capacity":{"storage":"1Gi"}}})", 200),
            "(absent)");
  EXPECT_THAT(refused("PATCH", claim + "/status", R"({"metadata":{"labels":{"a":"b"}}})"),
              StartsWith(node_says("persistentvolumeclaims \"c\"",
                                   "is not allowed to update fields other than "
                                   "status.quantity and status.conditions: ")));
}

TEST_F(NodeRestriction, TokensAreForItsPodsAndTheirAudiences) {
  const codec::Value mine = pod("token", "n", R"(,"volumes":[{"name":"v","projected":{"sources":[
                            {"serviceAccountToken":{"path":"t","audience":"vault"}}]}}])");
  const codec::Value foreign = pod("foreign", "other");
  auto ask = [&](const std::string& spec, int code = 403) {
    return refused("POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
                   R"({"spec":{)" + spec + "}}", code);
  };
  auto bound = [](const std::string& name, const std::string& uid) {
    return R"("boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":")" + name + R"(","uid":")" + uid +
           "\"}";
  };
  const std::string account = "serviceaccounts \"default\" is forbidden: ";
  const std::string uid = at(mine, {"metadata", "uid"});
  EXPECT_EQ(ask(""), account + "node requested token not bound to a pod");
  EXPECT_EQ(ask(bound("token", "")), account + "node requested token with a pod binding without a uid");
  EXPECT_EQ(
      ask(bound("token", "another")),
      account +
          "the UID in the bound object reference (another) does not match the UID in record. The object "
          "might have been deleted and then recreated");
  EXPECT_EQ(ask(bound("foreign", at(foreign, {"metadata", "uid"}))),
            account + "node requested token bound to a pod scheduled on a different node");
  EXPECT_EQ(ask(bound("token", uid) + R"(,"audiences":["a","b"])"),
            account + "node may only request 0 or 1 audiences");
  EXPECT_EQ(ask(bound("token", uid) + R"(,"audiences":["other"])"),
            account +
                "audience \"other\" not found in pod spec volume, system:node:n is not authorized to request "
                "tokens for this audience");
  EXPECT_EQ(ask(bound("token", uid) + R"(,"audiences":["vault"])", 201), "(absent)");
  EXPECT_EQ(ask(bound("token", uid), 201), "(absent)");
}

}  // namespace
}  // namespace xebec::apiserver::testing
