#include <fmt/format.h>

#include <map>
#include <set>

#include "apiserver/discovery/openapi.h"
#include "apiserver/discovery/openapi_parameters.h"
#include "apiserver/discovery/openapi_paths.h"
#include "apiserver/discovery/openapi_schema.h"

namespace xebec::apiserver {
namespace {

using codec::Value;
using codec::ValueList;
using codec::ValueMap;

constexpr std::string_view kJson = "application/json", kYaml = "application/yaml",
                           kProtobuf = "application/vnd.kubernetes.protobuf", kCbor = "application/cbor",
                           kJsonWatch = "application/json;stream=watch",
                           kProtobufWatch = "application/vnd.kubernetes.protobuf;stream=watch",
                           kCborWatch = "application/cbor-seq";
constexpr std::string_view kPatches[] = {"application/json-patch+json", "application/merge-patch+json",
                                         "application/strategic-merge-patch+json",
                                         "application/apply-patch+yaml", "application/apply-patch+cbor"};

ValueList strings(std::initializer_list<std::string_view> texts) {
  ValueList list;
  for (std::string_view text : texts) list.emplace_back(text);
  return list;
}

std::string_view description_of(int code) {
  switch (code) {
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 401:
      return "Unauthorized";
    default:
      return "OK";
  }
}

// Of discovery only the resources of a version are told in CBOR.
std::vector<std::string_view> discovered(const OpenApiOperation& op) {
  if (op.result && op.result->name == "APIResourceList") return {kJson, kYaml, kProtobuf, kCbor};
  return {kJson, kYaml, kProtobuf};
}

// The media types an operation answers in.
std::vector<std::string_view> produced(const OpenApiOperation& op) {
  if (!op.produces.empty()) return op.produces;
  if (op.action == "connect") return {"*/*"};
  if (!op.result) return {"text/plain", kJson, kYaml, kProtobuf, kCbor};
  if (op.action == "list" || op.action == "watch" || op.action == "watchlist")
    return {kJson, kYaml, kProtobuf, kCbor, kJsonWatch, kProtobufWatch, kCborWatch};
  if (op.action.empty()) return discovered(op);
  return {kJson, kYaml, kProtobuf, kCbor};
}

// The media types an operation takes; nothing where no body is spoken of at all.
std::vector<std::string_view> consumed(const OpenApiOperation& op) {
  if (op.patch_body) return {std::begin(kPatches), std::end(kPatches)};
  if (!op.consumes.empty() || !op.produces.empty()) return op.consumes;
  if (op.action.empty()) return discovered(op);
  return {"*/*"};
}

// The query parameters that every operation of the path has.
std::set<std::string_view> common_query(const OpenApiPath& path) {
  std::map<std::string_view, size_t> count;
  for (const OpenApiOperation& op : path.operations)
    for (const OpenApiParameter& query : openapi_query(op.action, op.subresource)) ++count[query.name];
  std::set<std::string_view> out;
  for (const auto& [name, n] : count)
    if (n == path.operations.size()) out.insert(name);
  return out;
}

class OperationWriter {
 public:
  OperationWriter(SchemaPublisher& schemas, bool v3, std::string tag)
      : schemas_(schemas), v3_(v3), tag_(std::move(tag)) {}

  Value path(const OpenApiPath& path) {
    ValueMap out;
    const std::set<std::string_view> common = common_query(path);
    for (const OpenApiOperation& op : path.operations) out.set(op.method, operation(op, common));
    ValueMap parameters;  // by name
    if (path.has_name)
      parameters.set("name",
                     parameter("path", "name", "string", fmt::format("The name of the {}.", path.kind)));
    if (path.has_namespace)
      parameters.set("namespace", parameter("path", "namespace", "string", "The namespace."));
    if (path.has_rest)
      parameters.set("path", parameter("path", "path", "string", "The path that the request goes on to."));
    const OpenApiOperation& first = path.operations[0];
    for (const OpenApiParameter& query : openapi_query(first.action, first.subresource)) {
      if (!common.contains(query.name)) continue;
      // A proxy has a path both in its path and in its query.
      std::string key(query.name);
      if (parameters.contains(key)) key += " in query";
      parameters.set(key, query_parameter(first, query));
    }
    ValueList sorted;
    for (uint32_t i : parameters.sorted()) sorted.push_back(parameters.member(i).value);
    if (!sorted.empty()) out.set("parameters", std::move(sorted));
    return out;
  }

