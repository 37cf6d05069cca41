// Server-side apply as clients see it (KEP-555): who owns what, who is in conflict with whom, and what goes.
#include <gmock/gmock.h>

#include "apiserver/test_api.h"
#include "codec/cbor/cbor.h"

namespace xebec::apiserver::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kMaps = "/api/v1/namespaces/default/configmaps";
const std::string kDeployments = "/apis/apps/v1/namespaces/default/deployments";
const std::string kScalers = "/namespaces/default/horizontalpodautoscalers/h";

// A Deployment "d", to which a configuration adds.
std::string deployment(const std::string& spec) {
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":)" + spec + "}";
}
const std::string kSpec =
    R"("selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";

class Applying : public ::testing::Test {
 protected:
  std::pair<int, codec::Value> apply(const std::string& path, const std::string& manager,
                                     const std::string& config, const std::string& more = "") {
    return api_.call({"PATCH",
                      path + "?fieldManager=" + manager + more,
                      config,
                      {{"Content-Type", "application/apply-patch+yaml"}}});
  }
  std::pair<int, codec::Value> apply_map(const std::string& manager, const std::string& rest,
                                         const std::string& more = "") {
    return apply(kMaps + "/m", manager,
                 R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},)" + rest + "}", more);
  }
  std::pair<int, codec::Value> merge(const std::string& path, const std::string& manager,
                                     const std::string& patch) {
    return api_.call({"PATCH",
                      path + "?fieldManager=" + manager,
                      patch,
                      {{"Content-Type", "application/merge-patch+json"}}});
  }
  codec::Value get(const std::string& path) { return api_.call({"GET", path}).second; }
  // "manager operation version[ subresource]: fields" of every entry.
  static std::vector<std::string> owners(const codec::Value& object) {
    std::vector<std::string> out;
    const codec::Value* entries = object.at_path({"metadata", "managedFields"});
    if (!entries || !entries->as_list()) return out;
    for (const codec::Value& entry : *entries->as_list()) {
      std::string subresource = at(entry, {"subresource"});
      out.push_back(at(entry, {"manager"}) + " " + at(entry, {"operation"}) + " " +
                    at(entry, {"apiVersion"}) + (subresource == "(absent)" ? "" : " " + subresource) + ": " +
                    at(entry, {"fieldsV1"}));
    }
    return out;
  }
  static std::vector<std::string> causes(const codec::Value& status) {
    std::vector<std::string> out;
    for (const codec::Value& cause : *status.at_path({"details", "causes"})->as_list())
      out.push_back(at(cause, {"reason"}) + " " + at(cause, {"field"}) + ": " + at(cause, {"message"}));
    return out;
  }

  TestApi api_;
};

TEST_F(Applying, ConflictsNameTheirOwnersAndFields) {
  ASSERT_EQ(apply_map("one", R"("data":{"a":"1","b":"1"})").first, 201);
  ASSERT_EQ(merge(kMaps + "/m", "two", R"({"data":{"c":"1"}})").first, 200);
  auto [status, single] = apply_map("three", R"("data":{"a":"2"})");
  EXPECT_EQ(status, 409);
  EXPECT_EQ(at(single, {"reason"}), "Conflict");
  EXPECT_EQ(at(single, {"message"}), "Apply failed with 1 conflict: conflict with \"one\": .data.a");
  EXPECT_THAT(causes(single), ElementsAre("FieldManagerConflict .data.a: conflict with \"one\""));
  auto [status2, several] = apply_map("three", R"("data":{"a":"2","b":"2","c":"2"})");
  EXPECT_EQ(status2, 409);
  EXPECT_EQ(at(several, {"message"}),
            "Apply failed with 3 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b\n"
            "conflicts with \"two\" using v1:\n- .data.c");
  // The same value is no conflict, nor is a field of nobody.
  EXPECT_EQ(apply_map("three", R"("data":{"a":"1","d":"1"})").first, 200);
}

