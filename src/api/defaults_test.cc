// What old versions fill in where newer ones fill in something else.
#include "api/defaults.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/gen/admissionregistrationv1.h"
#include "api/gen/admissionregistrationv1alpha1.h"
#include "api/gen/admissionregistrationv1beta1.h"
#include "api/gen/apiextensionsv1beta1.h"
#include "api/gen/appsv1.h"
#include "api/gen/appsv1beta1.h"
#include "api/gen/appsv1beta2.h"
#include "api/gen/autoscalingv2beta1.h"
#include "api/gen/batchv1beta1.h"
#include "api/gen/batchv2alpha1.h"
#include "api/gen/certificatesv1beta1.h"
#include "api/gen/discoveryv1beta1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/gen/flowcontrolv1beta1.h"
#include "api/gen/flowcontrolv1beta3.h"
#include "api/gen/networkingv1beta1.h"
#include "api/gen/policyv1beta1.h"
#include "api/gen/rbacv1alpha1.h"
#include "api/gen/resourcev1alpha3.h"
#include "api/gen/resourcev1beta1.h"
#include "api/gen/schedulingv1alpha2.h"
#include "api/gen/storagev1beta1.h"

namespace xebec::api {
namespace {

constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

template <class T>
T defaulted(T object = T()) {
  apply_defaults(type_of<T>(), &object);
  T twice = object;
  apply_defaults(type_of<T>(), &twice);
  EXPECT_EQ(twice, object);
  return object;
}

template <class Workload>
Workload labelled() {
  Workload out;
  out.spec.template_.metadata.labels["app"] = "web";
  return defaulted(std::move(out));
}

template <class Deployment>
std::string rollout(const Deployment& deployment) {
  const auto& spec = deployment.spec;
  return spec.strategy.rollingUpdate->maxUnavailable->str() + " " +
         spec.strategy.rollingUpdate->maxSurge->str() + " " + std::to_string(*spec.revisionHistoryLimit) +
         " " + std::to_string(*spec.progressDeadlineSeconds);
}

TEST(OldDefaults, OfDeployments) {
  const std::string never = std::to_string(kNever);
  EXPECT_EQ(rollout(labelled<extensionsv1beta1::Deployment>()), "1 1 " + never + " " + never);
  EXPECT_EQ(rollout(labelled<appsv1beta1::Deployment>()), "25% 25% 2 600");
  EXPECT_EQ(rollout(labelled<appsv1beta2::Deployment>()), "25% 25% 10 600");
  EXPECT_EQ(rollout(labelled<appsv1::Deployment>()), "25% 25% 10 600");
}

// Validation refuses it later, and shows what it was completed to.
TEST(OldDefaults, RollingUpdatesOfOtherStrategiesWereCompletedInExtensions) {
  extensionsv1beta1::Deployment old;
  old.spec.strategy.type = "Recreate";
  EXPECT_FALSE(defaulted(extensionsv1beta1::Deployment(old)).spec.strategy.rollingUpdate);
  old.spec.strategy.rollingUpdate.ensure();
  EXPECT_EQ(defaulted(std::move(old)).spec.strategy.rollingUpdate->maxSurge->str(), "1");
  appsv1beta1::Deployment newer;
  newer.spec.strategy.type = "Recreate";
  newer.spec.strategy.rollingUpdate.ensure();
  EXPECT_FALSE(defaulted(std::move(newer)).spec.strategy.rollingUpdate->maxSurge);
}

TEST(OldDefaults, SelectorsAndLabelsCameFromTheTemplate) {
  const auto check = [](const auto& workload, bool from_template) {
    EXPECT_EQ(static_cast<bool>(workload.spec.selector), from_template);
    EXPECT_EQ(workload.metadata.labels.contains("app"), from_template);
    if (from_template) {
      EXPECT_EQ(workload.spec.selector->matchLabels.at("app"), "web");
    }
  };
  check(labelled<extensionsv1beta1::Deployment>(), true);
  check(labelled<extensionsv1beta1::ReplicaSet>(), true);
  check(labelled<extensionsv1beta1::DaemonSet>(), true);
  check(labelled<appsv1beta1::Deployment>(), true);
  check(labelled<appsv1beta1::StatefulSet>(), true);
  check(labelled<appsv1beta2::Deployment>(), false);
  check(labelled<appsv1beta2::ReplicaSet>(), false);
  check(labelled<appsv1beta2::DaemonSet>(), false);
  check(labelled<appsv1beta2::StatefulSet>(), false);
  // What is there stays.
  extensionsv1beta1::Deployment own;
  own.metadata.labels["mine"] = "kept";
  own.spec.selector.emplace().matchLabels["mine"] = "kept";
  own.spec.template_.metadata.labels["app"] = "web";
  own = defaulted(std::move(own));
  EXPECT_FALSE(own.metadata.labels.contains("app"));
  EXPECT_FALSE(own.spec.selector->matchLabels.contains("app"));
}

TEST(OldDefaults, OfUpdateStrategies) {
  EXPECT_EQ(labelled<extensionsv1beta1::DaemonSet>().spec.updateStrategy.type, "OnDelete");
  EXPECT_EQ(labelled<appsv1beta2::DaemonSet>().spec.updateStrategy.type, "RollingUpdate");
  const auto old = labelled<appsv1beta1::StatefulSet>();
  EXPECT_EQ(old.spec.updateStrategy.type, "OnDelete");
  EXPECT_FALSE(old.spec.updateStrategy.rollingUpdate);
  EXPECT_EQ(old.spec.podManagementPolicy, "OrderedReady");
  EXPECT_EQ(old.spec.revisionHistoryLimit, 10);
  const auto beta2 = labelled<appsv1beta2::StatefulSet>();
  EXPECT_EQ(beta2.spec.updateStrategy.type, "RollingUpdate");
  EXPECT_EQ(beta2.spec.updateStrategy.rollingUpdate->partition, 0);
  // Asked for by name alone it has no partition.
  appsv1::StatefulSet named;
  named.spec.updateStrategy.type = "RollingUpdate";
  EXPECT_FALSE(defaulted(std::move(named)).spec.updateStrategy.rollingUpdate);
}

TEST(OldDefaults, TemplatesAreDefaultedInEveryVersion) {
  extensionsv1beta1::ReplicaSet set;
  set.spec.template_.spec.containers.emplace_back().image = "web:1";
  set = defaulted(std::move(set));
  EXPECT_EQ(set.spec.template_.spec.restartPolicy, "Always");
  EXPECT_EQ(set.spec.template_.spec.containers[0].imagePullPolicy, "IfNotPresent");
  EXPECT_EQ(set.spec.replicas, 1);
}

TEST(OldDefaults, OfCronJobs) {
  const auto beta = defaulted<batchv1beta1::CronJob>();
  EXPECT_EQ(beta.spec.successfulJobsHistoryLimit, 3);
  EXPECT_EQ(beta.spec.failedJobsHistoryLimit, 1);
  const auto alpha = defaulted<batchv2alpha1::CronJob>();
  EXPECT_EQ(alpha.spec.concurrencyPolicy, "Allow");
  EXPECT_EQ(alpha.spec.suspend, false);
  EXPECT_FALSE(alpha.spec.successfulJobsHistoryLimit);
}

TEST(OldDefaults, OfWebhooks) {
  admissionregistrationv1beta1::MutatingWebhookConfiguration old;
  old.webhooks.emplace_back().rules.emplace_back();
  old.webhooks[0].clientConfig.service.emplace();
  const auto& hook = (old = defaulted(std::move(old))).webhooks[0];
  EXPECT_EQ(hook.failurePolicy, "Ignore");
  EXPECT_EQ(hook.matchPolicy, "Exact");
  EXPECT_EQ(hook.sideEffects, "Unknown");
  EXPECT_EQ(hook.timeoutSeconds, 30);
  EXPECT_EQ(hook.admissionReviewVersions, std::vector<std::string>{"v1beta1"});
  EXPECT_EQ(hook.reinvocationPolicy, "Never");
  EXPECT_EQ(hook.rules[0].scope, "*");
  EXPECT_EQ(hook.clientConfig.service->port, 443);
  admissionregistrationv1::ValidatingWebhookConfiguration now;
  now.webhooks.emplace_back();
  now = defaulted(std::move(now));
  EXPECT_EQ(now.webhooks[0].failurePolicy, "Fail");
  EXPECT_EQ(now.webhooks[0].timeoutSeconds, 10);
  EXPECT_FALSE(now.webhooks[0].sideEffects);
  admissionregistrationv1alpha1::ValidatingAdmissionPolicyBinding binding;
  binding.spec.paramRef.emplace();
  EXPECT_EQ(defaulted(std::move(binding)).spec.paramRef->parameterNotFoundAction, "Deny");
}

TEST(OldDefaults, OfPathsOfIngresses) {
  const auto with_path = [](auto ingress) {
    ingress.spec.rules.emplace_back().http.emplace().paths.emplace_back();
    return defaulted(std::move(ingress)).spec.rules[0].http->paths[0].pathType;
  };
  EXPECT_EQ(with_path(extensionsv1beta1::Ingress()), "ImplementationSpecific");
  EXPECT_EQ(with_path(networkingv1beta1::Ingress()), "ImplementationSpecific");
}

TEST(OldDefaults, OfPolicies) {
  EXPECT_EQ(defaulted<policyv1beta1::PodSecurityPolicy>().spec.allowPrivilegeEscalation, true);
  EXPECT_EQ(defaulted<extensionsv1beta1::PodSecurityPolicy>().spec.allowPrivilegeEscalation, true);
  extensionsv1beta1::NetworkPolicy network;
  network.spec.egress.emplace_back().ports.emplace_back();
  network = defaulted(std::move(network));
  EXPECT_EQ(network.spec.policyTypes, (std::vector<std::string>{"Ingress", "Egress"}));
  EXPECT_EQ(network.spec.egress[0].ports[0].protocol, "TCP");
}

TEST(OldDefaults, OfAutoscalers) {
  const auto hpa = defaulted<autoscalingv2beta1::HorizontalPodAutoscaler>();
  EXPECT_EQ(hpa.spec.minReplicas, 1);
  ASSERT_EQ(hpa.spec.metrics.size(), 1u);
  EXPECT_EQ(hpa.spec.metrics[0].resource->targetAverageUtilization, 80);
}

TEST(OldDefaults, OfConcurrencyShares) {
  flowcontrolv1beta1::PriorityLevelConfiguration assured;
  assured.spec.limited.emplace();
  EXPECT_EQ(defaulted(std::move(assured)).spec.limited->assuredConcurrencyShares, 30);
  flowcontrolv1beta3::PriorityLevelConfiguration nominal;
  nominal.spec.limited.emplace();
  EXPECT_EQ(defaulted(nominal).spec.limited->nominalConcurrencyShares, 30);
  nominal.metadata.annotations["flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"] = "";
  EXPECT_EQ(defaulted(nominal).spec.limited->nominalConcurrencyShares, 0);
}

TEST(OldDefaults, OfTheRest) {
  rbacv1alpha1::RoleBinding binding;
  binding.subjects.emplace_back().kind = "Group";
  binding = defaulted(std::move(binding));
  EXPECT_EQ(binding.subjects[0].apiVersion, "rbac.authorization.k8s.io/v1alpha1");
  EXPECT_EQ(binding.roleRef.apiGroup, "rbac.authorization.k8s.io");

  apiextensionsv1beta1::CustomResourceDefinition definition;
  definition.spec.version = "v1";
  definition.spec.names.kind = "Hue";
  definition = defaulted(std::move(definition));
  EXPECT_EQ(definition.spec.scope, "Namespaced");
  EXPECT_EQ(definition.spec.names.listKind, "HueList");
  EXPECT_EQ(definition.spec.preserveUnknownFields, true);
  ASSERT_EQ(definition.spec.versions.size(), 1u);
  EXPECT_TRUE(definition.spec.versions[0].storage && definition.spec.versions[0].served);

  const auto request = defaulted<certificatesv1beta1::CertificateSigningRequest>();
  EXPECT_EQ(request.spec.usages, (std::vector<std::string>{"digital signature", "key encipherment"}));

  discoveryv1beta1::EndpointSlice slice;
  slice.ports.emplace_back();
  EXPECT_EQ(defaulted(std::move(slice)).ports[0].protocol, "TCP");
  EXPECT_EQ(defaulted<storagev1beta1::CSIDriver>().spec.attachRequired, true);
  EXPECT_EQ(defaulted<storagev1beta1::StorageClass>().reclaimPolicy, "Delete");

  resourcev1beta1::ResourceClaim claim;
  claim.spec.devices.requests.emplace_back().deviceClassName = "c";
  claim.spec.devices.requests.emplace_back().firstAvailable.emplace_back();
  claim = defaulted(std::move(claim));
  EXPECT_EQ(claim.spec.devices.requests[0].count, 1);
  EXPECT_EQ(claim.spec.devices.requests[1].allocationMode, "");
  EXPECT_EQ(claim.spec.devices.requests[1].firstAvailable[0].count, 1);
}

TEST(NewDefaults, OfKindsThatAreNotServedByDefault) {
  EXPECT_EQ(defaulted<certificatesv1beta1::PodCertificateRequest>().spec.maxExpirationSeconds, 86400);
  EXPECT_EQ(defaulted<resourcev1alpha3::ResourcePoolStatusRequest>().spec.limit, 100);
  EXPECT_EQ(defaulted<schedulingv1alpha2::PodGroup>().spec.disruptionMode, "Pod");
}

}  // namespace
}  // namespace xebec::api
