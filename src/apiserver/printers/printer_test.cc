#include "apiserver/printers/printer.h"

#include <gtest/gtest.h>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "api/gen/storagev1.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

constexpr int64_t kNow = 1'800'000'000;

class Printer : public testing::Test {
 protected:
  template <class T>
  std::string cells(std::string_view group, std::string_view version, std::string_view plural, T object,
                    std::vector<RowCondition>* conditions = nullptr) {
    const api::Resource* resource = scheme.resource(group, version, plural);
    object.metadata.creationTimestamp = api::Time::from_unix(kNow - 90);
    Row row(resource->columns, kNow);
    print_object(api::Object::of(std::move(object)), row);
    if (conditions) *conditions = row.conditions();
    // Without the escapes of < and >, to be readable.
    std::string text = codec::to_json(codec::ValueList(row.cells()));
    for (auto [escape, sign] : {std::pair("\\u003c", "<"), std::pair("\\u003e", ">")}) {
      for (size_t at; (at = text.find(escape)) != std::string::npos;) text.replace(at, 6, sign);
    }
    return text;
  }
  api::Scheme scheme = api::Scheme::builtin();
};

corev1::Pod running_pod() {
  corev1::Pod pod;
  pod.metadata.name = "p";
  pod.spec.nodeName = "n";
  pod.spec.containers.emplace_back().name = "c";
  pod.status.phase = "Running";
  pod.status.podIPs.emplace_back().ip = "10.0.0.1";
  auto& status = pod.status.containerStatuses.emplace_back();
  status.name = "c";
  status.ready = true;
  status.state.running.emplace();
  return pod;
}

TEST_F(Printer, ARunningPod) {
  EXPECT_EQ(cells("", "v1", "pods", running_pod()),
            R"(["p","1/1","Running","0","90s","10.0.0.1","n","<none>","<none>"])");
}

TEST_F(Printer, ACrashingPodTellsWhyAndWhen) {
  corev1::Pod pod = running_pod();
  auto& status = pod.status.containerStatuses[0];
  status.ready = false;
  status.restartCount = 3;
  status.state.running.reset();
  status.state.waiting.emplace().reason = "CrashLoopBackOff";
  status.lastState.terminated.emplace().finishedAt = api::Time::from_unix(kNow - 20);
  EXPECT_EQ(cells("", "v1", "pods", pod),
            R"x(["p","0/1","CrashLoopBackOff","3 (20s ago)","90s","10.0.0.1","n","<none>","<none>"])x");
}

TEST_F(Printer, ASucceededPodCompleted) {
  corev1::Pod pod = running_pod();
  pod.status.phase = "Succeeded";
  auto& status = pod.status.containerStatuses[0];
  status.ready = false;
  status.state.running.reset();
  status.state.terminated.emplace().reason = "Completed";
  std::vector<RowCondition> conditions;
  EXPECT_EQ(cells("", "v1", "pods", pod, &conditions),
            R"(["p","0/1","Completed","0","90s","10.0.0.1","n","<none>","<none>"])");
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].reason, "Succeeded");
}

TEST_F(Printer, AnInitializingPodCounts) {
  corev1::Pod pod = running_pod();
  pod.status.phase = "Pending";
  pod.spec.initContainers.emplace_back().name = "i";
  pod.status.containerStatuses.clear();
  pod.status.initContainerStatuses.emplace_back().state.running.emplace();
  EXPECT_EQ(cells("", "v1", "pods", pod),
            R"(["p","0/1","Init:0/1","0","90s","10.0.0.1","n","<none>","<none>"])");
}

TEST_F(Printer, APodBeingDeletedIsTerminating) {
  corev1::Pod pod = running_pod();
  pod.metadata.deletionTimestamp = api::Time::from_unix(kNow);
  EXPECT_EQ(cells("", "v1", "pods", pod),
            R"(["p","1/1","Terminating","0","90s","10.0.0.1","n","<none>","<none>"])");
}

TEST_F(Printer, ADeployment) {
  appsv1::Deployment object;
  object.metadata.name = "d";
  object.spec.replicas = 3;
  object.spec.selector.ensure().matchLabels["app"] = "d";
  auto& container = object.spec.template_.spec.containers.emplace_back();
  container.name = "c";
  container.image = "i";
  object.status.readyReplicas = 2;
  object.status.updatedReplicas = 3;
  object.status.availableReplicas = 2;
  EXPECT_EQ(cells("apps", "v1", "deployments", object), R"(["d","2/3",3,2,"90s","c","i","app=d"])");
}

TEST_F(Printer, AServiceWithANodePort) {
  corev1::Service object;
  object.metadata.name = "s";
  object.spec.type = "NodePort";
  object.spec.clusterIPs = {"10.96.0.7"};
  auto& port = object.spec.ports.emplace_back();
  port.port = 80;
  port.nodePort = 30080;
  port.protocol = "TCP";
  EXPECT_EQ(cells("", "v1", "services", object),
            R"(["s","NodePort","10.96.0.7","<none>","80:30080/TCP","90s","<none>"])");
}

TEST_F(Printer, ANode) {
  corev1::Node object;
  object.metadata.name = "n";
  object.metadata.labels["node-role.kubernetes.io/control-plane"] = "";
  object.spec.unschedulable = true;
  auto& ready = object.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = "True";
  object.status.nodeInfo.kubeletVersion = "v1";
  EXPECT_EQ(
      cells("", "v1", "nodes", object),
      R"(["n","Ready,SchedulingDisabled","control-plane","90s","v1","<none>","<none>","<unknown>","<unknown>","<unknown>"])");
}

}  // namespace
}  // namespace xebec::apiserver