 private:
  Value query_parameter(const OpenApiOperation& op, const OpenApiParameter& query) const {
    return parameter("query", query.name, query.type,
                     openapi_query_description(op.action, op.subresource, query.name));
  }

  Value parameter(std::string_view in, std::string_view name, std::string_view type,
                  std::string_view description) const {
    ValueMap out;
    if (!description.empty()) out.set("description", description);
    out.set("in", in);
    out.set("name", name);
    if (in == "path") out.set("required", true);
    if (!v3_) {
      out.set("type", type);
      out.set("uniqueItems", true);
    } else {
      ValueMap schema;
      schema.set("type", type);
      schema.set("uniqueItems", true);
      out.set("schema", std::move(schema));
    }
    return out;
  }

  Value body_schema(const OpenApiOperation& op) {
    return op.patch_body ? schemas_.patch_reference() : schemas_.reference(*op.body);
  }

  Value content(std::span<const std::string_view> types, const Value& schema) const {
    ValueMap out;
    for (std::string_view type : types) {
      ValueMap media;
      media.set("schema", schema);
      out.set(type, std::move(media));
    }
    return out;
  }

  void add_body(const OpenApiOperation& op, ValueList& parameters, ValueMap& out) {
    if (!v3_) {
      ValueMap body;
      body.set("in", "body");
      body.set("name", "body");
      if (op.body_required) body.set("required", true);
      body.set("schema", body_schema(op));
      parameters.emplace_back(std::move(body));
      return;
    }
    static constexpr std::string_view kAnything[] = {"*/*"};
    ValueMap body;
    body.set("content",
             op.patch_body ? content(kPatches, body_schema(op)) : content(kAnything, body_schema(op)));
    if (op.body_required) body.set("required", true);
    out.set("requestBody", std::move(body));
  }

  Value responses(const OpenApiOperation& op) {
    ValueMap out;
    Value schema = op.result ? schemas_.reference(*op.result) : Value(ValueMap{{"type", "string"}});
    std::vector<std::string_view> types = produced(op);
    for (int code : op.codes) {
      ValueMap response;
      response.set("description", description_of(code));
      if (v3_) {
        response.set("content", content(types, schema));
      } else {
        response.set("schema", schema);
      }
      out.set(std::to_string(code), std::move(response));
    }
    ValueMap unauthorized;
    unauthorized.set("description", description_of(401));
    out.set("401", std::move(unauthorized));
    return out;
  }

  Value operation(const OpenApiOperation& op, const std::set<std::string_view>& common) {
    ValueMap out;
    out.set("tags", strings({tag_}));
    if (!op.description.empty()) out.set("description", op.description);
    out.set("operationId", op.id);
    ValueList parameters;
    if (op.body || op.patch_body) add_body(op, parameters, out);
    for (const OpenApiParameter& query : openapi_query(op.action, op.subresource)) {
      if (!common.contains(query.name)) parameters.push_back(query_parameter(op, query));
    }
    if (!parameters.empty()) out.set("parameters", std::move(parameters));
    out.set("responses", responses(op));
    if (!v3_) {
      ValueList produces, consumes;
      for (std::string_view type : produced(op)) produces.emplace_back(type);
      for (std::string_view type : consumed(op)) consumes.emplace_back(type);
      out.set("produces", std::move(produces));
      if (!consumes.empty()) out.set("consumes", std::move(consumes));
      out.set("schemes", strings({"https"}));
    }
    if (op.action.empty()) return out;
    out.set("x-kubernetes-action", op.action);
    ValueMap kind;
    kind.set("group", op.kind.group);
    kind.set("kind", op.kind.kind);
    kind.set("version", op.kind.version);
    out.set("x-kubernetes-group-version-kind", std::move(kind));
    return out;
  }

