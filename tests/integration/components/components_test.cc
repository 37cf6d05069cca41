// A Deployment's way through API server, controllers, scheduler and kubelet, each a process with a
// kubeconfig.
#include <gmock/gmock.h>
#include <unistd.h>

#include "api/gen/appsv1.h"
#include "api/gen/certificatesv1.h"
#include "api/gen/rbacv1.h"
#include "client/kubeconfig.h"
#include "fixtures.h"

namespace xebec::integration {
namespace {

using testing::HasSubstr;

appsv1::Deployment deployment(const std::string& name, const std::string& node, int replicas) {
  appsv1::Deployment out;
  out.metadata.name = name;
  out.metadata.namespace_ = "default";
  out.spec.replicas = replicas;
  out.spec.selector.emplace().matchLabels["app"] = name;
  out.spec.template_.metadata.labels["app"] = name;
  out.spec.template_.spec.nodeSelector["kubernetes.io/hostname"] = node;
  out.spec.template_.spec.terminationGracePeriodSeconds = 1;
  corev1::Container& container = out.spec.template_.spec.containers.emplace_back();
  container.name = "main";
  container.image = "busybox";
  container.imagePullPolicy = "IfNotPresent";
  container.command = {"sh", "-c", "echo hello from $HOSTNAME; exec sleep 1000"};
  return out;
}

// A node that only says it is one.
corev1::Node paper_node(const std::string& name) {
  corev1::Node node;
  node.metadata.name = name;
  node.metadata.labels["kubernetes.io/hostname"] = name;
  for (auto* list : {&node.status.capacity, &node.status.allocatable}) {
    (*list)["cpu"] = api::Quantity(4);
    (*list)["memory"] = api::Quantity(int64_t{8} << 30, api::Quantity::Format::BinarySI);
    (*list)["pods"] = api::Quantity(110);
  }
  corev1::NodeCondition& ready = node.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = "True";
  return node;
}

TEST_F(Components, ADeploymentIsScheduledByProcessesWithKubeconfigs) {
  processes_.create(paper_node("paper"));
  processes_.create(deployment("web", "paper", 2));
  processes_.until("two bound Pods", [&] { return all_bound("web", 2); });
  // The node's part of the Pod network is the controller manager's to give.
  processes_.until("a range of addresses", [&] {
    auto node = processes_.get<corev1::Node>("", "paper");
    return node && node->spec.podCIDR.starts_with("198.18.");
  });
  // Controllers act as service accounts, which they make when they are missing.
  EXPECT_TRUE(processes_.get<corev1::ServiceAccount>("kube-system", "deployment-controller"));
  EXPECT_TRUE(processes_.get<corev1::ServiceAccount>("kube-system", "replicaset-controller"));
  EXPECT_NE(holder_of("kube-controller-manager"), "");
  EXPECT_NE(holder_of("kube-scheduler"), "");

  // Another scheduler stands by, and takes over when the first one ends.
  std::string first = holder_of("kube-scheduler");
  std::unique_ptr<Child> standby = processes_.start_scheduler();
  EXPECT_EQ(scheduler_->stop(), 0);
  processes_.create(deployment("more", "paper", 1));
  processes_.until("a Pod bound by the second scheduler", [&] { return all_bound("more", 1); });
  EXPECT_NE(holder_of("kube-scheduler"), first);
  EXPECT_EQ(standby->stop(), 0);
  EXPECT_EQ(manager_->stop(), 0);
}

TEST_F(Components, HealthIsForEverybodyAndMetricsAreForWhoMaySeeThem) {
  for (auto [port, name] :
       {std::pair(manager_port_, "kube-controller-manager"), {scheduler_port_, "kube-scheduler"}}) {
    processes_.until("its health", [&] { return processes_.read_component(port, "/healthz") == "200 ok"; });
    EXPECT_EQ(processes_.read_component(port, "/livez"), "200 ok");
    EXPECT_EQ(processes_.read_component(port, "/readyz"), "200 ok");
    EXPECT_THAT(processes_.read_component(port, "/metrics"),
                AllOf(HasSubstr("403 "),
                      HasSubstr("User \\\"system:anonymous\\\" cannot get path \\\"/metrics\\\"")));
    // The CAs of certificates are read from the cluster.
    processes_.until("a look by a monitor", [&] {
      return processes_.read_component(port, "/metrics", "prometheus", {"system:monitoring"})
          .starts_with("200 ");
    });
    EXPECT_THAT(processes_.read_component(port, "/metrics", "jane", {"people"}),
                HasSubstr("User \\\"jane\\\" cannot get path"));
    processes_.until("leadership", [&] {
      std::string metrics = processes_.read_component(port, "/metrics", "root", {"system:masters"});
      return metrics.find("leader_election_master_status{name=\"" + std::string(name) + "\"} 1\n") !=
             std::string::npos;
    });
  }
  processes_.create(deployment("web", "paper", 1));
  processes_.until("its work", [&] {
    std::string metrics = processes_.read_component(manager_port_, "/metrics", "root", {"system:masters"});
    return metrics.find("workqueue_adds_total{name=\"deployment\"}") != std::string::npos &&
           metrics.find("workqueue_work_duration_seconds_count{name=\"replicaset\"}") != std::string::npos &&
           metrics.find("process_cpu_seconds_total") != std::string::npos;
  });
}

TEST_F(Components, TheApiServerIsNoMasterAtKubelets) {
  auto binding = processes_.get<rbacv1::ClusterRoleBinding>("", "xebec:kube-apiserver-kubelet-client");
  ASSERT_TRUE(binding);
  EXPECT_EQ(binding->roleRef.name, "system:kubelet-api-admin");
  ASSERT_EQ(binding->subjects.size(), 1u);
  EXPECT_EQ(binding->subjects[0].kind, "User");
  EXPECT_EQ(binding->subjects[0].name, "kube-apiserver-kubelet-client");
  EXPECT_THAT(processes_.read("/api/v1/namespaces/default/endpoints/kubernetes"), HasSubstr("192.0.2.1"));
}

TEST_F(Nodes, AnAgentJoinsAndAKubeletTakesOver) {
  node_ = processes_.start(flags({"agent", "--server=" + processes_.url(), "--data-dir=" + processes_.dir(),
                                  std::string("--images-dir=") + kImages}));
  processes_.until("the node's readiness", [&] { return node_ready(); });
  EXPECT_EQ(plain("/healthz"), "200 ok");
  EXPECT_EQ(plain("/healthz/ping"), "200 ok");
  EXPECT_EQ(plain("/pods"), "404 404 page not found\n") << "nothing else is told without asking who it is";
  auto node = processes_.get<corev1::Node>("", "n1");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->metadata.labels.value_or("example.com/kind", ""), "real");
  processes_.create(deployment("web", "n1", 1));
  processes_.until("a running Pod", [&] { return !running("web").empty(); });
  const std::string id = running("web");
  const std::string log =
      "/api/v1/namespaces/default/pods/" + processes_.pods("web")[0].metadata.name + "/log";
  EXPECT_THAT(processes_.read(log), HasSubstr("hello from web-"));