TEST_F(Applying, ForceTakesFieldsFromTheirOwners) {
  ASSERT_EQ(apply_map("one", R"("data":{"a":"1","b":"1"})").first, 201);
  auto [status, forced] = apply_map("two", R"("data":{"a":"2"})", "&force=true");
  EXPECT_EQ(status, 200);
  EXPECT_THAT(owners(forced), ElementsAre("one Apply v1: {\"f:data\":{\"f:b\":{}}}",
                                          "two Apply v1: {\"f:data\":{\"f:a\":{}}}"));
  // Who lost it does not get it back by saying nothing new.
  EXPECT_EQ(apply_map("one", R"("data":{"a":"1","b":"1"})").first, 409);
}

TEST_F(Applying, SharedFieldsStayUntilTheLastOwnerLetsGo) {
  ASSERT_EQ(apply_map("one", R"("data":{"a":"1","b":"1"})").first, 201);
  ASSERT_EQ(apply_map("two", R"("data":{"a":"1"})").first, 200);
  auto [status, without] = apply_map("one", R"("data":{"b":"1"})");
  EXPECT_EQ(at(without, {"data"}), R"({"a":"1","b":"1"})");
  EXPECT_THAT(owners(without), ElementsAre("one Apply v1: {\"f:data\":{\"f:b\":{}}}",
                                           "two Apply v1: {\"f:data\":{\"f:a\":{}}}"));
  auto [status2, gone] = apply_map("two", R"("immutable":false)");
  EXPECT_EQ(at(gone, {"data"}), R"({"b":"1"})");
  // One's change of a shared field is the other's conflict.
  ASSERT_EQ(apply_map("two", R"("data":{"b":"1"})").first, 200);
  EXPECT_EQ(at(apply_map("one", R"("data":{"b":"2"})").second, {"message"}),
            "Apply failed with 1 conflict: conflict with \"two\": .data.b");
}

TEST_F(Applying, ListsWithKeysAreMergedByThem) {
  ASSERT_EQ(apply(kDeployments + "/d", "one", deployment("{" + kSpec + "}")).first, 201);
  auto [status, both] = apply(kDeployments + "/d", "two",
                              deployment(R"({"template":{"spec":{"containers":[{"name":"side","image":"s",
                                            "ports":[{"containerPort":80}]}]}}})"));
  ASSERT_EQ(status, 200) << codec::to_json(both);
  const codec::ValueList& containers = *both.at_path({"spec", "template", "spec", "containers"})->as_list();
  ASSERT_EQ(containers.size(), 2u);
  EXPECT_EQ(at(containers[0], {"name"}), "c");
  EXPECT_EQ(at(containers[1], {"name"}), "side");
  // Keys are filled from their defaults.
  EXPECT_THAT(
      owners(both).back(),
      HasSubstr(
          R"("f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}})"));
  EXPECT_EQ(at(apply(kDeployments + "/d", "three",
                     deployment(R"({"template":{"spec":{"containers":[{"name":"side","image":"other"}]}}})"))
                   .second,
               {"message"}),
            "Apply failed with 1 conflict: conflict with \"two\": "
            ".spec.template.spec.containers[name=\"side\"].image");
  auto [status2, one] = apply(kDeployments + "/d", "two", deployment("{}"));
  EXPECT_EQ(one.at_path({"spec", "template", "spec", "containers"})->as_list()->size(), 1u)
      << codec::to_json(one);
  auto [status3, keyless] = apply(kDeployments + "/d", "two",
                                  deployment(R"({"template":{"spec":{"containers":[{"image":"s"}]}}})"));
  EXPECT_EQ(status3, 422);
  // The key has a default: the empty string, which is no name.
  EXPECT_EQ(at(keyless, {"message"}),
            "Deployment.apps \"d\" is invalid: spec.template.spec.containers[1].name: Required value");
  auto [status4, twice] = apply(
      kDeployments + "/d", "two",
      deployment(
          R"({"template":{"spec":{"containers":[{"name":"s","image":"1"},{"name":"s","imge":"2"}]}}})"));
  EXPECT_EQ(status4, 500);
  EXPECT_EQ(at(twice, {"message"}),
            "failed to create typed patch object (/d; apps/v1, Kind=Deployment): errors:\n"
            "  .spec.template.spec.containers: duplicate entries for key [name=\"s\"]\n"
            "  .spec.template.spec.containers[name=\"s\"].imge: field not declared in schema");
}

