// What users do with kubectl, against a real server.
#include <gmock/gmock.h>

#include "cluster.h"

namespace xebec::integration {
namespace {

using testing::HasSubstr;

class Kubectl : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (have_kubectl()) cluster = new Cluster();
  }
  static void TearDownTestSuite() {
    delete cluster;
    cluster = nullptr;
  }
  void SetUp() override {
    if (!cluster) GTEST_SKIP() << "no kubectl on this machine";
  }
  static Cluster* cluster;
};
Cluster* Kubectl::cluster = nullptr;

constexpr const char* kPod = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - {name: nginx, image: nginx}
)";

TEST_F(Kubectl, KnowsTheServer) {
  EXPECT_THAT(cluster->ok("version"), HasSubstr("Server Version: v1.36"));
  EXPECT_THAT(cluster->ok("get --raw '/readyz?verbose'"),
              HasSubstr("[+]poststarthook/rbac/bootstrap-roles ok"));
  std::string resources = cluster->ok("api-resources");
  EXPECT_THAT(resources, HasSubstr("deployments"));
  EXPECT_THAT(resources, HasSubstr("apps/v1"));
  EXPECT_THAT(cluster->ok("api-versions"), HasSubstr("networking.k8s.io/v1"));
  EXPECT_THAT(cluster->ok("explain deployment.spec.strategy.rollingUpdate"), HasSubstr("maxSurge"));
  EXPECT_THAT(cluster->ok("auth whoami"), HasSubstr("kubernetes-admin"));
}

TEST_F(Kubectl, FindsWhatEveryClusterHas) {
  std::string namespaces = cluster->ok("get namespaces -o name");
  EXPECT_EQ(namespaces,
            "namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system\n");
  EXPECT_THAT(cluster->ok("get service kubernetes"), HasSubstr("10.96.0.1"));
  EXPECT_THAT(cluster->ok("get endpoints kubernetes"), HasSubstr("192.0.2.1:6443"));
  EXPECT_THAT(cluster->ok("get priorityclasses"), HasSubstr("system-node-critical"));
  EXPECT_THAT(cluster->ok("get clusterrole cluster-admin -o name"), HasSubstr("cluster-admin"));
}

TEST_F(Kubectl, WorksOnConfigMaps) {
  EXPECT_EQ(cluster->ok("create configmap settings --from-literal=a=1"), "configmap/settings created\n");
  EXPECT_THAT(cluster->kubectl("create configmap settings").text,
              HasSubstr("configmaps \"settings\" already exists"));
  EXPECT_THAT(cluster->ok("get configmap settings"), HasSubstr("settings   1"));
  EXPECT_EQ(cluster->ok("get configmap settings -o jsonpath='{.data.a}'"), "1");
  EXPECT_THAT(cluster->ok("get configmap settings -o yaml"), HasSubstr("data:\n  a: \"1\"\n"));
  EXPECT_EQ(cluster->ok("patch configmap settings -p '{\"data\":{\"b\":\"2\"}}'"),
            "configmap/settings patched\n");
  EXPECT_EQ(
      cluster->ok("patch configmap settings --type=json -p '[{\"op\":\"remove\",\"path\":\"/data/a\"}]'"),
      "configmap/settings patched\n");
  EXPECT_EQ(cluster->ok("get configmap settings -o jsonpath='{.data}'"), R"({"b":"2"})");
  EXPECT_EQ(cluster->ok("label configmap settings tier=db"), "configmap/settings labeled\n");
  EXPECT_EQ(cluster->ok("get configmaps -l tier=db -o name"), "configmap/settings\n");
  EXPECT_EQ(cluster->ok("delete configmap settings"), "configmap \"settings\" deleted\n");
  EXPECT_THAT(cluster->kubectl("get configmap settings").text,
              HasSubstr("Error from server (NotFound): configmaps \"settings\" not found"));
}

TEST_F(Kubectl, AppliesPodsBothWays) {
  cluster->kubectl("create serviceaccount default");
  EXPECT_EQ(cluster->ok("apply -f -", kPod), "pod/web created\n");
  EXPECT_EQ(cluster->ok("apply -f -", kPod), "pod/web unchanged\n");
  EXPECT_THAT(cluster->ok("get pod web -o wide"), HasSubstr("web    0/1     Pending   0"));
  EXPECT_EQ(cluster->ok("apply --server-side -f -", kPod), "pod/web serverside-applied\n");
  Output invalid = cluster->kubectl(
      "apply -f -", "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {containers: []}\n");
  EXPECT_EQ(invalid.status, 1);
  EXPECT_THAT(invalid.text, HasSubstr("The Pod \"bad\" is invalid: spec.containers: Required value"));
  Output unknown = cluster->kubectl("apply -f -", std::string(kPod) + "  colour: red\n");
  EXPECT_THAT(unknown.text, HasSubstr("unknown field \"spec.colour\""));
  EXPECT_THAT(cluster->ok("delete pod web --now"), HasSubstr("pod \"web\" deleted"));
}

