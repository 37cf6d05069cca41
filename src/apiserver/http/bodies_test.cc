// Bodies and their media types that do not belong where they are sent, in the words of upstream's scheme.
#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

const std::string kMaps = "/api/v1/namespaces/default/configmaps?dryRun=All";

class Bodies : public ::testing::Test {
 protected:
  std::string posted(const std::string& body, const std::string& type = "application/json",
                     const std::string& path = kMaps) {
    auto [code, answer] = api_.call({"POST", path, body, {{"Content-Type", type}}});
    return code < 300 ? std::to_string(code) : std::to_string(code) + " " + at(answer, {"message"});
  }
  TestApi api_;
};

TEST_F(Bodies, OfAnotherKindCannotBeHandled) {
  const std::string scheme = " in scheme \"pkg/api/legacyscheme/scheme.go:30\"";
  EXPECT_EQ(posted(R"({"kind":"Foo","apiVersion":"v1"})"),
            "400 Foo in version \"v1\" cannot be handled as a ConfigMap: no kind \"Foo\" is registered for "
            "version \"v1\"" +
                scheme);
  EXPECT_EQ(posted(R"({"kind":"ConfigMap","apiVersion":"v2"})"),
            "400 ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is "
            "registered for version \"v2\"" +
                scheme);
  EXPECT_EQ(posted("kind: ConfigMap\napiVersion: foo/v1\n", "application/yaml"),
            "400 ConfigMap in version \"v1\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is "
            "registered for version \"foo/v1\"" +
                scheme);
  const std::string handled = " in version \"v1\" cannot be handled as a ConfigMap: converting (v1.";
  for (const std::string kind : {"Secret", "ConfigMapList", "Status", "DeleteOptions"}) {
    EXPECT_EQ(posted(R"({"kind":")" + kind + R"(","apiVersion":"v1"})"),
              "400 " + kind + handled + kind + ") to (core.ConfigMap): unknown conversion");
  }
  EXPECT_EQ(posted(R"({"kind":"Deployment","apiVersion":"apps/v1"})"),
            "400 Deployment" + handled + "Deployment) to (core.ConfigMap): unknown conversion");
}

TEST_F(Bodies, OfAnotherVersionDoNotMatch) {
  EXPECT_EQ(posted(R"({"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v1"})", "application/json",
                   "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"),
            "400 the API version in the data (autoscaling/v1) does not match the expected API version "
            "(autoscaling/v2)");
}

TEST_F(Bodies, OfYamlThatAreNoMapsHaveNoKind) {
  const std::string unrecognized =
      "400 the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json "
      "parse error: json: cannot unmarshal ";
  const std::string type =
      " into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
      "\"json:\\\"kind,omitempty\\\"\" }";
  EXPECT_EQ(posted("- a", "application/yaml"), unrecognized + "array" + type + " (2d2061)");
  EXPECT_EQ(posted("[]"), unrecognized + "array" + type + " (5b5d)");
  EXPECT_EQ(posted("foo", "application/yaml"), unrecognized + "string" + type + " (666f6f)");
}

TEST_F(Bodies, AreTriedOutByTheWordAllAlone) {
  const std::string maps = kMaps.substr(0, kMaps.find('?')), map = R"({"metadata":{"name":"m"}})";
  for (const std::string word : {"", "all", "true"}) {
    EXPECT_EQ(posted(map, "application/json", maps + "?dryRun=" + word),
              "422 CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"" + word +
                  "\"]: supported values: \"All\"");
  }
  EXPECT_EQ(posted(map, "application/json", maps + "?dryRun=All&dryRun=All"), "201");
  EXPECT_EQ(api_.call({"GET", maps + "/m"}).first, 404);
}

TEST_F(Bodies, HaveMediaTypesAsGoReadsThem) {
  const std::string map = R"({"metadata":{"name":"m"}})";
  for (const char* good : {"", "application/json", "Application/JSON ; charset=utf-8", "application/json;",
                           "application/json;a=b;c=\"d\";"})
    EXPECT_EQ(posted(map, good), "201") << good;
  for (const char* bad : {";", "application/json;a", "application/json;=b", "application/json;a=",
                          "application/json;a=b;a=c", "application/json;;a=b", "json"}) {
    EXPECT_EQ(posted(map, bad),
              "415 the body of the request was in an unknown format - accepted media types include: "
              "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor")
        << bad;
  }
}

TEST_F(Bodies, OfYamlTellTheirRepetitionsOneALine) {
  const std::string twice = "metadata: {name: m}\ndata:\n  a: b\n  a: c\n  a: d\n";
  http::Response warned = api_.send({"POST", kMaps, twice, {{"Content-Type", "application/yaml"}}});
  EXPECT_EQ(warned.status, 201);
  const std::vector<std::string_view> told = warned.headers.all("Warning");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0], "299 - \"line 4: key \\\"a\\\" already set in map\"");
  EXPECT_EQ(told[1], "299 - \"line 5: key \\\"a\\\" already set in map\"");
}

}  // namespace
}  // namespace xebec::apiserver::testing