TEST_F(Applying, SetsAreMergedByValueAndAtomsAreOwnedWhole) {
  auto map = [this](const std::string& manager, const std::string& finalizers) {
    return apply(
        kMaps + "/m", manager,
        R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","finalizers":)" + finalizers + "}}");
  };
  ASSERT_EQ(map("one", R"(["x.io/a","x.io/b"])").first, 201);
  EXPECT_EQ(at(map("two", R"(["x.io/b","x.io/c"])").second, {"metadata", "finalizers"}),
            R"(["x.io/a","x.io/b","x.io/c"])");
  auto [status, less] = map("one", "[]");
  EXPECT_EQ(at(less, {"metadata", "finalizers"}), R"(["x.io/b","x.io/c"])");
  EXPECT_THAT(
      owners(less).back(),
      "two Apply v1: {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"x.io/b\\\"\":{},\"v:\\\"x.io/c\\\"\":{}}}}");

  ASSERT_EQ(apply(kDeployments + "/d", "one", deployment("{" + kSpec + "}")).first, 201);
  EXPECT_EQ(
      at(apply(kDeployments + "/d", "two", deployment(R"({"selector":{"matchLabels":{"z":"z"}}})")).second,
         {"message"}),
      "Apply failed with 1 conflict: conflict with \"one\": .spec.selector");
}

TEST_F(Applying, KubectlTakesOverWhatItAppliedOnTheClient) {
  // As `kubectl apply` without --server-side leaves it.
  auto client_side = [](const std::string& replicas) {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"annotations\":{},\"name\":\"d\",\"namespace\":\"default\"},\"spec\":{\"replicas\":)" +
           replicas + R"(}}\n"}},"spec":{"replicas":)" + replicas + "," + kSpec + "}}";
  };
  ASSERT_EQ(
      api_.call({"POST", kDeployments + "?fieldManager=kubectl-client-side-apply", client_side("1")}).first,
      201);
  auto [status, other] = apply(kDeployments + "/d", "somebody", deployment(R"({"replicas":3})"));
  EXPECT_EQ(status, 409);
  EXPECT_EQ(at(other, {"message"}),
            "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: "
            ".spec.replicas");
  auto [status2, taken] = apply(kDeployments + "/d", "kubectl", deployment(R"({"replicas":3})"));
  EXPECT_EQ(status2, 200) << codec::to_json(taken);
  EXPECT_EQ(at(taken, {"spec", "replicas"}), "3");
  // Its annotation follows, so that it can go back.
  EXPECT_EQ(at(taken, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}),
            "{\"apiVersion\":\"apps/"
            "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3}}\n");
  // What somebody has changed since is a conflict for kubectl, too.
  ASSERT_EQ(merge(kDeployments + "/d", "autoscaler", R"({"spec":{"replicas":7}})").first, 200);
  EXPECT_EQ(at(apply(kDeployments + "/d", "kubectl", deployment(R"({"replicas":4})")).second, {"message"}),
            "Apply failed with 1 conflict: conflict with \"autoscaler\" using apps/v1: .spec.replicas");
}

