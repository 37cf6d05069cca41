#include "apiserver/discovery/openapi_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace xebec::apiserver {
namespace {

constexpr OpenApiParameter kPretty{"pretty", "string"}, kDryRun{"dryRun", "string"},
    kFieldManager{"fieldManager", "string"}, kFieldValidation{"fieldValidation", "string"},
    kForce{"force", "boolean"};

const std::vector<OpenApiParameter> kRead = {kPretty};
const std::vector<OpenApiParameter> kWrite = {kDryRun, kFieldManager, kFieldValidation, kPretty};
const std::vector<OpenApiParameter> kPatch = {kDryRun, kFieldManager, kFieldValidation, kForce, kPretty};
const std::vector<OpenApiParameter> kDelete = {
    kDryRun,
    {"gracePeriodSeconds", "integer"},
    {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"},
    {"orphanDependents", "boolean"},
    kPretty,
    {"propagationPolicy", "string"}};
const std::vector<OpenApiParameter> kList = {{"allowWatchBookmarks", "boolean"},
                                             {"continue", "string"},
                                             {"fieldSelector", "string"},
                                             {"labelSelector", "string"},
                                             {"limit", "integer"},
                                             kPretty,
                                             {"resourceVersion", "string"},
                                             {"resourceVersionMatch", "string"},
                                             {"sendInitialEvents", "boolean"},
                                             {"timeoutSeconds", "integer"},
                                             {"watch", "boolean"}};
const std::vector<OpenApiParameter> kDeleteCollection = {
    {"continue", "string"},
    kDryRun,
    {"fieldSelector", "string"},
    {"gracePeriodSeconds", "integer"},
    {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"},
    {"labelSelector", "string"},
    {"limit", "integer"},
    {"orphanDependents", "boolean"},
    kPretty,
    {"propagationPolicy", "string"},
    {"resourceVersion", "string"},
    {"resourceVersionMatch", "string"},
    {"sendInitialEvents", "boolean"},
    {"timeoutSeconds", "integer"}};
const std::vector<OpenApiParameter> kLog = {{"container", "string"},
                                            {"follow", "boolean"},
                                            {"insecureSkipTLSVerifyBackend", "boolean"},
                                            {"limitBytes", "integer"},
                                            kPretty,
                                            {"previous", "boolean"},
                                            {"sinceSeconds", "integer"},
                                            {"stream", "string"},
                                            {"tailLines", "integer"},
                                            {"timestamps", "boolean"}};
const std::vector<OpenApiParameter> kAttach = {{"container", "string"},
                                               {"stderr", "boolean"},
                                               {"stdin", "boolean"},
                                               {"stdout", "boolean"},
                                               {"tty", "boolean"}};
const std::vector<OpenApiParameter> kExec = {{"command", "string"}, {"container", "string"},
                                             {"stderr", "boolean"}, {"stdin", "boolean"},
                                             {"stdout", "boolean"}, {"tty", "boolean"}};
const std::vector<OpenApiParameter> kPorts = {{"ports", "integer"}};
const std::vector<OpenApiParameter> kProxyPath = {{"path", "string"}};

std::string capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

// "rbac.authorization.k8s.io" -> "RbacAuthorization", "" -> "Core".
std::string group_word(std::string_view group) {
  if (group.empty()) return "Core";
  if (group.ends_with(".k8s.io")) group.remove_suffix(7);
  std::string out;
  for (;;) {
    size_t dot = group.find('.');
    out += capitalized(group.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    group.remove_prefix(dot + 1);
  }
}

class PathBuilder {
 public:
  PathBuilder(const api::Scheme& scheme, const CatalogGroup& group, const CatalogVersion& version)
      : scheme_(scheme),
        group_(group),
        version_(version),
        words_(group_word(group.name) + capitalized(version.version)) {}

  std::vector<OpenApiPath> build() {
    for (const CatalogResource& resource : version_.resources) add(resource);
    return std::move(paths_);
  }

 private:
  std::string root() const {
    if (group_.name.empty()) return "/api/" + version_.version;
    return fmt::format("/apis/{}/{}", group_.name, version_.version);
  }

  bool has(const std::vector<std::string>& verbs, std::string_view verb) const {
    return std::ranges::find(verbs, verb) != verbs.end();
  }

  OpenApiOperation operation(std::string_view method, std::string action, std::string_view verb_word,
                             std::string tail, const std::vector<OpenApiParameter>& query,
                             std::vector<int> codes) const {
    OpenApiOperation out;
    out.method = method;
    out.action = std::move(action);
    out.id = fmt::format("{}{}{}", verb_word, words_, tail);
    out.query = query;
    out.codes = std::move(codes);
    return out;
  }

  void add(const CatalogResource& resource) {
    const api::Message* object = scheme_.find(group_.name, version_.version, resource.kind);
    const api::Message* list = resource.builtin ? resource.builtin->list_message : nullptr;
    const std::string scoped = (resource.namespaced ? "Namespaced" : "") + resource.kind;
    kind_ = {group_.name, version_.version, resource.kind};

    const std::string base = resource.namespaced
                                 ? fmt::format("{}/namespaces/{{namespace}}/{}", root(), resource.name)
                                 : fmt::format("{}/{}", root(), resource.name);
    OpenApiPath collection{.path = base, .has_namespace = resource.namespaced};
    if (has(resource.verbs, "list")) {
      push(collection, operation("get", "list", "list", scoped, kList, {200}), nullptr, list);
    }
    if (has(resource.verbs, "create")) {
      push(collection, operation("post", "post", "create", scoped, kWrite, {200, 201, 202}), object, object);
    }
    if (has(resource.verbs, "deletecollection")) {
      OpenApiOperation op =
          operation("delete", "deletecollection", "delete", "Collection" + scoped, kDeleteCollection, {200});
      op.id = fmt::format("delete{}Collection{}", words_, scoped);
      op.body_required = false;
      push(collection, std::move(op), delete_options(), status());
    }
    keep(std::move(collection));

    if (resource.namespaced && has(resource.verbs, "list")) {
      OpenApiPath all{.path = fmt::format("{}/{}", root(), resource.name)};
      push(all, operation("get", "list", "list", resource.kind + "ForAllNamespaces", kList, {200}), nullptr,
           list);
      keep(std::move(all));
    }

    OpenApiPath item{.path = base + "/{name}", .has_name = true, .has_namespace = resource.namespaced};
    add_item_operations(item, resource.verbs, scoped, object);
    keep(std::move(item));
    for (const CatalogSubresource& sub : resource.subresources) add_subresource(resource, sub, base, scoped);
  }

  void add_item_operations(OpenApiPath& item, const std::vector<std::string>& verbs, const std::string& tail,
                           const api::Message* object) {
    if (has(verbs, "get")) push(item, operation("get", "get", "read", tail, kRead, {200}), nullptr, object);
    if (has(verbs, "update"))
      push(item, operation("put", "put", "replace", tail, kWrite, {200, 201}), object, object);
    if (has(verbs, "delete")) {
      OpenApiOperation op = operation("delete", "delete", "delete", tail, kDelete, {200, 202});
      op.body_required = false;
      push(item, std::move(op), delete_options(), status());
    }
    if (has(verbs, "patch")) {
      OpenApiOperation op = operation("patch", "patch", "patch", tail, kPatch, {200, 201});
      op.patch_body = true;
      push(item, std::move(op), nullptr, object);
    }
  }

  void add_subresource(const CatalogResource& resource, const CatalogSubresource& sub,
                       const std::string& base, const std::string& scoped) {
    const api::Message* object = scheme_.find(sub.group, sub.version, sub.kind);
    kind_ = {sub.group, sub.version, sub.kind};
    OpenApiPath path{.path = fmt::format("{}/{{name}}/{}", base, sub.name),
                     .has_name = true,
                     .has_namespace = resource.namespaced};
    const std::string tail = scoped + capitalized(sub.name);
    if (sub.name == "exec" || sub.name == "attach" || sub.name == "portforward" || sub.name == "proxy") {
      const auto& query = sub.name == "exec"          ? kExec
                          : sub.name == "attach"      ? kAttach
                          : sub.name == "portforward" ? kPorts
                                                      : kProxyPath;
      add_connect(path, sub, tail, query);
      keep(path);
      if (sub.name != "proxy") return;
      OpenApiPath below{.path = path.path + "/{path}",
                        .has_name = true,
                        .has_namespace = resource.namespaced,
                        .has_rest = true};
      add_connect(below, sub, tail + "WithPath", query);
      return keep(std::move(below));
    }
    if (sub.name == "log") {
      push(path, operation("get", "get", "read", tail, kLog, {200}), nullptr, nullptr);
      return keep(std::move(path));
    }
    if (has(sub.verbs, "create")) {
      push(path, operation("post", "post", "create", tail, kWrite, {200, 201, 202}), object, object);
    }
    add_item_operations(path, sub.verbs, tail, object);
    keep(std::move(path));
  }

  void add_connect(OpenApiPath& path, const CatalogSubresource& sub, const std::string& tail,
                   const std::vector<OpenApiParameter>& query) {
    struct Method {
      std::string_view method, verb, word;
    };
    constexpr Method kMethods[] = {{"delete", "delete", "Delete"},
                                   {"get", "get", "Get"},
                                   {"patch", "patch", "Patch"},
                                   {"post", "create", "Post"},
                                   {"put", "update", "Put"}};
    for (const Method& m : kMethods) {
      if (!has(sub.verbs, m.verb)) continue;
      OpenApiOperation op = operation(m.method, "connect", "connect", "", query, {200});
      op.id = fmt::format("connect{}{}{}", words_, m.word, tail);
      push(path, std::move(op), nullptr, nullptr);
    }
    if (sub.name != "proxy") return;
    for (std::string_view method : {"head", "options"}) {
      OpenApiOperation op = operation(method, "connect", "connect", "", query, {200});
      op.id = fmt::format("connect{}{}{}", words_, capitalized(method), tail);
      push(path, std::move(op), nullptr, nullptr);
    }
  }

  void push(OpenApiPath& path, OpenApiOperation operation, const api::Message* body,
            const api::Message* result) {
    operation.kind = kind_;
    operation.body = body;
    operation.result = result;
    path.operations.push_back(std::move(operation));
  }

  void keep(OpenApiPath path) {
    if (!path.operations.empty()) paths_.push_back(std::move(path));
  }

  const api::Message* delete_options() const { return scheme_.find("", "v1", "DeleteOptions"); }
  const api::Message* status() const { return scheme_.find("", "v1", "Status"); }

  const api::Scheme& scheme_;
  const CatalogGroup& group_;
  const CatalogVersion& version_;
  const std::string words_;  // "CoreV1"
  api::GroupVersionKind kind_;
  std::vector<OpenApiPath> paths_;
};

}  // namespace

std::vector<OpenApiPath> openapi_paths(const api::Scheme& scheme, const CatalogGroup& group,
                                       const CatalogVersion& version) {
  return PathBuilder(scheme, group, version).build();
}

std::string openapi_tag(std::string_view group, std::string_view version) {
  std::string word = group_word(group);
  word[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(word[0])));
  return word + "_" + std::string(version);
}

}  // namespace xebec::apiserver
