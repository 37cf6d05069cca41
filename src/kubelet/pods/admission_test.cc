// Which pods a node refuses, and what becomes of them.
#include "kubelet/pods/pod_admission.h"

#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

class AdmissionTest : public KubeletTest {
 protected:
  AdmissionTest() {
    node.status.allocatable["cpu"] = api::Quantity::must_parse("2");
    node.status.allocatable["memory"] = api::Quantity::must_parse("1Gi");
    node.status.allocatable["pods"] = api::Quantity::must_parse("2");
    in.node = &node;
    in.pod = &pod;
  }
  std::string why() {
    auto refusal = refuse(in);
    return refusal ? refusal->reason + ": " + refusal->message : "";
  }
  static void ask_cpu(corev1::Pod& pod, const char* cpu) {
    pod.spec.containers[0].resources.requests["cpu"] = api::Quantity::must_parse(cpu);
  }

  corev1::Node node;
  corev1::Pod pod = make("web");
  AdmissionInputs in;
};

TEST_F(AdmissionTest, ResourcesMustSuffice) {
  EXPECT_EQ(why(), "");
  corev1::Pod other = make("other");
  ask_cpu(other, "1500m");
  in.others = {&other};
  ask_cpu(pod, "600m");
  EXPECT_EQ(why(),
            "OutOfcpu: Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000");
  ask_cpu(pod, "500m");
  EXPECT_EQ(why(), "");
  in.others.push_back(&other);
  EXPECT_EQ(why(), "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2");
}

TEST_F(AdmissionTest, TheNodeMustBeTheOneThatWasWanted) {
  pod.spec.nodeSelector["disk"] = "ssd";
  EXPECT_EQ(why(),
            "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
  node.metadata.labels["disk"] = "ssd";
  EXPECT_EQ(why(), "");
  corev1::Taint& taint = node.spec.taints.emplace_back();
  taint.key = "broken";
  taint.effect = "NoSchedule";
  EXPECT_EQ(why(), "") << "who is bound already was let through";
  taint.effect = "NoExecute";
  EXPECT_EQ(
      why(),
      "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate");
}

TEST_F(AdmissionTest, HostPortsMustBeFree) {
  corev1::Pod other = make("other");
  for (corev1::Pod* p : {&pod, &other}) {
    corev1::ContainerPort& port = p->spec.containers[0].ports.emplace_back();
    port.hostPort = 80;
    port.protocol = "TCP";
  }
  in.others = {&other};
  EXPECT_EQ(
      why(),
      "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
  other.spec.containers[0].ports[0].protocol = "UDP";
  EXPECT_EQ(why(), "");
}

TEST_F(AdmissionTest, SysctlsMustBeSafe) {
  corev1::Sysctl& sysctl = pod.spec.securityContext.emplace().sysctls.emplace_back();
  sysctl.name = "net.ipv4.tcp_syncookies";
  EXPECT_EQ(why(), "");
  pod.spec.hostNetwork = true;
  EXPECT_EQ(
      why(),
      "SysctlForbidden: forbidden sysctl: \"net.ipv4.tcp_syncookies\" not allowed with host net enabled");
  pod.spec.hostNetwork = false;
  sysctl.name = "kernel.msgmax";
  EXPECT_EQ(why(), "SysctlForbidden: forbidden sysctl: \"kernel.msgmax\" not allowlisted");
}

TEST_F(AdmissionTest, AppArmorNeedsAKernelThatHasIt) {
  pod.spec.securityContext.emplace().appArmorProfile.emplace().type = "RuntimeDefault";
  EXPECT_EQ(why(), "AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host");
  in.apparmor = true;
  EXPECT_EQ(why(), "");
}

TEST_F(AdmissionTest, ANodeUnderPressureTakesNoMore) {
  in.pressures = {"MemoryPressure"};
  EXPECT_EQ(why(), "Evicted: The node had condition: [MemoryPressure]. ");
  ask_cpu(pod, "100m");
  EXPECT_EQ(why(), "") << "not a best-effort pod";
  in.pressures = {"DiskPressure"};
  EXPECT_EQ(why(), "Evicted: The node had condition: [DiskPressure]. ");
  pod.spec.priority = 2000001000;
  EXPECT_EQ(why(), "");
}

TEST_F(AdmissionTest, ARefusedPodFailsWithoutHavingBegun) {
  start();
  ask_cpu(pod, "9");
  sim.api->put(pod);
  sim.run_for(3s);
  corev1::Pod refused = get("web");
  EXPECT_EQ(refused.status.phase, "Failed");
  EXPECT_EQ(refused.status.reason, "OutOfcpu");
  EXPECT_EQ(
      refused.status.message,
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 9000, used: 0, capacity: 4000");
  EXPECT_TRUE(refused.status.containerStatuses.empty());
  EXPECT_TRUE(has_event("web", "OutOfcpu: Node didn't have enough resource: cpu"));
  EXPECT_EQ(calls("run_pod_sandbox"), std::vector<std::string>());
}

TEST_F(AdmissionTest, WhoRanBeforeARestartIsNotAskedAgain) {
  start();
  ask_cpu(pod, "3");
  sim.api->put(pod);
  sim.run_for(3s);
  stop();
  corev1::Pod late = make("late");
  ask_cpu(late, "2");
  sim.api->put(late);
  start();
  sim.run_for(5s);
  EXPECT_EQ(get("web").status.phase, "Running");
  EXPECT_EQ(get("late").status.reason, "OutOfcpu");
}

}  // namespace
}  // namespace xebec::kubelet
