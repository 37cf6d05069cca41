#include "apiserver/discovery/runtime_config.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

class RuntimeConfig : public testing::Test {
 protected:
  // Whether the resource is served with these settings; the error when they are wrong.
  std::string served(std::vector<std::string> settings, std::string_view group, std::string_view version,
                     std::string_view plural) {
    auto enabled = parse_runtime_config(settings, scheme_);
    if (!enabled) return enabled.error().message;
    for (const api::Resource* resource : scheme_.resources()) {
      if (resource->group == group && resource->version == version && resource->plural == plural)
        return (*enabled)(*resource) ? "yes" : "no";
    }
    return "no such resource";
  }
  const api::Scheme scheme_ = api::Scheme::builtin();
};

TEST_F(RuntimeConfig, WithoutSettingsTheDefaultsAreServed) {
  EXPECT_EQ(served({}, "apps", "v1", "deployments"), "yes");
  EXPECT_EQ(served({}, "", "v1", "pods"), "yes");
  EXPECT_EQ(served({}, "resource.k8s.io", "v1beta1", "resourceclaims"), "no");
}

TEST_F(RuntimeConfig, VersionsAndResourcesAreSwitched) {
  EXPECT_EQ(served({"resource.k8s.io/v1beta1=true"}, "resource.k8s.io", "v1beta1", "resourceclaims"), "yes");
  EXPECT_EQ(served({"resource.k8s.io/v1beta1"}, "resource.k8s.io", "v1beta1", "resourceclaims"), "yes");
  EXPECT_EQ(served({"apps/v1=false"}, "apps", "v1", "deployments"), "no");
  EXPECT_EQ(served({"apps/v1/deployments=false"}, "apps", "v1", "deployments"), "no");
  EXPECT_EQ(served({"apps/v1/deployments=false"}, "apps", "v1", "replicasets"), "yes");
  EXPECT_EQ(served({"apps/v1=0"}, "apps", "v1", "replicasets"), "no");
}

TEST_F(RuntimeConfig, RemovedVersionsAreServedAsTheirReleasesServedThem) {
  EXPECT_EQ(served({}, "extensions", "v1beta1", "deployments"), "yes");
  EXPECT_EQ(served({}, "apps", "v1beta1", "statefulsets"), "yes");
  EXPECT_EQ(served({}, "apps", "v1beta2", "daemonsets"), "yes");
  EXPECT_EQ(served({}, "batch", "v1beta1", "cronjobs"), "yes");
  EXPECT_EQ(served({}, "policy", "v1beta1", "podsecuritypolicies"), "yes");
  EXPECT_EQ(served({}, "flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas"), "yes");
  EXPECT_EQ(served({}, "batch", "v2alpha1", "cronjobs"), "no");
  EXPECT_EQ(served({"api/alpha=true"}, "batch", "v2alpha1", "cronjobs"), "yes");
  EXPECT_EQ(served({"api/beta=false"}, "extensions", "v1beta1", "deployments"), "no");
  EXPECT_EQ(served({"extensions/v1beta1/deployments=false"}, "extensions", "v1beta1", "ingresses"), "yes");
}

TEST_F(RuntimeConfig, BroadSettingsGiveWayToNarrowOnes) {
  std::vector<std::string> settings = {"apps/v1=true", "api/all=false", "api/beta=true"};
  EXPECT_EQ(served(settings, "apps", "v1", "deployments"), "yes");
  EXPECT_EQ(served(settings, "batch", "v1", "jobs"), "no");
  EXPECT_EQ(served(settings, "resource.k8s.io", "v1beta1", "resourceclaims"), "yes");
}

TEST_F(RuntimeConfig, MistakesAreNamed) {
  EXPECT_EQ(served({"apps/v7=true"}, "apps", "v1", "deployments"),
            "group version apps/v7 that has not been registered");
  EXPECT_EQ(served({"apps/v1=perhaps"}, "apps", "v1", "deployments"),
            "invalid value of apps/v1: perhaps, err: strconv.ParseBool: parsing \"perhaps\": invalid syntax");
  EXPECT_EQ(served({"nobody.example/v1=true", "b.example/v1"}, "apps", "v1", "deployments"),
            "unknown api groups b.example,nobody.example");
  EXPECT_EQ(served({"v1=true"}, "apps", "v1", "deployments"), "runtime-config invalid key v1");
  EXPECT_EQ(served({"api/all=false"}, "apps", "v1", "deployments"), "invalid key with only api/all=false");
}

}  // namespace
}  // namespace xebec::apiserver
