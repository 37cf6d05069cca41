// JSON and merge patches that turn an object into something else: what upstream's scheme makes of it.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kMap = "/api/v1/namespaces/default/configmaps/a";
const std::string kScaler = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/h";

class Patching : public ::testing::Test {
 protected:
  std::pair<int, codec::Value> patch(const std::string& target, const std::string& type,
                                     const std::string& body) {
    return api_.call({"PATCH", target, body, {{"Content-Type", "application/" + type + "+json"}}});
  }
  void expect_refused(const std::string& body, int status, const std::string& message) {
    for (const std::string& type : {std::string("merge-patch"), std::string("json-patch")}) {
      auto [code, refused] = patch(kMap, type, type == "json-patch" ? operations(body) : body);
      EXPECT_EQ(code, status) << type << body;
      EXPECT_THAT(at(refused, {"message"}), HasSubstr(message)) << type;
    }
  }
  // A merge patch of plain members as a JSON patch.
  static std::string operations(const std::string& body) {
    const codec::Value value = *codec::parse_json(body);
    codec::ValueList out;
    for (const codec::ValueMember& member : *value.as_map()) {
      codec::ValueMap operation;
      operation.set("op", member.value.is_null() ? "remove" : "add");
      operation.set("path", "/" + member.key);
      if (!member.value.is_null()) operation.set("value", member.value);
      out.emplace_back(std::move(operation));
    }
    return codec::to_json(codec::Value(std::move(out)));
  }
  TestApi api_;
};

TEST_F(Patching, IntoAnotherKindIsInvalid) {
  api_.create_map("a");
  expect_refused(R"({"kind":"Secret"})", 422,
                 "converting (v1.Secret) to (core.ConfigMap): unknown conversion");
  expect_refused(R"({"kind":"Deployment","apiVersion":"apps/v1"})", 422,
                 "converting (v1.Deployment) to (core.ConfigMap): unknown conversion");
  auto [status, refused] = patch(kMap, "merge-patch", R"({"kind":"Secret"})");
  EXPECT_EQ(at(refused, {"reason"}), "Invalid");
  EXPECT_THAT(at(refused, {"message"}), StartsWith(" \"\" is invalid: patch: Invalid value: \"{"));
  EXPECT_EQ(at((*refused.at_path({"details", "causes"})->as_list())[0], {"field"}), "patch");
  EXPECT_EQ(at(api_.call({"GET", kMap}).second, {"data", "k"}), "v");
}

TEST_F(Patching, IntoAnUnknownKindOrVersionIsInvalid) {
  api_.create_map("a");
  const std::string scheme = " in scheme \"pkg/api/legacyscheme/scheme.go:30\"";
  expect_refused(R"({"apiVersion":"v2"})", 422,
                 "no kind \"ConfigMap\" is registered for version \"v2\"" + scheme);
  expect_refused(R"({"kind":"Nonsense"})", 422,
                 "no kind \"Nonsense\" is registered for version \"v1\"" + scheme);
  expect_refused(R"({"apiVersion":"a/b/c"})", 422, "unexpected GroupVersion string: a/b/c");
}

TEST_F(Patching, ThatDoesNotApplyIsRefusedWithoutAReason) {
  api_.create_map("a");
  auto [status, refused] = patch(kMap, "json-patch", R"([{"op":"test","path":"/data/k","value":"other"}])");
  EXPECT_EQ(status, 422);
  EXPECT_EQ(at(refused, {"message"}), "the server rejected our request due to an error in our request");
  EXPECT_EQ(at(refused, {"details"}), "{}");
}

