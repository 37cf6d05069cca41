// The published documents against what upstream publishes, where the lists of it are at hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "apiserver/discovery/openapi.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

using codec::Value;
using codec::ValueList;

// Null when the file is not there.
Value read_facts(const std::string& name) {
  std::ifstream file(std::string(XEBEC_SHARED_DATA) + "/facts/" + name);
  if (!file) return {};
  std::stringstream text;
  text << file.rdbuf();
  Result<Value> parsed = codec::parse_json(text.str());
  EXPECT_TRUE(parsed);
  return parsed ? std::move(*parsed) : Value();
}

class OpenApiOfUpstream : public testing::Test {
 protected:
  void SetUp() override {
    facts = read_facts("paths.json");
    if (facts.is_null()) GTEST_SKIP() << "no list of upstream's paths";
    document = openapi_v2_document(scheme, *catalog.snapshot(), "v1");
  }

  // A row of the tables, without what only gates that are off here bring.
  std::set<std::string> row(std::string_view table, const Value* index) {
    std::set<std::string> out;
    if (!index) return out;
    const Value& list = (*facts.at_path({"tables", table})->as_list())[static_cast<size_t>(index->int_or(0))];
    for (const Value& item : *list.as_list()) {
      std::string_view text = item.string_or();
      if (text != "shardSelector:string") out.emplace(text);
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

  api::Scheme scheme = api::Scheme::builtin();
  Catalog catalog{scheme, [](const api::Resource& r) { return r.enabled_by_default && !r.removed; }};
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
    const size_t version = core ? 2 : 3;
    if (parts.size() <= version) continue;  // of no version: /version/
    const CatalogGroup* group = find_group(*snapshot, core ? "" : parts[2]);
    EXPECT_FALSE(group && find_version(*group, parts[version])) << path;
  }
}

// The schemas of version 3 that all group versions publish, by name.
std::map<std::string, Value> published_schemas(const api::Scheme& scheme, const Catalog& catalog) {
  std::map<std::string, Value> out;
  auto snapshot = catalog.snapshot();
  for (const CatalogGroup& group : *snapshot) {
    for (const CatalogVersion& version : group.versions) {
      Value document = openapi_v3_document(scheme, group, version, "v1");
      for (const auto& [name, schema] : *document.at_path({"components", "schemas"})->as_map())
        out.emplace(name, schema);
    }
  }
  return out;
}

// "$ref" of a schema, also from inside an allOf, without the prefix.
std::string reference_of(const Value& schema) {
  const Value* all = schema.find("allOf");
  const Value& from = all ? (*all->as_list())[0] : schema;
  const Value* ref = from.find("$ref");
  return ref ? std::string(ref->string_or().substr(std::string_view("#/components/schemas/").size())) : "";
}

std::string text_of(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member ? codec::to_json(*member) : "";
}

// Type, format and reference of a value, a list's item or a map's.
void compare_shape(const std::string& where, const Value& ours, const Value& facts) {
  EXPECT_EQ(reference_of(ours), facts.find("ref") ? facts.find("ref")->string_or() : "") << where;
  if (facts.find("ref")) return;
  EXPECT_EQ(text_of(ours, "type"), text_of(facts, "type")) << where;
  EXPECT_EQ(text_of(ours, "format"), text_of(facts, "format")) << where;
  for (const char* inner : {"items", "additionalProperties"}) {
    const Value* mine = ours.find(inner);
    const Value* known = facts.find(inner);
    EXPECT_EQ(mine != nullptr, known != nullptr) << where << " " << inner;
    if (mine && known) compare_shape(where + " " + inner, *mine, *known);
  }
}

void compare_field(const std::string& where, const Value& ours, const Value& facts) {
  compare_shape(where, ours, facts);
  constexpr std::pair<const char*, const char*> kMembers[] = {
      {"x-kubernetes-list-type", "listType"},
      {"x-kubernetes-list-map-keys", "listMapKeys"},
      {"x-kubernetes-map-type", "mapType"},
      {"x-kubernetes-patch-strategy", "patchStrategy"},
      {"x-kubernetes-patch-merge-key", "patchMergeKey"}};
  for (const auto& [member, fact] : kMembers) {
    EXPECT_EQ(text_of(ours, member), text_of(facts, fact)) << where << " " << member;
  }
  if (const Value* fallback = facts.find("default")) {
    EXPECT_EQ(text_of(ours, "default"), codec::to_json(*fallback)) << where;
  } else if (facts.find("type")) {
    EXPECT_EQ(text_of(ours, "default"), "") << where;
  }
  std::set<std::string> expected, found;
  if (const Value* values = facts.find("enum")) {
    for (const Value& value : *values->as_list()) expected.emplace(value.string_or());
  }
  if (const Value* values = ours.find("enum")) {
    for (const Value& value : *values->as_list()) found.emplace(value.string_or());
  }
  EXPECT_EQ(found, expected) << where;
}

// "group/version/kind" of a published schema or of upstream's type. Of kinds that are of every group upstream
// lists each, and we the first.
std::vector<std::string> kinds_of(const Value& type) {
  std::vector<std::string> out;
  if (const Value* list = type.find("x-kubernetes-group-version-kind")) {
    for (const Value& kind : *list->as_list()) {
      out.push_back(fmt::format("{}/{}/{}", kind.find("group")->string_or(),
                                kind.find("version")->string_or(), kind.find("kind")->string_or()));
    }
  }
  const Value* facts = type.find("gvk");
  if (facts && facts->as_list()) {
    for (const Value& kind : *facts->as_list()) {
      const ValueList& parts = *kind.as_list();
      out.push_back(
          fmt::format("{}/{}/{}", parts[0].string_or(), parts[1].string_or(), parts[2].string_or()));
    }
  }
  return out;
}

TEST(OpenApiSchemasOfUpstream, FieldsAreTheSame) {
  const Value facts = read_facts("schema.json");
  if (facts.is_null()) GTEST_SKIP() << "no list of upstream's types";
  const api::Scheme scheme = api::Scheme::builtin();
  const Catalog catalog(scheme, [](const api::Resource& r) { return r.enabled_by_default && !r.removed; });
  int checked = 0;
  for (const auto& [name, schema] : published_schemas(scheme, catalog)) {
    const Value* known = facts.find("types")->find(name);
    EXPECT_TRUE(known) << name;
    const Value* properties = schema.find("properties");
    if (!known || !properties) continue;
    std::set<std::string> required, expected_required;
    if (const Value* list = schema.find("required")) {
      for (const Value& item : *list->as_list()) required.emplace(item.string_or());
    }
    for (const auto& [field, fact] : *known->find("fields")->as_map()) {
      const Value* property = properties->find(field);
      EXPECT_TRUE(property) << name << "." << field;
      if (!property) continue;
      compare_field(name + "." + field, *property, fact);
      if (fact.find("required")) expected_required.insert(field);
      ++checked;
    }
    for (const auto& [field, property] : *properties->as_map()) {
      EXPECT_TRUE(known->find("fields")->find(field) || field == "kind" || field == "apiVersion")
          << name << "." << field;
    }
    EXPECT_EQ(required, expected_required) << name;
    EXPECT_EQ(text_of(schema, "x-kubernetes-map-type"), text_of(*known, "mapType")) << name;
    EXPECT_EQ(text_of(schema, "x-kubernetes-unions"), text_of(*known, "unions")) << name;
    const Value* kinds = known->find("gvk");
    if (!kinds || kinds->as_list()) {
      EXPECT_EQ(kinds_of(schema), kinds_of(*known)) << name;
    }
  }
  EXPECT_GT(checked, 2000);
}

}  // namespace
}  // namespace xebec::apiserver
