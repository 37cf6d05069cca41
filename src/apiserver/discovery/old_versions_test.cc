// Removed versions in discovery: served beside the others, last and never preferred; and what
// --runtime-config does to what is listed and to what is served.
#include <gmock/gmock.h>

#include "apiserver/test_instance.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class OldVersions : public ::testing::Test {
 protected:
  void start(std::vector<std::string> runtime_config) {
    InstanceOptions options;
    options.runtime_config = std::move(runtime_config);
    instance_ = std::make_unique<TestInstance>(std::move(options));
  }
  codec::Value get(const std::string& path, const std::string& accept = "application/json") {
    return instance_->call({"GET", path, "", {{"Accept", accept}}}).second;
  }
  int status(const std::string& path) { return instance_->send({"GET", path}).status; }

  static std::vector<std::string> names(const codec::Value* list, std::string_view member) {
    std::vector<std::string> out;
    if (list == nullptr || !list->is_list()) return out;
    for (const codec::Value& item : *list->as_list()) out.push_back(at(item, {member}));
    return out;
  }
  std::vector<std::string> versions_of(const std::string& group) {
    const codec::Value document = get("/apis/" + group);
    return names(document.find("versions"), "version");
  }
  std::string preferred(const std::string& group) {
    return at(get("/apis/" + group), {"preferredVersion", "version"});
  }
  std::vector<std::string> resources_of(const std::string& group_version) {
    const codec::Value document = get("/apis/" + group_version);
    return names(document.find("resources"), "name");
  }
  // Versions of the group in the aggregated document.
  std::vector<std::string> aggregated(const std::string& group) {
    const codec::Value document =
        get("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    for (const codec::Value& item : *document.find("items")->as_list())
      if (at(item, {"metadata", "name"}) == group) return names(item.find("versions"), "version");
    return {};
  }

  std::unique_ptr<TestInstance> instance_;
};

TEST_F(OldVersions, ComeLast) {
  start({});
  EXPECT_THAT(versions_of("apps"), ElementsAre("v1", "v1beta2", "v1beta1"));
  EXPECT_THAT(versions_of("batch"), ElementsAre("v1", "v1beta1"));
  EXPECT_THAT(versions_of("flowcontrol.apiserver.k8s.io"),
              ElementsAre("v1", "v1beta3", "v1beta2", "v1beta1"));
  EXPECT_THAT(versions_of("extensions"), ElementsAre("v1beta1"));
  EXPECT_EQ(preferred("apps"), "v1");
  EXPECT_EQ(preferred("extensions"), "v1beta1");
  EXPECT_THAT(aggregated("apps"), ElementsAre("v1", "v1beta2", "v1beta1"));
  const codec::Value groups = get("/apis");
  EXPECT_EQ(names(groups.find("groups"), "name").back(), "extensions");
  EXPECT_THAT(resources_of("extensions/v1beta1"),
              ElementsAre("daemonsets", "daemonsets/status", "deployments", "deployments/rollback",
                          "deployments/scale", "deployments/status", "ingresses", "ingresses/status",
                          "networkpolicies", "podsecuritypolicies", "replicasets", "replicasets/scale",
                          "replicasets/status"));
}

TEST_F(OldVersions, AreSwitchedOff) {
  start({"extensions/v1beta1=false", "apps/v1beta1=false"});
  EXPECT_EQ(status("/apis/extensions"), 404);
  EXPECT_EQ(status("/apis/extensions/v1beta1"), 404);
  EXPECT_EQ(status("/apis/extensions/v1beta1/deployments"), 404);
  EXPECT_THAT(versions_of("apps"), ElementsAre("v1", "v1beta2"));
  EXPECT_THAT(aggregated("apps"), ElementsAre("v1", "v1beta2"));
  EXPECT_THAT(aggregated("extensions"), IsEmpty());
}

TEST_F(OldVersions, GoWithTheirStage) {
  start({"api/beta=false", "apps/v1beta2=true"});
  EXPECT_THAT(versions_of("apps"), ElementsAre("v1", "v1beta2"));
  EXPECT_THAT(versions_of("batch"), ElementsAre("v1"));
  EXPECT_EQ(status("/apis/batch/v1beta1/cronjobs"), 404);
}

TEST_F(OldVersions, ComeWithAll) {
  start({"api/all=true"});
  EXPECT_THAT(versions_of("batch"), ElementsAre("v1", "v1beta1", "v2alpha1"));
  EXPECT_EQ(preferred("batch"), "v1");
  EXPECT_EQ(status("/apis/batch/v2alpha1/cronjobs"), 200);
  // No conversion leads from these to today's claims.
  EXPECT_THAT(versions_of("resource.k8s.io"), ElementsAre("v1", "v1beta2", "v1beta1", "v1alpha3"));
}

TEST_F(OldVersions, LoseSingleResources) {
  start({"extensions/v1beta1/deployments=false"});
  EXPECT_THAT(resources_of("extensions/v1beta1"), Not(Contains("deployments")));
  EXPECT_THAT(resources_of("extensions/v1beta1"), Contains("ingresses"));
  EXPECT_EQ(status("/apis/extensions/v1beta1/deployments"), 404);
  EXPECT_EQ(status("/apis/extensions/v1beta1/ingresses"), 200);
}

TEST_F(OldVersions, AreWhatIsLeftWithoutTheNewOne) {
  start({"apps/v1=false"});
  EXPECT_THAT(versions_of("apps"), ElementsAre("v1beta2", "v1beta1"));
  EXPECT_EQ(preferred("apps"), "v1beta2");
  EXPECT_EQ(status("/apis/apps/v1/deployments"), 404);
  EXPECT_EQ(status("/apis/apps/v1beta2/deployments"), 200);
}

}  // namespace
}  // namespace xebec::apiserver::testing
