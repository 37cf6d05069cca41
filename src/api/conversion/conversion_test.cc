#include "api/conversion.h"

#include <gtest/gtest.h>

#include "api/defaults.h"
#include "api/gen/apiextensionsv1.h"
#include "api/gen/apiextensionsv1beta1.h"
#include "api/gen/appsv1.h"
#include "api/gen/autoscalingv1.h"
#include "api/gen/autoscalingv2.h"
#include "api/gen/corev1.h"
#include "api/gen/discoveryv1.h"
#include "api/gen/discoveryv1beta1.h"
#include "api/gen/eventsv1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/flowcontrolv1.h"
#include "api/gen/flowcontrolv1beta3.h"
#include "api/gen/metav1.h"
#include "api/gen/networkingv1.h"
#include "api/gen/policyv1.h"
#include "api/gen/policyv1beta1.h"
#include "api/gen/rbacv1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gen/rbacv1beta1.h"

namespace xebec::api {
namespace {

template <class To, class From>
To converted(const From& from) {
  Result<Object> out = convert(Object::of(from), type_of<To>());
  EXPECT_TRUE(out) << out.error().message;
  return out->template get<To>();
}

autoscalingv2::HorizontalPodAutoscaler autoscaler() {
  autoscalingv2::HorizontalPodAutoscaler hpa;
  hpa.metadata.name = "web";
  hpa.metadata.annotations["mine"] = "kept";
  hpa.spec.scaleTargetRef.kind = "Deployment";
  hpa.spec.minReplicas = 2;
  hpa.spec.maxReplicas = 9;
  auto& cpu = hpa.spec.metrics.emplace_back();
  cpu.type = "Resource";
  cpu.resource.emplace().name = "cpu";
  cpu.resource->target.type = "Utilization";
  cpu.resource->target.averageUtilization = 70;
  auto& pods = hpa.spec.metrics.emplace_back();
  pods.type = "Pods";
  pods.pods.emplace().metric.name = "qps";
  pods.pods->target.type = "AverageValue";
  pods.pods->target.averageValue = Quantity::must_parse("100m");
  hpa.spec.behavior.emplace().scaleDown.emplace().stabilizationWindowSeconds = 60;
  auto& condition = hpa.status.conditions.emplace_back();
  condition.type = "AbleToScale";
  condition.status = "True";
  return hpa;
}

TEST(Conversion, AutoscalersGoThroughV1WithoutLoss) {
  const auto v2 = autoscaler();
  const auto v1 = converted<autoscalingv1::HorizontalPodAutoscaler>(v2);
  EXPECT_EQ(v1.spec.targetCPUUtilizationPercentage, 70);
  EXPECT_EQ(*v1.metadata.annotations.get("autoscaling.alpha.kubernetes.io/metrics"),
            R"([{"type":"Pods","pods":{"metricName":"qps","targetAverageValue":"100m"}}])");
  EXPECT_NE(v1.metadata.annotations.get("autoscaling.alpha.kubernetes.io/behavior")
                ->find("\"StabilizationWindowSeconds\":60"),
            std::string::npos);
  EXPECT_EQ(converted<autoscalingv2::HorizontalPodAutoscaler>(v1), v2);
}

TEST(Conversion, AnAutoscalerOfV1HasOneMetric) {
  autoscalingv1::HorizontalPodAutoscaler v1;
  v1.spec.targetCPUUtilizationPercentage = 50;
  const auto v2 = converted<autoscalingv2::HorizontalPodAutoscaler>(v1);
  ASSERT_EQ(v2.spec.metrics.size(), 1u);
  EXPECT_EQ(v2.spec.metrics[0].resource->target.averageUtilization, 50);
  EXPECT_EQ(converted<autoscalingv1::HorizontalPodAutoscaler>(v2), v1);
}

TEST(Conversion, EventsHaveTwoVocabularies) {
  eventsv1::Event event;
  event.metadata.name = "e";
  event.note = "text";
  event.regarding.name = "pod";
  event.reportingController = "kubelet";
  event.series.emplace().count = 3;
  event.deprecatedCount = 2;
  const auto core = converted<corev1::Event>(event);
  EXPECT_EQ(core.message, "text");
  EXPECT_EQ(core.involvedObject.name, "pod");
  EXPECT_EQ(core.reportingComponent, "kubelet");
  EXPECT_EQ(core.series->count, 3);
  EXPECT_EQ(converted<eventsv1::Event>(core), event);
}

TEST(Conversion, IngressesOfV1beta1NameTheirService) {
  extensionsv1beta1::Ingress old;
  auto& path = old.spec.rules.emplace_back().http.emplace().paths.emplace_back();
  path.path = "/";
  path.backend.serviceName = "web";
  path.backend.servicePort = IntOrString(80);
  const auto now = converted<networkingv1::Ingress>(old);
  EXPECT_EQ(now.spec.rules[0].http->paths[0].backend.service->name, "web");
  EXPECT_EQ(now.spec.rules[0].http->paths[0].backend.service->port.number, 80);
  const auto back = converted<extensionsv1beta1::Ingress>(now);
  EXPECT_EQ(back.spec.rules[0].http->paths[0].backend, path.backend);
}

TEST(Conversion, DefinitionsOfV1beta1MaySpeakForAllVersions) {
  apiextensionsv1beta1::CustomResourceDefinition old;
  old.spec.version = "v1";
  auto& column = old.spec.additionalPrinterColumns.emplace_back();
  column.name = "Age";
  column.JSONPath = ".metadata.creationTimestamp";
  const auto now = converted<apiextensionsv1::CustomResourceDefinition>(old);
  ASSERT_EQ(now.spec.versions.size(), 1u);
  EXPECT_TRUE(now.spec.versions[0].storage);
  EXPECT_EQ(now.spec.versions[0].additionalPrinterColumns[0].jsonPath, ".metadata.creationTimestamp");
  EXPECT_EQ(converted<apiextensionsv1beta1::CustomResourceDefinition>(now)
                .spec.additionalPrinterColumns[0]
                .JSONPath,
            ".metadata.creationTimestamp");
}

TEST(Conversion, SubjectsOfV1alpha1HaveVersions) {
  rbacv1::RoleBinding binding;
  for (const char* kind : {"ServiceAccount", "User", "Group", "Robot"})
    binding.subjects.emplace_back().kind = kind;
  binding.subjects[1].apiGroup = binding.subjects[2].apiGroup = "rbac.authorization.k8s.io";
  binding.subjects[3].apiGroup = "example.com";
  const auto old = converted<rbacv1alpha1::RoleBinding>(binding);
  EXPECT_EQ(old.subjects[0].apiVersion, "v1");
  EXPECT_EQ(old.subjects[1].apiVersion, "rbac.authorization.k8s.io/v1alpha1");
  EXPECT_EQ(old.subjects[2].apiVersion, "rbac.authorization.k8s.io/v1alpha1");
  EXPECT_EQ(old.subjects[3].apiVersion, "example.com/");
  EXPECT_EQ(converted<rbacv1::RoleBinding>(old), binding);

  rbacv1alpha1::RoleBinding everybody;
  everybody.subjects.emplace_back().kind = "User";
  everybody.subjects[0].name = "*";
  const auto now = converted<rbacv1::RoleBinding>(everybody);
  EXPECT_EQ(now.subjects[0].kind, "Group");
  EXPECT_EQ(now.subjects[0].name, "system:authenticated");
}

TEST(Conversion, EmptySelectorsOfBudgetsChangedTheirMeaning) {
  policyv1beta1::PodDisruptionBudget nothing;
  nothing.spec.selector.emplace();
  const auto now = converted<policyv1::PodDisruptionBudget>(nothing);
  ASSERT_EQ(now.spec.selector->matchExpressions.size(), 1u);
  EXPECT_EQ(now.spec.selector->matchExpressions[0].key,
            "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match");
  EXPECT_EQ(now.spec.selector->matchExpressions[0].operator_, "Exists");
  EXPECT_EQ(converted<policyv1beta1::PodDisruptionBudget>(now), nothing);

  policyv1::PodDisruptionBudget everything;
  everything.spec.selector.emplace();
  const auto old = converted<policyv1beta1::PodDisruptionBudget>(everything);
  EXPECT_EQ(old.spec.selector->matchExpressions[0].operator_, "DoesNotExist");
  EXPECT_EQ(converted<policyv1::PodDisruptionBudget>(old), everything);
}

TEST(Conversion, WorkloadsKeepOldFieldsInAnnotations) {
  extensionsv1beta1::Deployment deployment;
  deployment.spec.rollbackTo.emplace().revision = 7;
  const auto now = converted<appsv1::Deployment>(deployment);
  EXPECT_EQ(now.metadata.annotations.at("deprecated.deployment.rollback.to"), "7");
  EXPECT_EQ(converted<extensionsv1beta1::Deployment>(now), deployment);

  extensionsv1beta1::DaemonSet set;
  set.spec.templateGeneration = 3;
  const auto set_now = converted<appsv1::DaemonSet>(set);
  EXPECT_EQ(set_now.metadata.annotations.at("deprecated.daemonset.template.generation"), "3");
  EXPECT_EQ(converted<extensionsv1beta1::DaemonSet>(set_now), set);
  auto odd = set_now;
  odd.metadata.annotations["deprecated.daemonset.template.generation"] = "many";
  EXPECT_EQ(converted<extensionsv1beta1::DaemonSet>(odd).spec.templateGeneration, 0);
}

TEST(Conversion, ScalesOfOldShowTheirSelectorTwice) {
  autoscalingv1::Scale scale;
  scale.spec.replicas = 3;
  scale.status.selector = "app=web,tier=front";
  const auto old = converted<extensionsv1beta1::Scale>(scale);
  EXPECT_EQ(old.status.targetSelector, "app=web,tier=front");
  EXPECT_EQ(old.status.selector.at("tier"), "front");
  EXPECT_EQ(converted<autoscalingv1::Scale>(old), scale);
  scale.status.selector = "app in (a,b),tier=front";
  EXPECT_TRUE(converted<extensionsv1beta1::Scale>(scale).status.selector.empty());
}

TEST(Conversion, ZeroSharesAreNotTheDefault) {
  flowcontrolv1::PriorityLevelConfiguration level;
  level.spec.limited.emplace().nominalConcurrencyShares = 0;
  auto old = converted<flowcontrolv1beta3::PriorityLevelConfiguration>(level);
  EXPECT_EQ(old.metadata.annotations.at("flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"), "");
  apply_defaults(type_of<flowcontrolv1beta3::PriorityLevelConfiguration>(), &old);
  EXPECT_EQ(old.spec.limited->nominalConcurrencyShares, 0);
  EXPECT_EQ(converted<flowcontrolv1::PriorityLevelConfiguration>(old).metadata, level.metadata);
}

TEST(Conversion, EndpointsOfV1beta1HaveTopologies) {
  discoveryv1beta1::EndpointSlice old;
  auto& endpoint = old.endpoints.emplace_back();
  endpoint.topology["topology.kubernetes.io/zone"] = "z";
  endpoint.topology["kubernetes.io/hostname"] = "n";
  endpoint.topology["example.com/rack"] = "r";
  const auto now = converted<discoveryv1::EndpointSlice>(old);
  EXPECT_EQ(now.endpoints[0].zone, "z");
  EXPECT_EQ(now.endpoints[0].nodeName, "n");
  EXPECT_EQ(now.endpoints[0].deprecatedTopology.size(), 1u);
  EXPECT_EQ(converted<discoveryv1beta1::EndpointSlice>(now).endpoints[0].topology, endpoint.topology);
}

TEST(Conversion, TellsVersionsThatLookTheSame) {
  EXPECT_TRUE(same_shape(type_of<rbacv1::Role>(), type_of<rbacv1beta1::Role>()));
  EXPECT_FALSE(same_shape(type_of<autoscalingv1::HorizontalPodAutoscaler>(),
                          type_of<autoscalingv2::HorizontalPodAutoscaler>()));
}

TEST(Conversion, FindsTheHubOfEveryStoredResource) {
  const Scheme scheme = Scheme::builtin();
  const auto hub = [&](std::string_view group, std::string_view version, std::string_view plural) {
    const Message* message = hub_message(scheme, *scheme.resource(group, version, plural));
    return message == nullptr ? std::string_view() : message->full_name;
  };
  EXPECT_EQ(hub("", "v1", "pods"), "k8s.io.api.core.v1.Pod");
  EXPECT_EQ(hub("events.k8s.io", "v1", "events"), "k8s.io.api.core.v1.Event");
  EXPECT_EQ(hub("autoscaling", "v1", "horizontalpodautoscalers"),
            "k8s.io.api.autoscaling.v2.HorizontalPodAutoscaler");
  EXPECT_EQ(hub("extensions", "v1beta1", "ingresses"), "k8s.io.api.networking.v1.Ingress");
  EXPECT_EQ(hub("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
            "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition");
  EXPECT_EQ(hub("authorization.k8s.io", "v1", "subjectaccessreviews"), "");
}

}  // namespace
}  // namespace xebec::api
