#include "codec/patch.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "api/gen/appsv1.h"
#include "api/gen/corev1.h"
#include "codec/json.h"

namespace xebec::codec {
namespace {

namespace fs = std::filesystem;

Value json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value ? *value : Value();
}

// evanphx/json-patch, and so the API: only replace and test take the path "", a missing value is null,
// indexes may be negative or have leading zeros.
const std::set<std::string> kDocumentedDifferences = {
    "replace object document with array document?",
    "replace array document with object document?",
    "replacing the root of the document is possible with add",
    "missing 'value' parameter to add",
    "missing 'value' parameter to replace",
    "missing 'value' parameter to test",
    "test with bad array number that has leading zeros",
    R"([{"op":"add","path":"/bar/-1","value":"5"}])",
};

void run_cases(const std::string& file) {
  fs::path path = fs::path(XEBEC_SHARED_DATA) / "testdata" / file;
  if (!fs::exists(path)) GTEST_SKIP() << "no cases at " << path;
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  Value cases = json(text.str());
  for (const Value& c : *cases.as_list()) {
    const Value* patch = c.find("patch");
    if (!patch || (c.find("disabled") && c.find("disabled")->bool_or(false))) continue;
    std::string name(c.find("comment") ? c.find("comment")->string_or() : to_json(*patch));
    if (kDocumentedDifferences.contains(name)) continue;
    Value document = *c.find("doc");
    auto result = apply_json_patch(to_json(*patch), document);
    if (c.find("error")) {
      EXPECT_FALSE(result) << name << " " << to_json(c);
    } else if (const Value* expected = c.find("expected")) {
      EXPECT_TRUE(result) << name << ": " << to_json(c);
      if (!result) continue;
      EXPECT_TRUE(equal_numeric(document, *expected)) << name << " " << to_json(document);
    }
  }
}

TEST(JsonPatch, PassesTheSharedCases) { run_cases("json-patch-tests.json"); }
TEST(JsonPatch, PassesTheCasesOfTheSpecification) { run_cases("json-patch-spec-tests.json"); }

std::string cause(const Result<void>& result) {
  if (result) return "";
  return result.error().details.causes.empty() ? result.error().message
                                               : result.error().details.causes[0].message;
}

TEST(JsonPatch, SaysWhatDoesNotApply) {
  Value doc = json(R"({"a":{"b":1},"l":[1]})");
  EXPECT_EQ(cause(apply_json_patch(R"([{"op":"add","path":"/x/y","value":1}])", doc)),
            R"(add operation does not apply: doc is missing path: "/x/y": missing value)");
  EXPECT_EQ(cause(apply_json_patch(R"([{"op":"remove","path":"/a/c"}])", doc)),
            "error in remove for path: '/a/c': Unable to remove nonexistent key: c: missing value");
  EXPECT_EQ(cause(apply_json_patch(R"([{"op":"replace","path":"/a/c","value":1}])", doc)),
            "replace operation does not apply: doc is missing key: /a/c: missing value");
  EXPECT_EQ(cause(apply_json_patch(R"([{"op":"test","path":"/a/b","value":2}])", doc)),
            "testing value /a/b failed: test failed");
  auto result = apply_json_patch(R"({"op":"test"})", doc);
  EXPECT_EQ(cause(result), "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  EXPECT_EQ(result.error().code, 400);
  EXPECT_EQ(apply_json_patch(R"([{"op":"remove","path":"/zz"}])", doc).error().code, 422);
}

TEST(JsonPatch, LimitsTheNumberOfOperations) {
  std::string patch = "[";
  for (int i = 0; i <= 10000; ++i)
    patch += std::string(i ? "," : "") + R"({"op":"add","path":"/a","value":1})";
  Value doc = json("{}");
  auto result = apply_json_patch(patch + "]", doc);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 413);
  EXPECT_THAT(result.error().message,
              ::testing::HasSubstr("The allowed maximum operations in a JSON patch is 10000, got 10001"));
}

TEST(MergePatch, TheExamplesOfTheRfc) {
  struct Case {
    std::string_view doc, patch, result;
  };
  for (const Case& c :
       std::vector<Case>{{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
                         {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
                         {R"({"a":"b"})", R"({"a":null})", R"({})"},
                         {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
                         {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
                         {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
                         {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
                         {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
                         {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
                         {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}}) {
    Value doc = json(c.doc);
    ASSERT_TRUE(apply_merge_patch(c.patch, doc));
    EXPECT_TRUE(doc == json(c.result)) << c.patch << " " << to_json(doc);
  }
  Value doc = json("{}");
  EXPECT_EQ(apply_merge_patch("5", doc).error().message, "Invalid JSON Patch");
}

TEST(MergePatch, CreatesThePatchThatWasMade) {
  Value from = json(R"({"a":1,"b":{"c":1,"d":2},"l":[1]})"),
        to = json(R"({"b":{"c":1,"d":3},"l":[2],"n":0})");
  Value patch = create_merge_patch(from, to);
  EXPECT_EQ(to_json(patch), R"({"a":null,"b":{"d":3},"l":[2],"n":0})");
  merge_patch(patch, from);
  EXPECT_TRUE(from == to);
}

template <class T>
std::string merged(std::string_view doc, std::string_view patch) {
  Value value = json(doc);
  auto result = apply_strategic_merge_patch(api::type_of<T>(), patch, value);
  return result ? to_json(value) : result.error().message;
}

TEST(StrategicMerge, MergesListsByTheirKey) {
  EXPECT_EQ(
      merged<corev1::Pod>(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}})",
                          R"({"spec":{"containers":[{"name":"b","image":"3"},{"name":"c","image":"4"}]}})"),
      R"({"spec":{"containers":[{"image":"1","name":"a"},{"image":"3","name":"b"},{"image":"4","name":"c"}]}})");
}

TEST(StrategicMerge, DeletesReplacesAndClears) {
  EXPECT_EQ(merged<corev1::Pod>(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                                R"({"spec":{"containers":[{"name":"a","$patch":"delete"}]}})"),
            R"({"spec":{"containers":[{"name":"b"}]}})");
  EXPECT_EQ(merged<corev1::Pod>(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                                R"({"spec":{"containers":[{"name":"z"},{"$patch":"replace"}]}})"),
            R"({"spec":{"containers":[{"name":"z"}]}})");
  EXPECT_EQ(merged<corev1::Pod>(R"({"metadata":{"labels":{"a":"1","b":"2"}}})",
                                R"({"metadata":{"labels":{"$patch":"replace","c":"3"}}})"),
            R"({"metadata":{"labels":{"c":"3"}}})");
  EXPECT_EQ(merged<corev1::Pod>(R"({"metadata":{"labels":{"a":"1"},"name":"x"}})",
                                R"({"metadata":{"labels":null}})"),
            R"({"metadata":{"name":"x"}})");
}

TEST(StrategicMerge, RetainsKeysAndMergesPrimitives) {
  EXPECT_EQ(merged<appsv1::Deployment>(
                R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})",
                R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})"),
            R"({"spec":{"strategy":{"type":"Recreate"}}})");
  EXPECT_EQ(merged<corev1::Pod>(R"({"metadata":{"finalizers":["a","b"]}})",
                                R"({"metadata":{"finalizers":["b","c"]}})"),
            R"({"metadata":{"finalizers":["a","b","c"]}})");
  EXPECT_EQ(merged<corev1::Pod>(R"({"metadata":{"finalizers":["a","b"]}})",
                                R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})"),
            R"({"metadata":{"finalizers":["b"]}})");
  EXPECT_EQ(
      merged<appsv1::Deployment>(R"({"spec":{"strategy":{"type":"x"}}})",
                                 R"({"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":{}}}})"),
      "invalid patch format of retainKeys");
}

TEST(StrategicMerge, SetsTheOrderOfElements) {
  EXPECT_EQ(
      merged<corev1::Pod>(
          R"({"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"server"}]}})",
          R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"c"},{"name":"a"}],"containers":[{"name":"c","image":"i"}]}})"),
      R"({"spec":{"containers":[{"name":"b"},{"image":"i","name":"c"},{"name":"a"},{"name":"server"}]}})");
}