TEST_F(Applying, WhatWasThereBeforeBelongsToItsFirstManager) {
  api_.create_map("m");
  ASSERT_EQ(merge(kMaps + "/m", "eraser", R"({"metadata":{"managedFields":[{}]}})").first, 200);
  EXPECT_EQ(owners(get(kMaps + "/m")), std::vector<std::string>());
  EXPECT_EQ(at(apply_map("one", R"("data":{"k":"other"})").second, {"message"}),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.k");
  auto [status, applied] = apply_map("one", R"("data":{"new":"1"})");
  EXPECT_THAT(
      owners(applied),
      ElementsAre(
          "one Apply v1: {\"f:data\":{\"f:new\":{}}}",
          "before-first-apply Update v1: "
          "{\"f:data\":{\".\":{},\"f:k\":{}},\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}}}"));
}

TEST_F(Applying, ToTheStatusOwnsTheStatusOnly) {
  ASSERT_EQ(apply(kDeployments + "/d", "one", deployment("{" + kSpec + "}")).first, 201);
  const std::string status_of =
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":9},"status":{"replicas":2}})";
  auto [status, applied] = apply(kDeployments + "/d/status", "controller", status_of);
  ASSERT_EQ(status, 200) << codec::to_json(applied);
  EXPECT_EQ(at(applied, {"status", "replicas"}), "2");
  EXPECT_EQ(at(applied, {"spec", "replicas"}), "1");
  EXPECT_THAT(owners(applied),
              Contains("controller Apply apps/v1 status: {\"f:status\":{\"f:replicas\":{}}}"));
  EXPECT_EQ(
      at(apply(
             kDeployments + "/d/status", "other",
             R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"status":{"replicas":3}})")
             .second,
         {"message"}),
      "Apply failed with 1 conflict: conflict with \"controller\" with subresource \"status\": "
      ".status.replicas");
  // A status that is sent to the object itself is nobody's.
  auto [status2, ignored] =
      apply(kDeployments + "/d", "one",
            R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{)" + kSpec +
                R"(},"status":{"replicas":5}})");
  EXPECT_EQ(status2, 200) << codec::to_json(ignored);
  EXPECT_EQ(at(ignored, {"status", "replicas"}), "2");
  for (const std::string& owner : owners(ignored)) {
    EXPECT_FALSE(owner.starts_with("one") && owner.find("f:status") != std::string::npos) << owner;
  }
}

TEST_F(Applying, ToTheScaleOwnsTheReplicasOfWhatIsScaled) {
  ASSERT_EQ(apply(kDeployments + "/d", "one", deployment(R"({"replicas":2,)" + kSpec + "}")).first, 201);
  auto scale = [this](const std::string& manager, const std::string& replicas, const std::string& more = "") {
    return apply(
        kDeployments + "/d/scale", manager,
        R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d"},"spec":{"replicas":)" +
            replicas + "}}",
        more);
  };
  EXPECT_EQ(at(scale("scaler", "5").second, {"message"}),
            "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
  auto [status, forced] = scale("scaler", "5", "&force=true");
  ASSERT_EQ(status, 200) << codec::to_json(forced);
  EXPECT_EQ(at(forced, {"kind"}), "Scale");
  EXPECT_EQ(at(forced, {"spec", "replicas"}), "5");
  const codec::Value scaled = get(kDeployments + "/d");
  EXPECT_EQ(at(scaled, {"spec", "replicas"}), "5");
  EXPECT_THAT(owners(scaled), Contains("scaler Apply apps/v1 scale: {\"f:spec\":{\"f:replicas\":{}}}"));
  EXPECT_EQ(
      at(apply(kDeployments + "/d", "one", deployment(R"({"replicas":2,)" + kSpec + "}")).second,
         {"message"}),
      "Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\": .spec.replicas");
  EXPECT_EQ(scale("scaler", "-1").first, 422);
}

TEST_F(Applying, OwnersMayBeInOtherVersions) {
  auto scaler = [this](const std::string& version, const std::string& manager, const std::string& spec,
                       const std::string& more = "") {
    return apply("/apis/autoscaling/" + version + kScalers, manager,
                 R"({"apiVersion":"autoscaling/)" + version +
                     R"(","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":)" + spec + "}",
                 more);
  };
  const std::string target = R"("scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"})";
  auto [status, made] = scaler(
      "v2", "two",
      R"({"maxReplicas":5,"minReplicas":2,)" + target +
          R"(,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}]})");
  ASSERT_EQ(status, 201) << codec::to_json(made);
  EXPECT_EQ(at(scaler("v1", "one", R"({"maxReplicas":6,)" + target + "}").second, {"message"}),
            "Apply failed with 1 conflict: conflict with \"two\": .spec.maxReplicas");
  auto [status2, shared] = scaler("v1", "one", R"({"maxReplicas":5,)" + target + "}");
  ASSERT_EQ(status2, 200) << codec::to_json(shared);
  EXPECT_EQ(at(shared, {"spec", "targetCPUUtilizationPercentage"}), "70");
  // What v2 owned is still its own, and goes when v2 lets go of it.
  auto [status3, less] = scaler("v2", "two", R"({"maxReplicas":5,)" + target + "}");
  ASSERT_EQ(status3, 200) << codec::to_json(less);
  EXPECT_EQ(at(less, {"spec", "maxReplicas"}), "5");
  const codec::Value old = get("/apis/autoscaling/v1" + kScalers);
  EXPECT_EQ(at(old, {"spec", "minReplicas"}), "1");  // the default again
}

