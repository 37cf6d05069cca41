// Old versions of a kind beside the new one: one object, and the rules of the version that a request speaks.
#include <gmock/gmock.h>

#include "api/gen/certificatesv1beta1.h"
#include "apiserver/test_api.h"
#include "security/pki/pki.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kTemplate =
    R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";

std::string certificate_request(const std::string& name, const pki::Subject& subject) {
  certificatesv1beta1::CertificateSigningRequest request;
  request.metadata.name = name;
  const pki::PrivateKey key = pki::PrivateKey::generate_ecdsa().value();
  request.spec.request = api::Bytes(pki::make_certificate_request(key, subject, {}, {}).value());
  request.spec.usages = {"digital signature", "client auth"};
  return codec::encode_json(api::type_of<certificatesv1beta1::CertificateSigningRequest>(), &request, "", "");
}

class VersionRules : public ::testing::Test {
 protected:
  std::pair<int, codec::Value> post(const std::string& path, const std::string& body) {
    return api_.call({"POST", path, body});
  }
  std::pair<int, codec::Value> merge(const std::string& path, const std::string& patch) {
    return api_.call({"PATCH", path, patch, {{"Content-Type", "application/merge-patch+json"}}});
  }
  codec::Value get(const std::string& path) { return api_.call({"GET", path}).second; }
  void create_deployment(const std::string& version) {
    auto [status, made] = post(
        "/apis/" + version + "/namespaces/default/deployments",
        R"({"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},)" + kTemplate + "}}");
    ASSERT_EQ(status, 201) << codec::to_json(made);
  }
  static std::string deployment(const std::string& version) {
    return "/apis/" + version + "/namespaces/default/deployments/web";
  }

  TestApi api_;
};

TEST_F(VersionRules, ShareOneObject) {
  auto [status, made] = post("/apis/extensions/v1beta1/namespaces/default/deployments",
                             R"({"metadata":{"name":"web"},"spec":{)" + kTemplate + "}}");
  ASSERT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(at(made, {"spec", "strategy", "rollingUpdate", "maxSurge"}), "1");
  for (const std::string version : {"apps/v1", "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1"}) {
    const codec::Value got = get(deployment(version));
    EXPECT_EQ(at(got, {"apiVersion"}), version);
    EXPECT_EQ(at(got, {"metadata", "uid"}), at(made, {"metadata", "uid"}));
    EXPECT_EQ(at(got, {"metadata", "resourceVersion"}), at(made, {"metadata", "resourceVersion"}));
    // Who wrote what is told in the version it was written in.
    EXPECT_THAT(at(got, {"metadata", "managedFields"}), HasSubstr(R"("apiVersion":"extensions/v1beta1")"));
    EXPECT_EQ(at(got, {"spec", "revisionHistoryLimit"}), "2147483647");
  }
  auto [again, refused] = post(
      "/apis/apps/v1/namespaces/default/deployments",
      R"({"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},)" + kTemplate + "}}");
  EXPECT_EQ(again, 409) << codec::to_json(refused);
}

TEST_F(VersionRules, ChangedSelectorsUntilAppsV1beta2) {
  create_deployment("apps/v1");
  const std::string change =
      R"({"spec":{"selector":{"matchLabels":{"tier":"a"}},"template":{"metadata":{"labels":{"tier":"a"}}}}})";
  for (const std::string version : {"apps/v1", "apps/v1beta2"}) {
    auto [status, answer] = merge(deployment(version), change);
    EXPECT_EQ(status, 422) << version;
    EXPECT_THAT(at(answer, {"message"}), HasSubstr("field is immutable"));
  }
  EXPECT_EQ(merge(deployment("apps/v1beta1"), change).first, 200);
  EXPECT_EQ(
      merge(
          deployment("extensions/v1beta1"),
          R"({"spec":{"selector":{"matchLabels":{"tier":"b"}},"template":{"metadata":{"labels":{"tier":"b"}}}}})")
          .first,
      200);
}

TEST_F(VersionRules, LeaveWhatWasMadeWhenTheyDelete) {
  for (const std::string version : {"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"}) {
    create_deployment("apps/v1");
    EXPECT_EQ(api_.call({"DELETE", deployment(version)}).first, 200);
    EXPECT_EQ(at(get(deployment("apps/v1")), {"metadata", "finalizers"}), R"(["orphan"])") << version;
    merge(deployment("apps/v1"), R"({"metadata":{"finalizers":null}})");
  }
  create_deployment("apps/v1");
  EXPECT_EQ(api_.call({"DELETE", deployment("apps/v1")}).first, 200);
  EXPECT_EQ(api_.call({"GET", deployment("apps/v1")}).first, 404);
}

