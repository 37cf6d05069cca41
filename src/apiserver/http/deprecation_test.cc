#include "apiserver/http/deprecation.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

class Deprecation : public testing::Test {
 protected:
  std::string warning(std::string_view group, std::string_view version, std::string_view plural,
                      std::string_view subresource = "", std::string_view release = "1.36") {
    const api::Resource* resource = scheme_.resource(group, version, plural);
    EXPECT_TRUE(resource) << plural;
    const api::Subresource* sub = subresource.empty() ? nullptr : resource->subresource(subresource);
    EXPECT_TRUE(sub || subresource.empty()) << subresource;
    return deprecation_warning(scheme_, *resource, sub, release);
  }
  const api::Scheme scheme_ = api::Scheme::builtin();
};

// What clusters said while they served these.
TEST_F(Deprecation, IsToldInUpstreamsWords) {
  EXPECT_EQ(warning("batch", "v1beta1", "cronjobs"),
            "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob");
  EXPECT_EQ(warning("extensions", "v1beta1", "ingresses"),
            "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use "
            "networking.k8s.io/v1 Ingress");
  EXPECT_EQ(warning("autoscaling", "v2beta1", "horizontalpodautoscalers"),
            "autoscaling/v2beta1 HorizontalPodAutoscaler is deprecated in v1.22+, unavailable in v1.25+; use "
            "autoscaling/v2 HorizontalPodAutoscaler");
  EXPECT_EQ(warning("policy", "v1beta1", "podsecuritypolicies"),
            "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+");
  EXPECT_EQ(warning("events.k8s.io", "v1beta1", "events"),
            "events.k8s.io/v1beta1 Event is deprecated in v1.22+, unavailable in v1.25+");
  EXPECT_EQ(
      warning("flowcontrol.apiserver.k8s.io", "v1beta2", "flowschemas"),
      "flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema is deprecated in v1.26+, unavailable in v1.29+; use "
      "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema");
  EXPECT_EQ(
      warning("storage.k8s.io", "v1beta1", "volumeattributesclasses"),
      "storage.k8s.io/v1beta1 VolumeAttributesClass is deprecated in v1.34+, unavailable in v1.37+; use "
      "storage.k8s.io/v1 VolumeAttributesClass");
  EXPECT_EQ(warning("storage.k8s.io", "v1alpha1", "volumeattachments"),
            "storage.k8s.io/v1alpha1 VolumeAttachment is deprecated in v1.21+, unavailable in v1.24+; use "
            "storage.k8s.io/v1 VolumeAttachment");
  EXPECT_EQ(
      warning("flowcontrol.apiserver.k8s.io", "v1alpha1", "flowschemas"),
      "flowcontrol.apiserver.k8s.io/v1alpha1 FlowSchema is deprecated in v1.20+, unavailable in v1.21+; use "
      "flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema");
  EXPECT_EQ(warning("", "v1", "endpoints"),
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
  // Upstream has no tag that names the next version.
  EXPECT_EQ(warning("authentication.k8s.io", "v1beta1", "selfsubjectreviews"),
            "authentication.k8s.io/v1beta1 SelfSubjectReview is deprecated in v1.30+, unavailable in v1.33+");
  // Upstream's tag names the list.
  EXPECT_EQ(warning("networking.k8s.io", "v1beta1", "ingressclasses"),
            "networking.k8s.io/v1beta1 IngressClass is deprecated in v1.19+, unavailable in v1.22+; use "
            "networking.k8s.io/v1 IngressClassList");
}

// Without tags of their own: deprecated three releases after they came, gone three later. Of alpha versions
// too, in 1.36.
TEST_F(Deprecation, OfTodaysVersionsFollowsFromTheirAge) {
  EXPECT_EQ(
      warning("admissionregistration.k8s.io", "v1alpha1", "mutatingadmissionpolicies"),
      "admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy is deprecated in v1.35+, unavailable "
      "in v1.38+");
  EXPECT_EQ(warning("coordination.k8s.io", "v1beta1", "leasecandidates"),
            "coordination.k8s.io/v1beta1 LeaseCandidate is deprecated in v1.36+, unavailable in v1.39+");
  EXPECT_EQ(warning("resource.k8s.io", "v1beta2", "resourceclaims"),
            "resource.k8s.io/v1beta2 ResourceClaim is deprecated in v1.36+, unavailable in v1.39+");
  EXPECT_EQ(warning("storagemigration.k8s.io", "v1beta1", "storageversionmigrations"), "");
  EXPECT_EQ(warning("certificates.k8s.io", "v1beta1", "podcertificaterequests"), "");
  EXPECT_EQ(warning("scheduling.k8s.io", "v1alpha2", "workloads"), "");
}

TEST_F(Deprecation, OfASubresourceIsItsKinds) {
  EXPECT_EQ(warning("apps", "v1beta1", "deployments", "status"),
            "apps/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment");
  EXPECT_EQ(warning("apps", "v1beta2", "deployments", "scale"),
            "apps/v1beta2 Scale is deprecated in v1.9+, unavailable in v1.16+; use autoscaling/v1 Scale");
  EXPECT_EQ(warning("extensions", "v1beta1", "deployments", "scale"),
            "extensions/v1beta1 Scale is deprecated in v1.2+, unavailable in v1.16+");
  EXPECT_EQ(warning("extensions", "v1beta1", "deployments", "rollback"),
            "extensions/v1beta1 DeploymentRollback is deprecated in v1.8+, unavailable in v1.16+");
  EXPECT_EQ(warning("", "v1", "pods", "eviction"), "");
}

TEST_F(Deprecation, BeginsWithItsRelease) {
  EXPECT_EQ(warning("apps", "v1", "deployments"), "");
  EXPECT_EQ(warning("admissionregistration.k8s.io", "v1beta1", "mutatingadmissionpolicies"), "");
  EXPECT_EQ(
      warning("admissionregistration.k8s.io", "v1beta1", "mutatingadmissionpolicies", "", "1.37"),
      "admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy is deprecated in v1.37+, unavailable in "
      "v1.40+");
}

// Alpha versions went without a word.
TEST_F(Deprecation, NamesTheSuccessorOfWhatUpstreamDroppedSilently) {
  EXPECT_EQ(warning("rbac.authorization.k8s.io", "v1alpha1", "roles"),
            "rbac.authorization.k8s.io/v1alpha1 Role is deprecated; use rbac.authorization.k8s.io/v1 Role");
}

}  // namespace
}  // namespace xebec::apiserver
