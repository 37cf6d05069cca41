#include "apiserver/discovery/openapi.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <fstream>
#include <map>
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

TEST_F(OpenApi, EveryDefinitionAndPropertyOfCoreIsDescribed) {
  Value document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  int properties = 0;
  for (const auto& definition : *document.find("definitions")->as_map()) {
    if (!definition.key.starts_with("io.k8s.api.core.v1.")) continue;
    EXPECT_TRUE(definition.value.find("description")) << definition.key;
    const Value* of = definition.value.find("properties");
    if (!of) continue;
    for (const auto& property : *of->as_map()) {
      EXPECT_TRUE(property.value.find("description")) << definition.key << "." << property.key;
      ++properties;
    }
  }
  EXPECT_GT(properties, 800);
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

// What upstream publishes of operations, where it is at hand.
class OpenApiOfUpstream : public OpenApi {
 protected:
  void SetUp() override {
    std::ifstream file(std::string(XEBEC_SHARED_DATA) + "/facts/paths.json");
    if (!file) GTEST_SKIP() << "no list of upstream's paths";
    std::stringstream text;
    text << file.rdbuf();
    Result<Value> parsed = codec::parse_json(text.str());
    ASSERT_TRUE(parsed) << parsed.error().message;
    facts = std::move(*parsed);
    document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  }

  // A row of the tables, without what only gates that are off by default bring.
  std::set<std::string> row(std::string_view table, const Value* index) {
    std::set<std::string> out;
    if (!index) return out;
    const Value& list = (*facts.at_path({"tables", table})->as_list())[static_cast<size_t>(index->int_or(0))];
    for (const Value& item : *list.as_list()) {
      std::string_view text = item.string_or();
      if (text.find("cbor") == std::string_view::npos && text != "shardSelector:string") out.emplace(text);
    }
    return out;
  }

  static std::set<std::string> texts(const Value* list) {
    std::set<std::string> out;
    if (list) {
      for (const Value& item : *list->as_list()) out.emplace(item.string_or());
    }
    return out;
  }

  // Code to the type's name, "string" or nothing.
  static std::map<std::string, std::string> responses(const Value& operation) {
    std::map<std::string, std::string> out;
    for (const auto& [code, response] : *operation.find("responses")->as_map()) {
      const Value* ref = response.at_path({"schema", "$ref"});
      const Value* type = response.at_path({"schema", "type"});
      out[code] = ref    ? std::string(ref->string_or().substr(std::string_view("#/definitions/").size()))
                  : type ? std::string(type->string_or())
                         : "";
    }
    return out;
  }

  static void add_parameters(const Value& of, std::set<std::string>& query, std::string& body) {
    const Value* list = of.find("parameters");
    if (!list) return;
    for (const Value& parameter : *list->as_list()) {
      std::string_view in = parameter.find("in")->string_or();
      EXPECT_TRUE(in == "body" || parameter.find("description")) << codec::to_json(parameter);
      if (in == "query")
        query.insert(
            fmt::format("{}:{}", parameter.find("name")->string_or(), parameter.find("type")->string_or()));
      if (in == "body") body = parameter.at_path({"schema", "$ref"})->string_or().substr(14);
    }
  }

  void check(const std::string& where, const Value& path, const Value& operation, const Value& known) {
    EXPECT_EQ(operation.find("operationId")->string_or(), known.find("opId")->string_or()) << where;
    const Value* action = known.find("action");
    EXPECT_EQ(action != nullptr, operation.find("x-kubernetes-action") != nullptr) << where;
    if (action) {
      EXPECT_EQ(operation.find("x-kubernetes-action")->string_or(), action->string_or()) << where;
    }
    if (const Value* gvk = known.find("gvk")) {
      EXPECT_EQ(operation.at_path({"x-kubernetes-group-version-kind", "kind"})->string_or(),
                (*gvk->as_list())[2].string_or())
          << where;
    }
    std::set<std::string> query;
    std::string body;
    add_parameters(path, query, body);
    add_parameters(operation, query, body);
    EXPECT_EQ(query, row("q", known.find("q"))) << where;
    EXPECT_EQ(body, known.find("body") ? known.find("body")->string_or() : "") << where;
    EXPECT_EQ(texts(operation.find("consumes")), row("consumes", known.find("consumes"))) << where;
    EXPECT_EQ(texts(operation.find("produces")), row("produces", known.find("produces"))) << where;
    std::map<std::string, std::string> expected;
    for (const auto& [code, type] : *known.find("responses")->as_map()) expected[code] = type.string_or();
    EXPECT_EQ(responses(operation), expected) << where;
  }

  Value facts, document;
};

TEST_F(OpenApiOfUpstream, OperationsAreTheSame) {
  int checked = 0;
  for (const auto& [path, item] : *document.find("paths")->as_map()) {
    const Value* known = facts.find("paths")->find(path);
    EXPECT_TRUE(known) << path;
    if (!known) continue;
    for (const auto& [method, operation] : *item.as_map()) {
      if (method == "parameters") continue;
      const std::string where = method + " " + path;
      const Value* expected = known->find(method);
      EXPECT_TRUE(expected) << where;
      if (expected) check(where, item, operation, *expected);
      ++checked;
    }
  }
  EXPECT_GT(checked, 800);
}

// Everything that is on by default: what is missing has a group version of its own that is not.
TEST_F(OpenApiOfUpstream, NoPathOfAServedVersionIsMissing) {
  auto snapshot = catalog.snapshot();
  for (const auto& [path, item] : *facts.find("paths")->as_map()) {
    if (document.find("paths")->find(path) || path.starts_with("/logs/")) continue;
    std::vector<std::string> parts;
    std::stringstream in(path);
    for (std::string part; std::getline(in, part, '/');) parts.push_back(part);
    const bool core = parts[1] == "api";
    const CatalogGroup* group = find_group(*snapshot, core ? "" : parts[2]);
    const std::string version = parts[core ? 2 : 3];
    EXPECT_FALSE(group && find_version(*group, version)) << path;
  }
}

}  // namespace
}  // namespace xebec::apiserver
