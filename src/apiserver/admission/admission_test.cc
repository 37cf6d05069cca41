// What the admission plugins fill in and refuse, each in upstream's words, and in which order they are asked.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;

const std::string kPods = "/api/v1/namespaces/default/pods";
const std::string kClasses = "/apis/scheduling.k8s.io/v1/priorityclasses";

std::string pod_named(const std::string& name, const std::string& spec = "",
                      const std::string& metadata = "") {
  return R"({"metadata":{"name":")" + name + "\"" + metadata +
         R"(},"spec":{"containers":[{"name":"c","image":"i"}])" + spec + "}}";
}

class Admission : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    instance_ = std::make_unique<TestInstance>();
    instance_->create("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
  }
  static void TearDownTestSuite() { instance_.reset(); }
  // The message of a refused create.
  std::string refused(const std::string& collection, const std::string& body, int code = 403) {
    auto [status, answer] = instance_->call({"POST", collection, body});
    EXPECT_EQ(status, code) << codec::to_json(answer);
    return at(answer, {"message"});
  }
  static std::unique_ptr<TestInstance> instance_;
};
std::unique_ptr<TestInstance> Admission::instance_;

TEST_F(Admission, ANamespaceMustExistForWhatIsMadeInIt) {
  EXPECT_EQ(refused("/api/v1/namespaces/nowhere/configmaps", R"({"metadata":{"name":"m"}})", 404),
            "namespaces \"nowhere\" not found");
}

TEST_F(Admission, NothingIsMadeInANamespaceThatEnds) {
  instance_->create("/api/v1/namespaces", R"({"metadata":{"name":"ending"}})");
  instance_->create("/api/v1/namespaces/ending/configmaps", R"({"metadata":{"name":"before"}})");
  EXPECT_EQ(instance_->call({"DELETE", "/api/v1/namespaces/ending"}).first, 200);
  auto [status, answer] =
      instance_->call({"POST", "/api/v1/namespaces/ending/configmaps", R"({"metadata":{"name":"m"}})"});
  EXPECT_EQ(status, 403);
  EXPECT_EQ(
      at(answer, {"message"}),
      "configmaps \"m\" is forbidden: unable to create new content in namespace ending because it is being "
      "terminated");
  const codec::Value* causes = answer.at_path({"details", "causes"});
  ASSERT_TRUE(causes && causes->as_list() && causes->as_list()->size() == 1) << codec::to_json(answer);
  const codec::Value& cause = (*causes->as_list())[0];
  EXPECT_EQ(at(cause, {"reason"}), "NamespaceTerminating");
  EXPECT_EQ(at(cause, {"message"}), "namespace ending is being terminated");
  EXPECT_EQ(at(cause, {"field"}), "metadata.namespace");
  // What is there may still change and go.
  EXPECT_EQ(instance_
                ->call({"PATCH",
                        "/api/v1/namespaces/ending/configmaps/before",
                        R"({"data":{"a":"b"}})",
                        {{"Content-Type", "application/merge-patch+json"}}})
                .first,
            200);
  EXPECT_EQ(instance_->call({"DELETE", "/api/v1/namespaces/ending/configmaps/before"}).first, 200);
}

TEST_F(Admission, TheSystemsNamespacesStay) {
  for (const std::string name : {"default", "kube-system", "kube-public"}) {
    auto [status, answer] = instance_->call({"DELETE", "/api/v1/namespaces/" + name});
    EXPECT_EQ(status, 403);
    EXPECT_EQ(at(answer, {"message"}),
              "namespaces \"" + name + "\" is forbidden: this namespace may not be deleted");
  }
  EXPECT_EQ(instance_->call({"DELETE", "/api/v1/namespaces/kube-node-lease?dryRun=All"}).first, 200);
}

TEST_F(Admission, APodHasTheAccountOfItsNamespaceAndItsToken) {
  const codec::Value made = instance_->create(kPods, pod_named("with-token"));
  EXPECT_EQ(at(made, {"spec", "serviceAccountName"}), "default");
  const codec::ValueList& volumes = *made.at_path({"spec", "volumes"})->as_list();
  ASSERT_EQ(volumes.size(), 1u);
  EXPECT_THAT(at(volumes[0], {"name"}), HasSubstr("kube-api-access-"));
  const codec::Value& container = (*made.at_path({"spec", "containers"})->as_list())[0];
  const codec::ValueList& mounts = *container.find("volumeMounts")->as_list();
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(at(mounts[0], {"mountPath"}), "/var/run/secrets/kubernetes.io/serviceaccount");
  EXPECT_EQ(at(mounts[0], {"readOnly"}), "true");
  const codec::Value none =
      instance_->create(kPods, pod_named("without-token", R"(,"automountServiceAccountToken":false)"));
  EXPECT_EQ(at(none, {"spec", "volumes"}), "(absent)");
}