TEST_F(Applying, DryRunsChangeNothing) {
  auto [status, made] = apply_map("one", R"("data":{"a":"1"})", "&dryRun=All");
  EXPECT_EQ(status, 201);
  EXPECT_EQ(at(made, {"data", "a"}), "1");
  EXPECT_EQ(api_.call({"GET", kMaps + "/m"}).first, 404);
  ASSERT_EQ(apply_map("one", R"("data":{"a":"1"})").first, 201);
  const codec::Value before = get(kMaps + "/m");
  EXPECT_EQ(at(apply_map("one", R"("data":{"a":"2"})", "&dryRun=All").second, {"data", "a"}), "2");
  EXPECT_EQ(apply_map("two", R"("data":{"a":"2"})", "&dryRun=All").first, 409);
  EXPECT_TRUE(get(kMaps + "/m") == before);
}

TEST_F(Applying, OfTheSameWritesNothing) {
  auto [status, first] = apply_map("one", R"("data":{"a":"1"})");
  auto [status2, again] = apply_map("one", R"("data":{"a":"1"})");
  EXPECT_EQ(status2, 200);
  EXPECT_TRUE(again == first);
}

TEST_F(Applying, UnknownAndDuplicateFieldsAreTold) {
  auto [status, unknown] = apply_map("one", R"("data":{"a":"1"},"dta":{})", "&fieldValidation=Ignore");
  EXPECT_EQ(status, 500);
  EXPECT_EQ(at(unknown, {"message"}),
            "failed to create typed patch object (/m; /v1, Kind=ConfigMap): .dta: field not declared in "
            "schema");
  EXPECT_EQ(at(unknown, {"reason"}), "(absent)");
  const std::string twice =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: one}\ndata: {a: two}\n";
  auto send = [&](const std::string& validation) {
    return api_.send({"PATCH",
                      kMaps + "/m?fieldManager=one&fieldValidation=" + validation,
                      twice,
                      {{"Content-Type", "application/apply-patch+yaml"}}});
  };
  http::Response strict = send("Strict");
  EXPECT_EQ(strict.status, 400);
  EXPECT_THAT(
      at(api_.json(strict), {"message"}),
      HasSubstr("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  "
                "line 5: key \"data\" already set in map"));
  http::Response warned = send("Warn");
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.get("Warning"), R"(299 - "line 5: key \"data\" already set in map")");
  http::Response ignored = send("Ignore");
  EXPECT_EQ(ignored.status, 200);
  EXPECT_FALSE(ignored.headers.has("Warning"));
}

TEST_F(Applying, ConfigurationsMustFitTheirRequest) {
  auto refused = [this](const std::string& config) {
    auto [status, body] = apply(kMaps + "/m", "one", config);
    return std::to_string(status) + " " + at(body, {"message"});
  };
  EXPECT_EQ(refused(R"({"apiVersion":"v2","kind":"ConfigMap"})"),
            "400 invalid object type: /v2, Kind=ConfigMap");
  EXPECT_EQ(refused(R"({"apiVersion":"v1","kind":"Secret"})"), "400 invalid object type: /v1, Kind=Secret");
  EXPECT_EQ(refused(R"({"apiVersion":"apps/v1","kind":"Deployment"})"),
            "400 invalid object type: apps/v1, Kind=Deployment");
  EXPECT_EQ(refused("{}"), "400 invalid object type: /, Kind=");
  EXPECT_EQ(refused(""), "400 invalid object type: /, Kind=");
  EXPECT_EQ(refused(R"({"apiVersion":"a/b/c","kind":"ConfigMap"})"), "400 invalid object type: /, Kind=");
  EXPECT_EQ(
      refused("[a]"),
      "400 error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array "
      "into Go value of type map[string]interface {}");
  EXPECT_EQ(
      refused("a: ["),
      "400 error decoding YAML: error converting YAML to JSON: yaml: line 2: did not find expected ',' or "
      "']'");
  // What is made has the name that it says itself.
  EXPECT_EQ(refused(R"({"apiVersion":"v1","kind":"ConfigMap"})"),
            "400 the name of the object (m based on URL) was undeterminable: name must be provided");
  EXPECT_EQ(refused(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"x"}})"),
            "400 the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(refused(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","managedFields":[{}]}})"),
            "400 metadata.managedFields must be nil");
  EXPECT_EQ(refused(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}})"),
            "400 the name of the object (x) does not match the name on the URL (m)");
  EXPECT_EQ(
      refused(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","uid":"u"}})"),
      "409 Operation cannot be fulfilled on configmaps \"m\": uid mismatch: the provided object specified "
      "uid u, and no existing object was found");
  EXPECT_EQ(api_.call({"GET", kMaps + "/m"}).first, 404);
}

