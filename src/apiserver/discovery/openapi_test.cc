#include "apiserver/discovery/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "apiserver/discovery/gnostic.h"
#include "apiserver/discovery/openapi_paths.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

using codec::Value;

class OpenApi : public testing::Test {
 protected:
  api::Scheme scheme = api::Scheme::builtin();
  Catalog catalog{scheme, [](const api::Resource& r) { return r.enabled_by_default && !r.removed; }};
};

// Every $ref of the tree.
void collect_refs(const Value& value, std::set<std::string>& out) {
  if (const auto* map = value.as_map()) {
    for (const auto& member : *map) {
      // JSONSchemaProps has a field of that name.
      if (member.key == "$ref" && member.value.is_string()) out.insert(std::string(member.value.string_or()));
      collect_refs(member.value, out);
    }
  }
  if (const auto* list = value.as_list()) {
    for (const Value& item : *list) collect_refs(item, out);
  }
}

TEST_F(OpenApi, EveryReferenceOfV2IsDefined) {
  Value document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  std::set<std::string> refs;
  collect_refs(document, refs);
  EXPECT_GT(refs.size(), 300u);
  for (const std::string& ref : refs) {
    EXPECT_TRUE(document.find("definitions")->find(ref.substr(std::string("#/definitions/").size()))) << ref;
  }
}

TEST_F(OpenApi, EveryReferenceOfV3IsDefined) {
  auto snapshot = catalog.snapshot();
  for (const CatalogGroup& group : *snapshot) {
    for (const CatalogVersion& version : group.versions) {
      Value document = openapi_v3_document(scheme, group, version, "v1");
      std::set<std::string> refs;
      collect_refs(document, refs);
      for (const std::string& ref : refs) {
        EXPECT_TRUE(document.at_path(
            {"components", "schemas", ref.substr(std::string("#/components/schemas/").size())}))
            << ref;
      }
    }
  }
}

TEST_F(OpenApi, SchemasCarryTheExtensionsClientsNeed) {
  Value document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  const Value* pod = document.at_path({"definitions", "io.k8s.api.core.v1.Pod"});
  ASSERT_TRUE(pod);
  EXPECT_EQ(codec::to_json(*pod->find("x-kubernetes-group-version-kind")),
            R"([{"group":"","kind":"Pod","version":"v1"}])");
  const Value* containers =
      document.at_path({"definitions", "io.k8s.api.core.v1.PodSpec", "properties", "containers"});
  ASSERT_TRUE(containers);
  EXPECT_EQ(containers->find("x-kubernetes-patch-merge-key")->string_or(), "name");
  EXPECT_EQ(containers->find("x-kubernetes-patch-strategy")->string_or(), "merge");
}

TEST_F(OpenApi, PatchOperationsTellOfFieldValidation) {
  Value document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  const Value* patch =
      document.at_path({"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"});
  ASSERT_TRUE(patch);
  EXPECT_THAT(codec::to_json(*patch), testing::HasSubstr("\"fieldValidation\""));
  EXPECT_EQ(patch->find("operationId")->string_or(), "patchAppsV1NamespacedDeployment");
}

TEST_F(OpenApi, GnosticFormHoldsTheDocument) {
  Value document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  std::string bytes = encode_gnostic_v2(document);
  EXPECT_EQ(bytes.substr(0, 5), std::string("\x0a\x03"
                                            "2.0"));
  EXPECT_THAT(bytes, testing::HasSubstr("patchAppsV1NamespacedDeployment"));
  EXPECT_THAT(bytes, testing::HasSubstr("io.k8s.api.core.v1.PodSpec"));
}

// The operations upstream publishes, where the list of them is at hand.
TEST_F(OpenApi, OperationsAreUpstreams) {
  std::ifstream file(std::string(XEBEC_SHARED_DATA) + "/facts/paths.json");
  if (!file) GTEST_SKIP() << "no list of upstream's paths";
  std::stringstream text;
  text << file.rdbuf();
  Result<Value> facts = codec::parse_json(text.str());
  ASSERT_TRUE(facts) << facts.error().message;
  const Value* paths = facts->find("paths");
  auto snapshot = catalog.snapshot();
  int checked = 0;
  for (const CatalogGroup& group : *snapshot) {
    for (const CatalogVersion& version : group.versions) {
      for (const OpenApiPath& path : openapi_paths(scheme, group, version)) {
        const Value* known = paths->find(path.path);
        EXPECT_TRUE(known) << path.path;
        if (!known) continue;
        for (const OpenApiOperation& op : path.operations) {
          const Value* expected = known->find(op.method);
          if (!expected) {
            ADD_FAILURE() << op.method << " " << path.path;
            continue;
          }
          EXPECT_EQ(op.id, expected->find("opId")->string_or()) << path.path;
          if (const Value* action = expected->find("action")) {
            EXPECT_EQ(op.action, action->string_or()) << path.path;
          }
          if (const Value* gvk = expected->find("gvk")) {
            EXPECT_EQ(op.kind.kind, (*gvk->as_list())[2].string_or()) << op.method << " " << path.path;
          }
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 600);
}

}  // namespace
}  // namespace xebec::apiserver
