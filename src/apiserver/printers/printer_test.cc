#include "apiserver/printers/printer.h"

#include <gtest/gtest.h>

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/apiserverinternalv1alpha1.h"
#include "api/gen/appsv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/batchv1.h"
#include "api/gen/coordinationv1beta1.h"
#include "api/gen/corev1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/resourcev1.h"
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

TEST_F(Printer, AnIngressWithManyHosts) {
  networkingv1::Ingress object;
  object.metadata.name = "i";
  for (const char* host : {"a", "b", "c", "d"}) object.spec.rules.emplace_back().host = host;
  for (const char* ip : {"10.0.0.2", "10.0.0.1"}) object.status.loadBalancer.ingress.emplace_back().ip = ip;
  EXPECT_EQ(cells("networking.k8s.io", "v1", "ingresses", object),
            R"(["i","<none>","a,b,c + 1 more...","10.0.0.1,10.0.0.2","80","90s"])");
}

TEST_F(Printer, AnEndpointSliceWithANamedPort) {
  discoveryv1::EndpointSlice object;
  object.metadata.name = "e";
  object.addressType = "IPv4";
  object.ports.emplace_back().name = "p";
  object.endpoints.emplace_back().addresses = {"10.0.0.1"};
  EXPECT_EQ(cells("discovery.k8s.io", "v1", "endpointslices", object),
            R"(["e","IPv4","p","10.0.0.1","90s"])");
}

TEST_F(Printer, AJobAndACronJob) {
  batchv1::Job job;
  job.metadata.name = "j";
  job.spec.completions = 3;
  job.status.succeeded = 1;
  job.status.startTime = api::Time::from_unix(kNow - 60);
  job.spec.selector.ensure().matchLabels["a"] = "b";
  EXPECT_EQ(cells("batch", "v1", "jobs", job), R"(["j","Running","1/3","60s","90s","","","a=b"])");
  batchv1::CronJob cron;
  cron.metadata.name = "c";
  cron.spec.schedule = "@daily";
  cron.spec.suspend = false;
  EXPECT_EQ(cells("batch", "v1", "cronjobs", cron),
            R"(["c","@daily","<none>","False",0,"<none>","90s","","","<none>"])");
}

TEST_F(Printer, AnAutoscaler) {
  autoscalingv2::HorizontalPodAutoscaler object;
  object.metadata.name = "h";
  object.spec.scaleTargetRef.kind = "Deployment";
  object.spec.scaleTargetRef.name = "d";
  object.spec.maxReplicas = 5;
  auto& metric = object.spec.metrics.emplace_back();
  metric.type = "Resource";
  metric.resource.emplace().name = "cpu";
  metric.resource->target.averageUtilization = 80;
  EXPECT_EQ(cells("autoscaling", "v2", "horizontalpodautoscalers", object),
            R"(["h","Deployment/d","cpu: <unknown>/80%","<unset>",5,0,"90s"])");
}

TEST_F(Printer, StorageKinds) {
  storagev1::CSIStorageCapacity capacity;
  capacity.metadata.name = "c";
  capacity.storageClassName = "s";
  EXPECT_EQ(cells("storage.k8s.io", "v1", "csistoragecapacities", capacity), R"(["c","s","<unset>"])");
  storagev1::VolumeAttributesClass attributes;
  attributes.metadata.name = "v";
  attributes.metadata.annotations["volumeattributesclass.alpha.kubernetes.io/is-default-class"] = "true";
  attributes.driverName = "d";
  EXPECT_EQ(cells("storage.k8s.io", "v1", "volumeattributesclasses", attributes),
            R"x(["v (default)","d","90s"])x");
}

TEST_F(Printer, AdmissionPolicies) {
  admissionregistrationv1::MutatingAdmissionPolicy policy;
  policy.metadata.name = "p";
  policy.spec.mutations.resize(2);
  policy.spec.paramKind.emplace().apiVersion = "g/v1";
  policy.spec.paramKind->kind = "K";
  EXPECT_EQ(cells("admissionregistration.k8s.io", "v1", "mutatingadmissionpolicies", policy),
            R"(["p",2,"g/v1/K","90s"])");
  admissionregistrationv1::MutatingAdmissionPolicyBinding binding;
  binding.metadata.name = "b";
  binding.spec.policyName = "p";
  auto selector = [&]() -> auto& { return binding.spec.paramRef->selector.ensure(); };
  binding.spec.paramRef.emplace();
  selector().matchLabels["a"] = "b";
  auto& requirement = selector().matchExpressions.emplace_back();
  requirement.key = "k";
  requirement.operator_ = "In";
  requirement.values = {"x", "y"};
  // As upstream prints it, if oddly.
  EXPECT_EQ(
      cells("admissionregistration.k8s.io", "v1", "mutatingadmissionpolicybindings", binding),
      R"(["b","p","\u0026LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:)"
      R"([]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}","90s"])");
}

TEST_F(Printer, APriorityLevel) {
  flowcontrolv1::PriorityLevelConfiguration object;
  object.metadata.name = "p";
  object.spec.type = "Limited";
  object.spec.limited.emplace().nominalConcurrencyShares = 30;
  EXPECT_EQ(cells("flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", object),
            R"(["p","Limited",30,"<none>","<none>","<none>","90s"])");
}

TEST_F(Printer, AStorageVersion) {
  apiserverinternalv1alpha1::StorageVersion version;
  version.metadata.name = "apps.deployments";
  for (std::string id : {"a", "b", "c", "d"}) {
    auto& server = version.status.storageVersions.emplace_back();
    server.apiServerID = id;
    server.encodingVersion = id == "a" ? "apps/v1beta1" : "apps/v1";
  }
  EXPECT_EQ(cells("internal.apiserver.k8s.io", "v1alpha1", "storageversions", version),
            R"(["apps.deployments","<unset>","a=apps/v1beta1,b=apps/v1,c=apps/v1 + 1 more...","90s"])");
  version.status.storageVersions.resize(1);
  version.status.commonEncodingVersion = "apps/v1beta1";
  EXPECT_EQ(cells("internal.apiserver.k8s.io", "v1alpha1", "storageversions", version),
            R"(["apps.deployments","apps/v1beta1","a=apps/v1beta1","90s"])");
}

TEST_F(Printer, ALeaseCandidate) {
  coordinationv1beta1::LeaseCandidate candidate;
  candidate.metadata.name = "c";
  candidate.spec.leaseName = "l";
  candidate.spec.binaryVersion = "1.36.0";
  candidate.spec.emulationVersion = "1.35.0";
  EXPECT_EQ(cells("coordination.k8s.io", "v1beta1", "leasecandidates", candidate),
            R"(["c","l","1.36.0","1.35.0","90s"])");
}

TEST_F(Printer, AResourceClaimAndASlice) {
  resourcev1::ResourceClaim claim;
  claim.metadata.name = "c";
  EXPECT_EQ(cells("resource.k8s.io", "v1", "resourceclaims", claim), R"(["c","pending","90s"])");
  claim.status.allocation.emplace();
  claim.status.reservedFor.emplace_back();
  EXPECT_EQ(cells("resource.k8s.io", "v1", "resourceclaims", claim), R"(["c","allocated,reserved","90s"])");
  resourcev1::ResourceSlice slice;
  slice.metadata.name = "s";
  slice.spec.driver = "d";
  slice.spec.pool.name = "p";
  EXPECT_EQ(cells("resource.k8s.io", "v1", "resourceslices", slice), R"(["s","","d","p","90s"])");
}

}  // namespace
}  // namespace xebec::apiserver