TEST_F(Applying, ValuesOfTheWrongKindHaveNoType) {
  auto refused = [this](const std::string& rest) {
    auto [status, body] = apply_map("one", rest);
    return std::to_string(status) + " " + at(body, {"message"});
  };
  const std::string untyped = "500 failed to create typed patch object (/m; /v1, Kind=ConfigMap): ";
  EXPECT_EQ(refused(R"("data":{"a":true})"),
            untyped + ".data.a: expected string, got &value.valueUnstructured{Value:true}");
  EXPECT_EQ(refused(R"("data":{"a":5})"),
            untyped + ".data.a: expected string, got &value.valueUnstructured{Value:5}");
  EXPECT_EQ(refused(R"("data":{"a":{"b":["c",null]}})"),
            untyped +
                ".data.a: expected string, got &value.valueUnstructured{Value:map[string]interface "
                "{}{\"b\":[]interface {}{\"c\", interface {}(nil)}}}");
  EXPECT_EQ(refused(R"("data":["a"])"), untyped + ".data: expected map, got &{[a]}");
  EXPECT_EQ(refused(R"("immutable":"yes")"), untyped + ".immutable: expected boolean, got &{yes}");
  auto [status, body] = apply(kDeployments + "/d", "one", deployment(R"({"replicas":"3",)" + kSpec + "}"));
  EXPECT_EQ(at(body, {"message"}),
            "failed to create typed patch object (/d; apps/v1, Kind=Deployment): .spec.replicas: expected "
            "numeric (int or float), got string");
  auto [status2, list] =
      apply(kDeployments + "/d", "one", deployment(R"({"template":{"spec":{"containers":{"a":1}}}})"));
  EXPECT_EQ(at(list, {"message"}),
            "failed to create typed patch object (/d; apps/v1, Kind=Deployment): "
            ".spec.template.spec.containers: expected list, got &{map[a:1]}");
  // Null is of every kind.
  EXPECT_EQ(apply_map("one", R"("data":null,"immutable":null)").first, 201);
}

TEST_F(Applying, IsSpokenInCborToo) {
  codec::Value config;
  config["apiVersion"] = codec::Value("v1");
  config["kind"] = codec::Value("ConfigMap");
  config.set_path({"metadata", "name"}, "m");
  config.set_path({"data", "a"}, "1");
  auto send = [this](const std::string& body) {
    return api_.call(
        {"PATCH", kMaps + "/m?fieldManager=one", body, {{"Content-Type", "application/apply-patch+cbor"}}});
  };
  auto [status, made] = send(codec::encode_cbor(config));
  EXPECT_EQ(status, 201) << codec::to_json(made);
  EXPECT_THAT(owners(made), ElementsAre("one Apply v1: {\"f:data\":{\"f:a\":{}}}"));
  auto [status2, garbled] = send("\xa2\x41x\x01\x41x\x02");
  EXPECT_EQ(status2, 400);
  EXPECT_EQ(at(garbled, {"message"}),
            "error decoding YAML: cbor: found duplicate map key \"x\" at map element index 1");
}

}  // namespace
}  // namespace xebec::apiserver::testing