  SchemaPublisher& schemas_;
  const bool v3_;
  const std::string tag_;
};

void add_paths(const api::Scheme& scheme, const CatalogGroup& group, const CatalogVersion& version,
               SchemaPublisher& schemas, bool v3, ValueMap& paths) {
  OperationWriter writer(schemas, v3, openapi_tag(group.name, version.version));
  for (const OpenApiPath& path : openapi_paths(scheme, group, version))
    paths.set(path.path, writer.path(path));
  // Kinds that no operation names are looked up as well, by `kubectl explain` and by clients of watches.
  for (std::string_view kind : {"WatchEvent", "DeleteOptions", "Status"}) {
    if (const api::Message* type = scheme.find("", "v1", kind)) schemas.reference(*type);
  }
}

ValueMap info(const std::string& version) {
  ValueMap out;
  out.set("title", "Kubernetes");
  out.set("version", version);
  return out;
}

ValueMap bearer_token() {
  ValueMap scheme;
  scheme.set("description", "Bearer Token authentication");
  scheme.set("in", "header");
  scheme.set("name", "authorization");
  scheme.set("type", "apiKey");
  ValueMap out;
  out.set("BearerToken", std::move(scheme));
  return out;
}

ValueList security() {
  ValueMap requirement;
  requirement.set("BearerToken", ValueList{});
  ValueList out;
  out.emplace_back(std::move(requirement));
  return out;
}

}  // namespace

Value openapi_v2_document(const api::Scheme& scheme, const CatalogSnapshot& snapshot,
                          const std::string& version) {
  SchemaPublisher schemas(SchemaPublisher::Version::kV2);
  ValueMap paths;
  for (const OpenApiRoot& root : openapi_roots(scheme))
    paths.set(root.path.path, OperationWriter(schemas, false, std::string(root.tag)).path(root.path));
  for (const CatalogGroup& group : snapshot) {
    const OpenApiPath of_group = openapi_group_path(scheme, group.name);
    paths.set(of_group.path, OperationWriter(schemas, false, openapi_tag(group.name, "")).path(of_group));
    for (const CatalogVersion& v : group.versions) add_paths(scheme, group, v, schemas, false, paths);
  }
  ValueMap out;
  out.set("swagger", "2.0");
  out.set("info", info(version));
  out.set("paths", std::move(paths));
  out.set("definitions", schemas.take());
  out.set("securityDefinitions", bearer_token());
  out.set("security", security());
  return out;
}

namespace {

Value v3_document(ValueMap paths, SchemaPublisher& schemas, const std::string& version) {
  ValueMap components;
  components.set("schemas", schemas.take());
  components.set("securitySchemes", bearer_token());
  ValueMap out;
  out.set("openapi", "3.0.0");
  out.set("info", info(version));
  out.set("paths", std::move(paths));
  out.set("components", std::move(components));
  return out;
}

}  // namespace

Value openapi_v3_document(const api::Scheme& scheme, const CatalogGroup& group,
                          const CatalogVersion& group_version, const std::string& version) {
  SchemaPublisher schemas(SchemaPublisher::Version::kV3);
  ValueMap paths;
  add_paths(scheme, group, group_version, schemas, true, paths);
  return v3_document(std::move(paths), schemas, version);
}

Value openapi_v3_document(const OpenApiPath& path, std::string_view tag, const std::string& version) {
  SchemaPublisher schemas(SchemaPublisher::Version::kV3);
  ValueMap paths;
  paths.set(path.path, OperationWriter(schemas, true, std::string(tag)).path(path));
  return v3_document(std::move(paths), schemas, version);
}

}  // namespace xebec::apiserver