TEST_F(VersionRules, HaveScalesOfTheirOwn) {
  create_deployment("apps/v1");
  const codec::Value old = get(deployment("extensions/v1beta1") + "/scale");
  EXPECT_EQ(at(old, {"apiVersion"}), "extensions/v1beta1");
  EXPECT_EQ(at(old, {"kind"}), "Scale");
  EXPECT_EQ(at(old, {"status", "targetSelector"}), "app=web");
  EXPECT_EQ(at(old, {"status", "selector"}), R"({"app":"web"})");
  EXPECT_EQ(at(get(deployment("apps/v1") + "/scale"), {"apiVersion"}), "autoscaling/v1");
  auto [status, scaled] = merge(deployment("apps/v1beta2") + "/scale", R"({"spec":{"replicas":4}})");
  EXPECT_EQ(status, 200) << codec::to_json(scaled);
  EXPECT_EQ(at(scaled, {"apiVersion"}), "apps/v1beta2");
  EXPECT_EQ(at(get(deployment("apps/v1")), {"spec", "replicas"}), "4");
}

TEST_F(VersionRules, RollDeploymentsBack) {
  create_deployment("apps/v1");
  for (const std::string version : {"extensions/v1beta1", "apps/v1beta1"}) {
    auto [status, answer] =
        post(deployment(version) + "/rollback",
             R"({"name":"web","updatedAnnotations":{"why":"broken"},"rollbackTo":{"revision":3}})");
    EXPECT_EQ(status, 201);
    EXPECT_EQ(at(answer, {"status"}), "Success");
    EXPECT_EQ(at(answer, {"message"}), "rollback request for deployment \"web\" succeeded");
  }
  const codec::Value now = get(deployment("apps/v1"));
  EXPECT_EQ(at(now, {"metadata", "annotations", "why"}), "broken");
  EXPECT_EQ(at(now, {"metadata", "annotations", "deprecated.deployment.rollback.to"}), "3");
  EXPECT_EQ(at(get(deployment("extensions/v1beta1")), {"spec", "rollbackTo", "revision"}), "3");

  auto [status, answer] = post(deployment("apps/v1beta1") + "/rollback", R"({"name":"other"})");
  EXPECT_EQ(status, 400);
  EXPECT_EQ(at(answer, {"message"}), "name in URL does not match name in DeploymentRollback object");
  auto [status2, answer2] =
      post(deployment("apps/v1beta1") + "/rollback", R"({"name":"web","rollbackTo":{"revision":-1}})");
  EXPECT_EQ(status2, 422);
  EXPECT_EQ(at(answer2, {"message"}),
            "DeploymentRollback.apps \"web\" is invalid: rollback.version: Invalid value: -1: must be "
            "greater than or "
            "equal to 0");
  EXPECT_EQ(post(deployment("apps/v1beta2") + "/rollback", R"({"name":"web"})").first, 404);
}

TEST_F(VersionRules, NeedNotKnowTheSideEffectsOfWebhooks) {
  const std::string group = "/apis/admissionregistration.k8s.io/";
  const std::string body =
      R"({"metadata":{"name":"hooks"},"webhooks":[{"name":"a.b.c","clientConfig":{"url":"https://e.example"}}]})";
  const std::string plural = "/validatingwebhookconfigurations";
  EXPECT_EQ(post(group + "v1" + plural, body).first, 422);
  auto [status, made] = post(group + "v1beta1" + plural, body);
  EXPECT_EQ(status, 201) << codec::to_json(made);
  const codec::Value now = get(group + "v1" + plural + "/hooks");
  const codec::Value& hook = (*now.find("webhooks")->as_list())[0];
  EXPECT_EQ(at(hook, {"sideEffects"}), "Unknown");
  EXPECT_EQ(at(hook, {"failurePolicy"}), "Ignore");
}

TEST_F(VersionRules, GiveCertificateRequestsASigner) {
  const std::string group = "/apis/certificates.k8s.io/", plural = "/certificatesigningrequests";
  pki::Subject nobody, node;
  nobody.common_name = "walker";
  node.common_name = "system:node:n";
  node.organizations = {"system:nodes"};
  EXPECT_EQ(post(group + "v1" + plural, certificate_request("a", nobody)).first, 422);
  auto [status, made] = post(group + "v1beta1" + plural, certificate_request("a", nobody));
  EXPECT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(at(made, {"spec", "signerName"}), "kubernetes.io/legacy-unknown");
  auto [status2, of_node] = post(group + "v1beta1" + plural, certificate_request("b", node));
  EXPECT_EQ(status2, 201) << codec::to_json(of_node);
  EXPECT_EQ(at(of_node, {"spec", "signerName"}), "kubernetes.io/kube-apiserver-client-kubelet");
}