TEST_F(Kubectl, ScalesAndEditsDeployments) {
  EXPECT_EQ(cluster->ok("create deployment shop --image=nginx --replicas=2"),
            "deployment.apps/shop created\n");
  EXPECT_THAT(cluster->ok("get deployments"), HasSubstr("shop   0/2     0            0"));
  EXPECT_EQ(cluster->ok("scale deployment shop --replicas=5"), "deployment.apps/shop scaled\n");
  EXPECT_EQ(cluster->ok("get deployment shop -o jsonpath='{.spec.replicas} {.spec.strategy.type}'"),
            "5 RollingUpdate");
  EXPECT_EQ(cluster->ok("set image deployment/shop nginx=nginx:2"), "deployment.apps/shop image updated\n");
  EXPECT_EQ(cluster->ok("rollout restart deployment shop"), "deployment.apps/shop restarted\n");
  EXPECT_EQ(cluster->ok("annotate deployment shop a=b"), "deployment.apps/shop annotated\n");
  // A Deployment's annotations count as well as its spec.
  EXPECT_EQ(cluster->ok("get deployment shop -o jsonpath='{.metadata.generation}'"), "5");
  EXPECT_EQ(cluster->ok("delete deployment shop --cascade=orphan --wait=false"),
            "deployment.apps \"shop\" deleted\n");
}

TEST_F(Kubectl, Watches) {
  Background watch(cluster->kubectl_command("get configmaps -n kube-public -w --output-watch-events"));
  cluster->ok("create configmap seen -n kube-public");
  // Whether the watch began before the creation or after: it is told of it.
  EXPECT_THAT(watch.read_until("seen"), HasSubstr("ADDED"));
  cluster->ok("delete configmap seen -n kube-public");
  EXPECT_THAT(watch.read_until("DELETED"), HasSubstr("DELETED"));
}

TEST_F(Kubectl, ActsAsOthersWithinTheirRights) {
  EXPECT_THAT(cluster->kubectl("get secrets --as=bob").text,
              HasSubstr("secrets is forbidden: User \"bob\" cannot list resource \"secrets\" in API group "
                        "\"\" in the namespace "
                        "\"default\""));
  cluster->ok("create role reader --verb=list --resource=configmaps");
  cluster->ok("create rolebinding bob --role=reader --user=bob");
  // The authorizer follows the stored roles, a moment behind.
  Output answer;
  for (int tries = 0; tries < 30 && answer.text != "yes\n"; ++tries)
    answer = cluster->kubectl("auth can-i list configmaps --as=bob");
  EXPECT_EQ(answer.text, "yes\n");
  EXPECT_EQ(cluster->kubectl("auth can-i list secrets --as=bob").text, "no\n");
}

TEST_F(Kubectl, TokensOfServiceAccountsWork) {
  cluster->ok("create serviceaccount robot");
  std::string token = cluster->ok("create token robot");
  while (token.ends_with('\n')) token.pop_back();
  // A kubeconfig without the administrator's certificate.
  const std::string server = "https://127.0.0.1:" + std::to_string(cluster->port());
  std::string who = cluster->ok("--kubeconfig=/dev/null --server=" + server +
                                " --insecure-skip-tls-verify --token=" + token + " auth whoami");
  EXPECT_THAT(who, HasSubstr("system:serviceaccount:default:robot"));
}

TEST_F(Kubectl, PagesThroughLongLists) {
  std::string many;
  for (int i = 0; i < 30; ++i) {
    many += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: page-" + std::to_string(i) +
            ", labels: {page: yes1}}\n";
  }
  cluster->ok("create -f -", many);
  std::string names = cluster->ok("get configmaps -l page=yes1 --chunk-size=7 -o name");
  EXPECT_EQ(std::ranges::count(names, '\n'), 30);
  EXPECT_THAT(cluster->ok("delete configmaps -l page=yes1"), HasSubstr("configmap \"page-29\" deleted"));
}

TEST(Server, KeepsEverythingOverARestart) {
  if (!have_kubectl()) GTEST_SKIP() << "no kubectl on this machine";
  Cluster cluster;
  cluster.ok("create configmap kept --from-literal=a=1");
  std::string before =
      cluster.ok("get configmap kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'");
  std::string address = cluster.ok("get service kubernetes -o jsonpath='{.spec.clusterIP} {.metadata.uid}'");
  cluster.restart();
  EXPECT_EQ(cluster.ok("get configmap kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'"),
            before);
  EXPECT_EQ(cluster.ok("get service kubernetes -o jsonpath='{.spec.clusterIP} {.metadata.uid}'"), address);
}

}  // namespace
}  // namespace xebec::integration