TEST(StrategicMerge, SaysWhatIsWrong) {
  EXPECT_EQ(merged<corev1::Pod>(R"({"spec":{"containers":[{"name":"a"}]}})",
                                R"({"spec":{"containers":[{"image":"x"}]}})"),
            "map: map[image:x] does not contain declared merge key: name");
  EXPECT_EQ(merged<corev1::Pod>(R"({"metadata":{"labels":{"a":"1"}}})",
                                R"({"metadata":{"labels":{"$patch":"burn"}}})"),
            "unknown patch type: burn in map: map[$patch:burn]");
}

TEST(StrategicMerge, NewMembersComeWithoutNulls) {
  EXPECT_EQ(merged<corev1::Pod>("{}", R"({"metadata":{"labels":{"a":null,"b":"1"}}})"),
            R"({"metadata":{"labels":{"b":"1"}}})");
}

TEST(StrategicMerge, NewMembersComeWithoutDirectives) {
  EXPECT_EQ(merged<corev1::Pod>(R"({"status":{}})",
                                R"({"status":{"hostIPs":[{"$patch":"replace"},{"ip":"10.0.0.1"}]}})"),
            R"({"status":{"hostIPs":[{"ip":"10.0.0.1"}]}})");
}

}  // namespace
}  // namespace xebec::codec