TEST_F(VersionRules, DefineResourcesWithoutSchemas) {
  const std::string names =
      R"("names":{"plural":"hues","kind":"Hue"},"scope":"Namespaced","group":"example.com")";
  const std::string meta = R"({"metadata":{"name":"hues.example.com"},"spec":{)";
  const std::string group = "/apis/apiextensions.k8s.io/";
  const std::string plural = "/customresourcedefinitions";
  EXPECT_EQ(post(group + "v1" + plural,
                 meta + names + R"(,"versions":[{"name":"v1","served":true,"storage":true}]}})")
                .first,
            422);
  auto [status, made] = post(group + "v1beta1" + plural, meta + names + R"(,"version":"v1"}})");
  EXPECT_EQ(status, 201) << codec::to_json(made);
  const codec::Value now = get(group + "v1" + plural + "/hues.example.com");
  EXPECT_EQ(at(now, {"spec", "preserveUnknownFields"}), "true");
  EXPECT_EQ(at((*now.at_path({"spec", "versions"})->as_list())[0], {"name"}), "v1");
}

TEST_F(VersionRules, KeepTheTopologyOfEndpoints) {
  const std::string rest = R"(,"addressType":"IPv4","endpoints":[{"addresses":["192.0.2.1"],)";
  const std::string path = "/apis/discovery.k8s.io/";
  auto [status, made] =
      post(path + "v1beta1/namespaces/default/endpointslices",
           R"({"metadata":{"name":"a"})" + rest +
               R"("topology":{"topology.kubernetes.io/zone":"z","example.com/rack":"r"}}]})");
  EXPECT_EQ(status, 201) << codec::to_json(made);
  const codec::Value now = get(path + "v1/namespaces/default/endpointslices/a");
  const codec::Value& endpoint = (*now.find("endpoints")->as_list())[0];
  EXPECT_EQ(at(endpoint, {"zone"}), "z");
  EXPECT_EQ(at(endpoint, {"deprecatedTopology"}), R"({"example.com/rack":"r"})");
  auto [status2, made2] =
      post(path + "v1/namespaces/default/endpointslices",
           R"({"metadata":{"name":"b"})" + rest +
               R"("deprecatedTopology":{"kubernetes.io/hostname":"n","example.com/rack":"r"}}]})");
  EXPECT_EQ(status2, 201) << codec::to_json(made2);
  const codec::Value& dropped = (*made2.find("endpoints")->as_list())[0];
  EXPECT_EQ(at(dropped, {"deprecatedTopology"}), "(absent)");
  EXPECT_EQ(at(dropped, {"nodeName"}), "n");
}

TEST_F(VersionRules, NameTheFieldsOfIngressesInTheirErrors) {
  auto [status, answer] = post(
      "/apis/networking.k8s.io/v1beta1/namespaces/default/ingresses",
      R"({"metadata":{"name":"i"},"spec":{"backend":{"serviceName":"UPPER","servicePort":70000},"rules":[{"http":{"paths":[{"path":"/","backend":{"serviceName":"fooSvc","servicePort":80}}]}}]}})");
  EXPECT_EQ(status, 422);
  const std::string message = at(answer, {"message"});
  EXPECT_THAT(message, HasSubstr("spec.backend.serviceName: Invalid value: \"UPPER\""));
  EXPECT_THAT(message, HasSubstr("spec.backend.servicePort: Invalid value: 70000"));
  EXPECT_THAT(message,
              HasSubstr("spec.rules[0].http.paths[0].backend.serviceName: Invalid value: \"fooSvc\""));
}

TEST_F(VersionRules, CountTheTemplatesOfDaemonSets) {
  auto [status, made] = post("/apis/extensions/v1beta1/namespaces/default/daemonsets",
                             R"({"metadata":{"name":"d"},"spec":{)" + kTemplate + "}}");
  ASSERT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(at(made, {"spec", "templateGeneration"}), "1");
  EXPECT_EQ(at(made, {"spec", "updateStrategy", "type"}), "OnDelete");
  const std::string item = "/namespaces/default/daemonsets/d";
  merge("/apis/apps/v1" + item, R"({"spec":{"template":{"metadata":{"labels":{"more":"x"}}}}})");
  EXPECT_EQ(at(get("/apis/extensions/v1beta1" + item), {"spec", "templateGeneration"}), "2");
  EXPECT_EQ(at(get("/apis/apps/v1" + item),
               {"metadata", "annotations", "deprecated.daemonset.template.generation"}),
            "2");
}

}  // namespace
}  // namespace xebec::apiserver::testing