TEST_F(Admission, APodsAccountMustExist) {
  EXPECT_EQ(refused(kPods, pod_named("p", R"(,"serviceAccountName":"nobody")")),
            "pods \"p\" is forbidden: error looking up service account default/nobody: serviceaccount "
            "\"nobody\" not "
            "found");
}

TEST_F(Admission, AMirrorPodNamesNoAccountAndNoSecrets) {
  const std::string mirror = R"(,"annotations":{"kubernetes.io/config.mirror":"x"})";
  const std::string node = R"(,"nodeName":"n")";
  const std::string pod = "pods \"m\" is forbidden: ";
  EXPECT_EQ(refused(kPods, pod_named("m", node + R"(,"serviceAccountName":"default")", mirror)),
            pod + "a mirror pod may not reference service accounts");
  EXPECT_EQ(refused(kPods, pod_named("m", node + R"(,"imagePullSecrets":[{"name":"s"}])", mirror)),
            pod + "a mirror pod may not reference secrets");
  EXPECT_EQ(refused(kPods, pod_named("m", node + R"(,"volumes":[{"name":"v","projected":{"sources":[
                                         {"serviceAccountToken":{"path":"t"}}]}}])",
                                     mirror)),
            pod + "a mirror pod may not use ServiceAccountToken volume projections");
}

TEST_F(Admission, AnAccountMayKeepItsPodsToItsSecrets) {
  instance_->create(
      "/api/v1/namespaces/default/serviceaccounts",
      R"({"metadata":{"name":"strict","annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}},
                        "secrets":[{"name":"mine"}],"imagePullSecrets":[{"name":"pull"}]})");
  auto of = [this](const std::string& spec) {
    return refused(kPods, R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"strict",)" + spec + "}}");
  };
  const std::string container = R"("containers":[{"name":"c","image":"i"}])";
  const std::string tail = " is not allowed because service account strict does not reference that ";
  const std::string pod = "pods \"p\" is forbidden: ";
  EXPECT_EQ(of(container + R"(,"volumes":[{"name":"v","secret":{"secretName":"other"}}])"),
            pod + "volume with secret.secretName=\"other\"" + tail + "secret");
  const std::string env = R"("env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"other","key":"k"}}}])";
  EXPECT_EQ(of(R"("containers":[{"name":"c","image":"i",)" + env + "}]"),
            pod + "container c with envVar E referencing secret.secretName=\"other\"" + tail + "secret");
  EXPECT_EQ(of(container + R"(,"initContainers":[{"name":"i","image":"i",)" + env + "}]"),
            pod + "init container i with envVar E referencing secret.secretName=\"other\"" + tail + "secret");
  EXPECT_EQ(of(R"("containers":[{"name":"c","image":"i","envFrom":[{"secretRef":{"name":"other"}}]}])"),
            pod + "container c with envFrom referencing secret.secretName=\"other\"" + tail + "secret");
  EXPECT_EQ(of(container + R"(,"imagePullSecrets":[{"name":"pull"},{"name":"other"}])"),
            pod + "imagePullSecrets[1].name=\"other\"" + tail + "imagePullSecret");
  instance_->create(kPods, R"({"metadata":{"name":"strict"},"spec":{"serviceAccountName":"strict",)" +
                               container + R"(,"volumes":[{"name":"v","secret":{"secretName":"mine"}}]}})");
  auto [status, answer] =
      instance_->call({"PATCH",
                       kPods + "/strict/ephemeralcontainers",
                       R"({"spec":{"ephemeralContainers":[{"name":"e","image":"i",)" + env + "}]}}",
                       {{"Content-Type", "application/strategic-merge-patch+json"}}});
  EXPECT_EQ(status, 403);
  EXPECT_EQ(at(answer, {"message"}),
            "pods \"strict\" is forbidden: ephemeral container e with envVar E referencing "
            "secret.secretName=\"other\"" +
                tail + "secret");
}

