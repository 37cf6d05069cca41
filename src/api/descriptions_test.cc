#include "api/descriptions.h"

#include <gtest/gtest.h>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "api/gen/extensionsv1beta1.h"
#include "api/scheme.h"

namespace xebec::api {
namespace {

std::string_view of_field(const Message& type, std::string_view name) {
  const Field* field = type.find(name);
  return field ? description(type, *field) : "no such field";
}

TEST(Descriptions, KindsAndFieldsHaveThoseOfTheTextFiles) {
  EXPECT_EQ(description(corev1::Pod::kDescriptor),
            "Containers that run together on one node and share its network and volumes.");
  EXPECT_EQ(of_field(appsv1::DeploymentSpec::kDescriptor, "replicas"),
            "How many Pods there are to be; 1 by default.");
}

TEST(Descriptions, PatternsNameTheKind) {
  EXPECT_EQ(description(corev1::PodList::kDescriptor),
            "A list of objects of kind Pod, as a list request answers it.");
}

TEST(Descriptions, PromotedFieldsHaveTheTextOfTheStructTheyComeFrom) {
  EXPECT_NE(of_field(corev1::Volume::kDescriptor, "emptyDir"), "");
  EXPECT_EQ(of_field(corev1::Volume::kDescriptor, "emptyDir").data(),
            of_field(corev1::VolumeSource::kDescriptor, "emptyDir").data());
}

TEST(Descriptions, OldVersionsShareTheTextOfTheHubWhereTheFieldIsTheSame) {
  const Message& old = extensionsv1beta1::DeploymentSpec::kDescriptor;
  EXPECT_EQ(of_field(old, "replicas").data(),
            of_field(appsv1::DeploymentSpec::kDescriptor, "replicas").data());
  EXPECT_EQ(of_field(old, "revisionHistoryLimit"),
            "How many old ReplicaSets are kept to roll back to; all by default.");
}

TEST(Descriptions, ScalarsAreFoundByTheirName) {
  EXPECT_NE(description("k8s.io.apimachinery.pkg.api.resource.Quantity"), "");
  EXPECT_EQ(description("k8s.io.apimachinery.pkg.api.resource.Nothing"), "");
}

// What a user meets of the stable groups has words; tools/check_descriptions.py says the same of the files.
TEST(Descriptions, NoFieldOfCoreLacksOne) {
  for (const Message* type : Scheme::builtin().messages()) {
    if (!type->full_name.starts_with("k8s.io.api.core.v1.")) continue;
    EXPECT_NE(description(*type), "") << type->full_name;
    for (const Field& field : type->fields)
      EXPECT_NE(description(*type, field), "") << type->full_name << "." << field.name;
  }
}

}  // namespace
}  // namespace xebec::api
