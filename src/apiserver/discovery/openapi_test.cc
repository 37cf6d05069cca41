#include "apiserver/discovery/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
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

TEST_F(OpenApi, DescriptionsStandBesideReferencesInV2AndAroundThemInV3) {
  Value v2 = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  const Value* spec = v2.at_path({"definitions", "io.k8s.api.apps.v1.Deployment", "properties", "spec"});
  ASSERT_TRUE(spec);
  EXPECT_EQ(codec::to_json(*spec),
            R"({"$ref":"#/definitions/io.k8s.api.apps.v1.DeploymentSpec","description":"What is desired."})");

  auto snapshot = catalog.snapshot();
  const CatalogGroup* apps = find_group(*snapshot, "apps");
  Value v3 = openapi_v3_document(scheme, *apps, *find_version(*apps, "v1"), "v1");
  spec = v3.at_path({"components", "schemas", "io.k8s.api.apps.v1.Deployment", "properties", "spec"});
  ASSERT_TRUE(spec);
  EXPECT_EQ(codec::to_json(*spec),
            R"({"allOf":[{"$ref":"#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"}],)"
            R"("default":{},"description":"What is desired."})");
}

TEST_F(OpenApi, EveryDefinitionAndPropertyIsDescribed) {
  const Catalog all(scheme, [](const api::Resource&) { return true; });
  Value document = openapi_v2_document(scheme, *all.snapshot(), "v1");
  int properties = 0;
  for (const auto& definition : *document.find("definitions")->as_map()) {
    EXPECT_TRUE(definition.value.find("description")) << definition.key;
    const Value* of = definition.value.find("properties");
    if (!of) continue;
    for (const auto& property : *of->as_map()) {
      EXPECT_TRUE(property.value.find("description")) << definition.key << "." << property.key;
      ++properties;
    }
  }
  EXPECT_GT(properties, 3000);
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

// Decoded by protoc against gnostic's own .proto, where both are at hand; an unknown field shows as a number.
std::string decoded_by_protoc(const std::string& proto, const std::string& message,
                              const std::string& bytes) {
  const std::string file = testing::TempDir() + "openapi_" + std::to_string(getpid());
  std::ofstream(file, std::ios::binary) << bytes;
  const std::string command = "protoc -I " XEBEC_SHARED_DATA "/facts/node-services --decode=" + message +
                              " " + proto + " < " + file + " 2>&1; rm " + file;
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[65536];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) out.append(buffer, n);
  EXPECT_EQ(pclose(pipe), 0) << out.substr(0, 400);
  return out;
}

bool has_unknown_fields(const std::string& text) {
  for (size_t at = 0; at != std::string::npos; at = text.find('\n', at + 1)) {
    size_t word = text.find_first_not_of(" \n", at);
    if (word != std::string::npos && std::isdigit(static_cast<unsigned char>(text[word]))) return true;
  }
  return false;
}

TEST_F(OpenApi, GnosticFormsAreReadByTheirOwnProtos) {
  if (!std::ifstream(XEBEC_SHARED_DATA "/facts/node-services/gnostic-openapiv3.proto"))
    GTEST_SKIP() << "no protos of gnostic";
  Value v2 = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  std::string text =
      decoded_by_protoc("gnostic-openapiv2.proto", "openapi.v2.Document", encode_gnostic_v2(v2));
  EXPECT_FALSE(has_unknown_fields(text));
  EXPECT_THAT(text, testing::HasSubstr("description: \"How many Pods there are to be; 1 by default.\""));

  auto snapshot = catalog.snapshot();
  const CatalogGroup* apps = find_group(*snapshot, "apps");
  Value v3 = openapi_v3_document(scheme, *apps, *find_version(*apps, "v1"), "v1");
  text = decoded_by_protoc("gnostic-openapiv3.proto", "openapi.v3.Document", encode_gnostic_v3(v3));
  EXPECT_FALSE(has_unknown_fields(text));
  EXPECT_THAT(text, testing::HasSubstr("operation_id: \"patchAppsV1NamespacedDeployment\""));
  EXPECT_THAT(text, testing::HasSubstr("_ref: \"#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec\""));
  EXPECT_THAT(text, testing::HasSubstr("name: \"x-kubernetes-group-version-kind\""));
}

}  // namespace
}  // namespace xebec::apiserver