TEST_F(Admission, APodsPriorityIsThatOfItsClass) {
  instance_->create(kClasses, R"({"metadata":{"name":"low"},"value":7,"preemptionPolicy":"Never"})");
  const codec::Value made = instance_->create(kPods, pod_named("low", R"(,"priorityClassName":"low")"));
  EXPECT_EQ(at(made, {"spec", "priority"}), "7");
  EXPECT_EQ(at(made, {"spec", "preemptionPolicy"}), "Never");
  const codec::Value plain = instance_->create(kPods, pod_named("plain"));
  EXPECT_EQ(at(plain, {"spec", "priority"}), "0");
  EXPECT_EQ(at(plain, {"spec", "preemptionPolicy"}), "PreemptLowerPriority");

  EXPECT_EQ(refused(kPods, pod_named("p", R"(,"priorityClassName":"nobody")")),
            "pods \"p\" is forbidden: no PriorityClass with name nobody was found");
  EXPECT_EQ(
      refused(kPods, pod_named("p", R"(,"priorityClassName":"low","priority":8)")),
      "pods \"p\" is forbidden: the integer value of priority (8) must not be provided in pod spec; priority "
      "admission controller computed 7 from the given PriorityClass name");
  EXPECT_EQ(refused(kPods, pod_named("p", R"(,"preemptionPolicy":"Never")")),
            "pods \"p\" is forbidden: the string value of PreemptionPolicy (Never) must not be provided in "
            "pod spec; "
            "priority admission controller computed PreemptLowerPriority from the given PriorityClass name");
}

TEST_F(Admission, OneClassIsTheDefault) {
  instance_->create(kClasses, R"({"metadata":{"name":"first"},"value":3,"globalDefault":true})");
  EXPECT_EQ(
      refused(kClasses, R"({"metadata":{"name":"second"},"value":4,"globalDefault":true})"),
      "priorityclasses.scheduling.k8s.io \"second\" is forbidden: PriorityClass first is already marked as "
      "default. Only one default can exist");
  const codec::Value made = instance_->create(kPods, pod_named("by-default"));
  EXPECT_EQ(at(made, {"spec", "priority"}), "3");
  EXPECT_EQ(at(made, {"spec", "priorityClassName"}), "first");
  EXPECT_EQ(instance_->call({"DELETE", kClasses + "/first"}).first, 200);
}

TEST_F(Admission, APodBearsABrokenNodeForAWhile) {
  auto tolerations = [](const codec::Value& pod) {
    std::string out;
    for (const codec::Value& t : *pod.at_path({"spec", "tolerations"})->as_list())
      out += at(t, {"key"}) + ":" + at(t, {"operator"}) + ":" + at(t, {"effect"}) + ":" +
             at(t, {"tolerationSeconds"}) + " ";
    return out;
  };
  EXPECT_EQ(tolerations(instance_->create(kPods, pod_named("bears"))),
            "node.kubernetes.io/not-ready:Exists:NoExecute:300 "
            "node.kubernetes.io/unreachable:Exists:NoExecute:300 ");
  EXPECT_EQ(tolerations(instance_->create(
                kPods, pod_named("says", R"(,"tolerations":[{"key":"node.kubernetes.io/not-ready",
                                         "operator":"Exists","effect":"NoExecute","tolerationSeconds":5}])"))),
            "node.kubernetes.io/not-ready:Exists:NoExecute:5 "
            "node.kubernetes.io/unreachable:Exists:NoExecute:300 ");
  EXPECT_EQ(tolerations(instance_->create(
                kPods, pod_named("bears-all", R"(,"tolerations":[{"operator":"Exists"}])"))),
            "(absent):Exists:(absent):(absent) ");
}

TEST_F(Admission, ANewNodeIsNotReady) {
  const codec::Value made = instance_->create("/api/v1/nodes", R"({"metadata":{"name":"fresh"}})");
  EXPECT_EQ(at(made, {"spec", "taints"}),
            R"([{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready"}])");
}

// The namespace is asked for before the account, the account before the class, all before validation.
TEST_F(Admission, ComesInUpstreamsOrderAndBeforeValidation) {
  auto create = [](const std::string& ns, const std::string& spec) {
    return instance_->message({"POST", "/api/v1/namespaces/" + ns + "/pods", pod_named("p", spec)});
  };
  const std::string account = R"(,"serviceAccountName":"nobody")",
                    missing_class = R"(,"priorityClassName":"nobody")";
  const std::string invalid = R"(,"restartPolicy":"Perhaps")";
  EXPECT_EQ(create("nowhere", account + missing_class + invalid), "namespaces \"nowhere\" not found");
  EXPECT_THAT(create("default", account + missing_class + invalid),
              HasSubstr("error looking up service account"));
  EXPECT_THAT(create("default", missing_class + invalid), HasSubstr("no PriorityClass with name nobody"));
  EXPECT_THAT(create("default", invalid), HasSubstr("spec.restartPolicy: Unsupported value: \"Perhaps\""));
}

}  // namespace
}  // namespace xebec::apiserver::testing