TEST_F(Patching, ThatIsNoPatchIsABadRequest) {
  api_.create_map("a");
  auto message = [this](const std::string& type, const std::string& body) {
    auto [status, refused] = patch(kMap, type, body);
    return std::to_string(status) + " " + at(refused, {"message"});
  };
  const std::string into = "json: cannot unmarshal ", map = " into Go value of type map[string]interface {}";
  EXPECT_EQ(message("strategic-merge-patch", ""), "400 unexpected end of JSON input");
  EXPECT_EQ(message("strategic-merge-patch", "[]"), "400 " + into + "array" + map);
  EXPECT_EQ(message("merge-patch", "[]"), "400 error decoding patch: " + into + "array" + map);
  EXPECT_EQ(message("json-patch", "{}"),
            "400 error decoding patch: " + into + "object into Go value of type []handlers.jsonPatchOp");
  EXPECT_EQ(message("json-patch", "[1]"),
            "400 error decoding patch: " + into + "number into Go value of type handlers.jsonPatchOp");
}

TEST_F(Patching, OfAWrongTypeIsInvalid) {
  api_.create_map("a");
  auto message = [this](const std::string& body) {
    auto [status, refused] = patch(kMap, "strategic-merge-patch", body);
    return std::to_string(status) + " " + at(refused, {"message"});
  };
  // A strategic merge patch is shown itself, as Go prints it.
  const std::string invalid = "422  \"\" is invalid: patch: Invalid value: \"map[";
  EXPECT_EQ(message(R"({"data":{"b":"x","a":5}})"),
            invalid + "data:map[a:5 b:x]]\": cannot convert int64 to string");
  EXPECT_EQ(message(R"({"data":{"a":true}})"), invalid + "data:map[a:true]]\": unrecognized type: string");
  EXPECT_EQ(message(R"({"data":[1]})"), invalid + "data:[1]]\": cannot restore map from slice");
  EXPECT_EQ(message(R"({"immutable":"x"})"), invalid + "immutable:x]\": unrecognized type: bool");
  EXPECT_EQ(message(R"({"metadata":"x"})"), invalid + "metadata:x]\": cannot restore struct from: string");
  EXPECT_EQ(message(R"({"metadata":{"generation":1.5}})"),
            invalid + "metadata:map[generation:1.5]]\": cannot convert float64 to int64");
  auto [status, merged] = patch(kMap, "merge-patch", R"({"data":{"a":5}})");
  EXPECT_THAT(
      at(merged, {"message"}),
      HasSubstr("}}\": json: cannot unmarshal number into Go struct field ConfigMap.data of type string"));
}

TEST_F(Patching, WithoutAKindItIsWhatItWas) {
  api_.create_map("a");
  auto [status, same] = patch(kMap, "merge-patch", R"({"kind":null,"data":{"k":"w"}})");
  EXPECT_EQ(status, 200) << codec::to_json(same);
  EXPECT_EQ(at(same, {"data", "k"}), "w");
  EXPECT_EQ(at(same, {"kind"}), "ConfigMap");
  expect_refused(R"({"apiVersion":null})", 400,
                 "the name of the object (a based on URL) was undeterminable: name must be provided");
}

TEST_F(Patching, IntoAnotherVersionOfTheKindIsTaken) {
  const std::string scaler =
      R"({"metadata":{"name":"h"},"spec":{"maxReplicas":5,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})";
  ASSERT_EQ(api_.call({"POST", kScaler.substr(0, kScaler.size() - 2), scaler}).first, 201);
  auto [status, patched] = patch(
      kScaler, "merge-patch",
      R"({"apiVersion":"autoscaling/v1","spec":{"maxReplicas":7,"targetCPUUtilizationPercentage":55,"metrics":null}})");
  ASSERT_EQ(status, 200) << codec::to_json(patched);
  EXPECT_EQ(at(patched, {"apiVersion"}), "autoscaling/v2");
  EXPECT_EQ(at(patched, {"spec", "maxReplicas"}), "7");
  EXPECT_EQ(
      at((*patched.at_path({"spec", "metrics"})->as_list())[0], {"resource", "target", "averageUtilization"}),
      "55");
}

}  // namespace
}  // namespace xebec::apiserver::testing
