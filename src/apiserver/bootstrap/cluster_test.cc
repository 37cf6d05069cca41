// What every cluster has once its API server is ready.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

class BootstrapObjects : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    InstanceOptions options;
    options.advertise_address = "192.0.2.10";
    options.kubelet_client_user = "kube-apiserver-kubelet-client";
    instance_ = std::make_unique<TestInstance>(std::move(options));
  }
  static void TearDownTestSuite() { instance_.reset(); }
  codec::Value get(const std::string& path) {
    auto [status, object] = instance_->call({"GET", path});
    EXPECT_EQ(status, 200) << path;
    return std::move(object);
  }
  static std::unique_ptr<TestInstance> instance_;
};
std::unique_ptr<TestInstance> BootstrapObjects::instance_;

TEST_F(BootstrapObjects, TheServerIsReady) {
  http::Response ready = instance_->send({"GET", "/readyz?verbose"});
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(instance_->text(ready), HasSubstr("[+]poststarthook/rbac/bootstrap-roles ok"));
}

TEST_F(BootstrapObjects, NamespacesOfTheSystem) {
  for (const std::string name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    const codec::Value ns = get("/api/v1/namespaces/" + name);
    EXPECT_EQ(at(ns, {"status", "phase"}), "Active");
    EXPECT_EQ(at(ns, {"metadata", "labels", "kubernetes.io/metadata.name"}), name);
    EXPECT_EQ(at(ns, {"spec", "finalizers"}), R"(["kubernetes"])");
  }
}

TEST_F(BootstrapObjects, PriorityClassesOfTheSystem) {
  const std::string classes = "/apis/scheduling.k8s.io/v1/priorityclasses/";
  EXPECT_EQ(at(get(classes + "system-node-critical"), {"value"}), "2000001000");
  EXPECT_EQ(at(get(classes + "system-cluster-critical"), {"value"}), "2000000000");
}

TEST_F(BootstrapObjects, TheServiceOfTheApiAndItsAddress) {
  const codec::Value service = get("/api/v1/namespaces/default/services/kubernetes");
  EXPECT_EQ(at(service, {"spec", "clusterIP"}), "10.96.0.1");
  EXPECT_EQ(at(service, {"spec", "ports"}),
            R"([{"name":"https","port":443,"protocol":"TCP","targetPort":6443}])");
  EXPECT_EQ(at(service, {"metadata", "labels"}), R"({"component":"apiserver","provider":"kubernetes"})");
  const codec::Value endpoints = get("/api/v1/namespaces/default/endpoints/kubernetes");
  EXPECT_EQ(
      at(endpoints, {"subsets"}),
      R"([{"addresses":[{"ip":"192.0.2.10"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]}])");
  const codec::Value slice = get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes");
  EXPECT_EQ(at(slice, {"addressType"}), "IPv4");
  EXPECT_EQ(at(slice, {"metadata", "labels", "kubernetes.io/service-name"}), "kubernetes");
  const codec::Value range = get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
  EXPECT_EQ(at(range, {"spec", "cidrs"}), R"(["10.96.0.0/12"])");
}

TEST_F(BootstrapObjects, WhoMayCallExtensions) {
  const codec::Value map =
      get("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication");
  EXPECT_THAT(at(map, {"data", "client-ca-file"}), HasSubstr("BEGIN CERTIFICATE"));
}

TEST_F(BootstrapObjects, RolesAndTheirBindings) {
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  const codec::Value admin = get(rbac + "clusterroles/cluster-admin");
  EXPECT_EQ(at(admin, {"metadata", "annotations", "rbac.authorization.kubernetes.io/autoupdate"}), "true");
  EXPECT_EQ(at(admin, {"metadata", "labels", "kubernetes.io/bootstrapping"}), "rbac-defaults");
  EXPECT_THAT(at(get(rbac + "clusterrolebindings/cluster-admin"), {"subjects"}), HasSubstr("system:masters"));
  get(rbac + "namespaces/kube-system/roles/extension-apiserver-authentication-reader");
  get(rbac + "namespaces/kube-public/roles/system:controller:bootstrap-signer");
  const codec::Value roles = get(rbac + "clusterroles");
  EXPECT_GT(roles.find("items")->as_list()->size(), 60u);
}

}  // namespace
}  // namespace xebec::apiserver::testing
