// Who owns what after writes to subresources: metadata.managedFields of what a strategy resets, and of
// Scales.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kDeployments = "/apis/apps/v1/namespaces/default/deployments";
const std::string kSpec =
    R"("selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";
const std::string kReplicas = R"({"f:spec":{"f:replicas":{}}})";

class FieldOwners : public ::testing::Test {
 protected:
  codec::Value must(int code, const Call& call) {
    auto [status, answer] = api_.call(call);
    EXPECT_EQ(status, code) << call.method << " " << call.target << ": " << codec::to_json(answer);
    return std::move(answer);
  }
  codec::Value apply(int code, const std::string& path, const std::string& config) {
    return must(code, {"PATCH", path, config, {{"Content-Type", "application/apply-patch+yaml"}}});
  }
  codec::Value merge(int code, const std::string& path, const std::string& patch) {
    return must(code, {"PATCH", path, patch, {{"Content-Type", "application/merge-patch+json"}}});
  }
  static std::string deployment(const std::string& spec, const std::string& metadata = "") {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d")" + metadata +
           R"(},"spec":{)" + spec + "}}";
  }
  codec::Value scale(int code, const std::string& manager, int replicas, const std::string& more = "") {
    return apply(
        code, kDeployments + "/d/scale?fieldManager=" + manager + more,
        R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d"},"spec":{"replicas":)" +
            std::to_string(replicas) + "}}");
  }
  // "manager operation version subresource: fields" of every entry; "!" where it has no time.
  std::vector<std::string> owners(const std::string& path) {
    std::vector<std::string> out;
    const codec::Value object = must(200, {"GET", path});
    const codec::Value* entries = object.at_path({"metadata", "managedFields"});
    if (entries == nullptr) return out;
    for (const codec::Value& entry : *entries->as_list()) {
      const std::string subresource = at(entry, {"subresource"});
      out.push_back(at(entry, {"manager"}) + " " + at(entry, {"operation"}) + " " +
                    at(entry, {"apiVersion"}) + (subresource == "(absent)" ? "" : " " + subresource) +
                    (entry.find("time") == nullptr ? "!" : "") + ": " + at(entry, {"fieldsV1"}));
    }
    return out;
  }

  TestApi api_;
};

TEST_F(FieldOwners, AStatusOwnsNoMetadataThatItsStrategyResets) {
  apply(201, kDeployments + "/d?fieldManager=one", deployment(kSpec, R"(,"labels":{"a":"b"})"));
  apply(200, kDeployments + "/d/status?fieldManager=controller",
        R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","labels":{"a":"c"},)"
        R"("annotations":{"n":"v"}},"spec":{"replicas":9},"status":{"replicas":2}})");
  EXPECT_THAT(
      owners(kDeployments + "/d"),
      Contains(
          R"(controller Apply apps/v1 status: {"f:metadata":{"f:annotations":{"f:n":{}}},"f:status":{"f:replicas":{}}})"));

  const std::string pods = "/api/v1/namespaces/default/pods";
  apply(
      201, pods + "/p?fieldManager=one",
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})");
  merge(
      200, pods + "/p/status?fieldManager=kubelet",
      R"({"metadata":{"labels":{"l":"v"},"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u"}]},)"
      R"("status":{"phase":"Running"}})");
  EXPECT_THAT(
      owners(pods + "/p"),
      Contains(
          R"(kubelet Update v1 status: {"f:metadata":{"f:labels":{".":{},"f:l":{}}},"f:status":{"f:phase":{}}})"));

  const std::string schemas = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas";
  apply(201, schemas + "/f?fieldManager=one",
        R"({"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema","metadata":{"name":"f"},)"
        R"("spec":{"priorityLevelConfiguration":{"name":"exempt"}}})");
  apply(200, schemas + "/f/status?fieldManager=two",
        R"({"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema","metadata":{"name":"f",)"
        R"("labels":{"a":"b"}},"status":{"conditions":[{"type":"Dangling","status":"True"}]}})");
  for (const std::string& owner : owners(schemas + "/f"))
    if (owner.starts_with("two")) {
      EXPECT_THAT(owner, Not(HasSubstr("f:metadata")));
    }
}

TEST_F(FieldOwners, OfAScaleAreNamedInItsVersion) {
  must(201, {"POST", kDeployments + "?fieldManager=one", deployment(R"("replicas":2,)" + kSpec)});
  EXPECT_EQ(at(scale(409, "scaler", 5), {"message"}),
            "Apply failed with 1 conflict: conflict with \"one\" using autoscaling/v1: .spec.replicas");
  scale(200, "scaler", 5, "&force=true");
  EXPECT_THAT(owners(kDeployments + "/d"), Contains("scaler Apply apps/v1 scale!: " + kReplicas));
  for (const std::string& owner : owners(kDeployments + "/d"))
    if (owner.starts_with("one")) {
      EXPECT_THAT(owner, Not(HasSubstr("f:replicas")));
    }
  // By an update it is whose it was before: nobody else's.
  merge(200, kDeployments + "/d/scale?fieldManager=patcher", R"({"spec":{"replicas":7}})");
  EXPECT_THAT(owners(kDeployments + "/d"), Contains("patcher Update apps/v1 scale!: " + kReplicas));
  EXPECT_THAT(owners(kDeployments + "/d"), Not(Contains(HasSubstr("scaler"))));
  EXPECT_EQ(at(scale(409, "scaler", 5), {"message"}),
            "Apply failed with 1 conflict: conflict with \"patcher\" with subresource \"scale\" using "
            "autoscaling/v1: .spec.replicas");
  // The same number is shared.
  scale(200, "scaler", 7);
  EXPECT_THAT(owners(kDeployments + "/d"), Contains("patcher Update apps/v1 scale!: " + kReplicas));
  EXPECT_THAT(owners(kDeployments + "/d"), Contains("scaler Apply apps/v1 scale!: " + kReplicas));
  // What a Scale's status says changes nothing, and nobody owns it.
  merge(200, kDeployments + "/d/scale?fieldManager=liar", R"({"status":{"replicas":42}})");
  EXPECT_THAT(owners(kDeployments + "/d"), Not(Contains(HasSubstr("liar"))));
}

TEST_F(FieldOwners, ReplicasOfNobodyAreTakenByNobody) {
  apply(201, kDeployments + "/d?fieldManager=one", deployment(kSpec));
  const codec::Value scaled =
      merge(200, kDeployments + "/d/scale?fieldManager=two", R"({"spec":{"replicas":3}})");
  EXPECT_EQ(at(scaled, {"spec", "replicas"}), "3");
  EXPECT_THAT(owners(kDeployments + "/d"), ElementsAre(HasSubstr("one Apply apps/v1: ")));
  // An applier starts with what is there, which is as its first owner's.
  EXPECT_EQ(at(scale(409, "three", 4), {"message"}),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using autoscaling/v1: "
            ".spec.replicas");
}

}  // namespace
}  // namespace xebec::apiserver::testing