  // The agent's containerd stays, and so do its containers, for a kubelet that is given its socket.
  EXPECT_EQ(node_->stop(), 0);
  const std::string dir = processes_.dir() + "/node";
  node_ =
      processes_.start(flags({"kubelet", "--root-dir=" + dir + "/kubelet", "--pod-logs-dir=" + dir + "/logs",
                              "--client-ca-file=" + processes_.dir() + "/pki/ca.crt",
                              "--container-runtime-endpoint=unix://" + dir + "/containerd/containerd.sock"}));
  processes_.until("logs by the kubelet", [&] { return processes_.read(log).starts_with("hello from"); });
  EXPECT_EQ(running("web"), id);
  Result<void> deleted = block_on(processes_.rest().delete_<appsv1::Deployment>(Context(), "default", "web"));
  EXPECT_TRUE(deleted);
  processes_.until("the Pod's end", [&] { return processes_.pods("web").empty(); });
  EXPECT_EQ(node_->stop(), 0);
}

// The certificates' whole life is a minute and the five before it: they are renewed within half a minute.
TEST_F(Nodes, AKubeletAsksForItsCertificatesAndRenewsThem) {
  corev1::Secret token;
  token.metadata.namespace_ = "kube-system";
  token.metadata.name = "bootstrap-token-abcdef";
  token.type = "bootstrap.kubernetes.io/token";
  token.data["token-id"] = api::Bytes("abcdef");
  token.data["token-secret"] = api::Bytes("0123456789abcdef");
  token.data["usage-bootstrap-authentication"] = api::Bytes("true");
  processes_.create(token);
  auto pki = cmd::ClusterPki::open(processes_.dir() + "/pki", SystemClock().now());
  ASSERT_TRUE(pki);
  client::KubeCluster cluster;
  cluster.name = "kubernetes";
  cluster.server = processes_.url();
  cluster.certificate_authority_data = pki->ca_pem();
  client::KubeUser user;
  user.name = "bootstrapper";
  user.token = "abcdef.0123456789abcdef";
  const std::string bootstrap = processes_.dir() + "/bootstrap.conf", own = processes_.dir() + "/own.conf";
  ASSERT_TRUE(client::Kubeconfig::simple(cluster, user, "bootstrap").save(bootstrap));
  const std::string dir = processes_.dir() + "/node";
  std::vector<std::string> all = {"kubelet",
                                  "--bootstrap-kubeconfig=" + bootstrap,
                                  "--kubeconfig=" + own,
                                  "--rotate-certificates",
                                  "--rotate-server-certificates",
                                  "--hostname-override=n1",
                                  "--node-ip=127.0.0.1",
                                  "--port=" + std::to_string(port_),
                                  "--healthz-port=" + std::to_string(healthz_port_),
                                  "--cluster-cidr=198.18.0.0/16",
                                  "--cgroup-root=" + cgroup_root_,
                                  "--client-ca-file=" + processes_.dir() + "/pki/ca.crt",
                                  "--root-dir=" + dir,
                                  "--pod-logs-dir=" + dir + "/logs"};
  node_ = processes_.start(all);
  processes_.until("the node's registration",
                   [&] { return processes_.get<corev1::Node>("", "n1").has_value(); });
  auto issued = [&](std::string_view signer, std::string_view by) {
    auto list = block_on(processes_.rest().list<certificatesv1::CertificateSigningRequest>(Context(), ""));
    if (!list) return std::ptrdiff_t{0};
    return std::ranges::count_if(list->items, [&](const auto& csr) {
      return csr.spec.signerName == signer && csr.spec.username == by && !csr.status.certificate.data.empty();
    });
  };
  EXPECT_EQ(issued("kubernetes.io/kube-apiserver-client-kubelet", "system:bootstrap:abcdef"), 1);
  processes_.until(
      "a renewal of the client's certificate",
      [&] { return issued("kubernetes.io/kube-apiserver-client-kubelet", "system:node:n1") > 0; }, 60);
  processes_.until(
      "a renewal of the server's certificate",
      [&] { return issued("kubernetes.io/kubelet-serving", "system:node:n1") > 1; }, 60);
  // The API server verifies who it talks to: the node is reached by what was renewed.
  processes_.until("the kubelet's pods by the API server", [&] {
    return processes_.read("/api/v1/nodes/n1/proxy/pods").find("\"kind\":\"PodList\"") != std::string::npos;
  });
  EXPECT_EQ(node_->stop(), 0);
  auto config = cmd::load_client_config(own, "");
  ASSERT_TRUE(config);
  EXPECT_EQ(cmd::user_of(*config), "system:node:n1");
}

}  // namespace
}  // namespace xebec::integration
