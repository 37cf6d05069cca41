// What clients say of an object's identity: uid, resourceVersion and owners in bodies and patches.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";
const std::string kMap = kMaps + "/a";
const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

std::string map_with(const std::string& meta) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a")" +
         (meta.empty() ? "" : "," + meta) + "}}";
}

class Identity : public ::testing::Test {
 protected:
  // "CODE message (reason)".
  std::string refused(const Call& call) {
    auto [code, body] = api_.call(call);
    return std::to_string(code) + " " + at(body, {"message"}) + " (" + at(body, {"reason"}) + ")";
  }
  std::string patched(const std::string& path, const std::string& type, const std::string& body) {
    return refused({"PATCH", path, body, {{"Content-Type", "application/" + type}}});
  }
  TestApi api_;
};

TEST_F(Identity, NothingIsCreatedWithAResourceVersion) {
  const Call create{"POST", kMaps, map_with(R"("resourceVersion":"5")")};
  EXPECT_EQ(refused(create), "500 resourceVersion should not be set on objects to be created ((absent))");
  EXPECT_EQ(api_.call({"GET", kMap}).first, 404);
  // Not even the store sees a dry run, and zero is none.
  EXPECT_EQ(api_.call({"POST", kMaps + "?dryRun=All", create.body}).first, 201);
  EXPECT_EQ(api_.call({"POST", kMaps, map_with(R"("resourceVersion":"0")")}).first, 201);
}

TEST_F(Identity, ServerSideApplyMayNameAVersionOfNothing) {
  auto [code, made] = api_.call({"PATCH",
                                 kMap + "?fieldManager=m",
                                 map_with(R"("resourceVersion":"5")"),
                                 {{"Content-Type", "application/apply-patch+yaml"}}});
  EXPECT_EQ(code, 201) << codec::to_json(made);
}

TEST_F(Identity, AVersionThatIsNoNumberIsTheServersOwnError) {
  api_.create_map("a");
  const std::string expected = "500 strconv.ParseUint: parsing \"x\": invalid syntax ((absent))";
  EXPECT_EQ(refused({"PUT", kMap, map_with(R"("resourceVersion":"x")")}), expected);
  EXPECT_EQ(patched(kMap, "merge-patch+json", R"({"metadata":{"resourceVersion":"x"}})"), expected);
  EXPECT_THAT(refused({"PUT", kMap, map_with(R"("resourceVersion":"99999999999999999999")")}),
              HasSubstr("value out of range"));
}

TEST_F(Identity, TheUidOfAPutIsAPreconditionThatOfAPatchAChange) {
  api_.create_map("a");
  EXPECT_THAT(
      refused({"PUT", kMap, map_with(R"("uid":"u")")}),
      StartsWith("409 Operation cannot be fulfilled on configmaps \"a\": StorageError: invalid object, "
                 "Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, "
                 "AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: "));
  const std::string immutable =
      "422 ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"u\": field is immutable (Invalid)";
  EXPECT_EQ(patched(kMap, "merge-patch+json", R"({"metadata":{"uid":"u"}})"), immutable);
  EXPECT_EQ(patched(kMap + "?fieldManager=m", "apply-patch+yaml", map_with(R"("uid":"u")")), immutable);
}

TEST_F(Identity, APutOfWhatIsMissingNamesNoUid) {
  EXPECT_EQ(refused({"PUT", kMap, map_with(R"("uid":"u")")}), "404 configmaps \"a\" not found (NotFound)");
  // A kind that is created by an update has a storage to compare with.
  const std::string lease = R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l")";
  EXPECT_THAT(refused({"PUT", kLeases + "/l", lease + R"(,"uid":"u"}})"}),
              EndsWith("Precondition failed: UID in precondition: u, UID in object meta:  (Conflict)"));
  EXPECT_EQ(api_.call({"PUT", kLeases + "/l", lease + "}}"}).first, 201);
}

TEST_F(Identity, RepeatedOwnersAreTakenOnceAndTold) {
  const std::string owner = R"({"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"})";
  const std::string twice = R"("ownerReferences":[)" + owner + "," + owner + "]";
  const std::string told =
      "299 - \".metadata.ownerReferences contains duplicate entries; API server dedups owner references in "
      "1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) "
      "observed: u\"";
  auto send = [&](Call call) {
    http::Response response = api_.send(std::move(call));
    const codec::Value body = api_.json(response);
    const codec::Value* owners = body.at_path({"metadata", "ownerReferences"});
    const size_t count = owners && owners->as_list() ? owners->as_list()->size() : 0;
    return std::make_pair(count, std::string(response.headers.get("Warning")));
  };
  EXPECT_EQ(send({"POST", kMaps, map_with(twice)}), std::make_pair(size_t{1}, told));
  EXPECT_EQ(send({"PUT", kMap, map_with(twice)}), std::make_pair(size_t{1}, told));
  auto [count, warning] = send(
      {"PATCH", kMap, "{\"metadata\":{" + twice + "}}", {{"Content-Type", "application/merge-patch+json"}}});
  EXPECT_EQ(count, 1u);
  EXPECT_THAT(warning, HasSubstr("contains duplicate entries after mutating admission happens; API server"));
  // The same owner in another role is another entry.
  const std::string blocking = R"({"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true})";
  EXPECT_EQ(send({"PUT", kMap, map_with(R"("ownerReferences":[)" + owner + "," + blocking + "]")}),
            std::make_pair(size_t{2}, std::string()));
}

TEST_F(Identity, TheUidOfAScaleIsAPreconditionToo) {
  const std::string deployments = "/apis/apps/v1/namespaces/default/deployments";
  const std::string body =
      R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})";
  ASSERT_EQ(api_.call({"POST", deployments, body}).first, 201);
  const std::string scale =
      R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d","uid":"u"},"spec":{"replicas":2}})";
  EXPECT_THAT(refused({"PUT", deployments + "/d/scale", scale}),
              HasSubstr("Key: /registry/deployments/default/d, ResourceVersion: 0, AdditionalErrorMsg: "
                        "Precondition failed: UID in precondition: u, UID in object meta: "));
  auto [code, scaled] = api_.call({"PATCH",
                                   deployments + "/d/scale",
                                   R"({"metadata":{"uid":"u"},"spec":{"replicas":3}})",
                                   {{"Content-Type", "application/merge-patch+json"}}});
  EXPECT_EQ(code, 200) << codec::to_json(scaled);
  EXPECT_EQ(at(scaled, {"spec", "replicas"}), "3");
}

}  // namespace
}  // namespace xebec::apiserver::testing
