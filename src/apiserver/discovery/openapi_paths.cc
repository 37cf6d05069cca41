#include "apiserver/discovery/openapi_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace xebec::apiserver {
namespace {

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

// The kinds whose deletion upstream answers with the object rather than with a Status.
bool answers_delete_with_object(const api::GroupVersionKind& kind) {
  constexpr std::string_view kCore[] = {"PersistentVolume", "PersistentVolumeClaim", "Pod",
                                        "PodTemplate",      "ResourceQuota",         "Service",
                                        "ServiceAccount"};
  constexpr std::string_view kStorage[] = {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment",
                                           "VolumeAttributesClass"};
  if (kind.group.empty()) return std::ranges::find(kCore, kind.kind) != std::end(kCore);
  if (kind.group == "storage.k8s.io") return std::ranges::find(kStorage, kind.kind) != std::end(kStorage);
  return kind.group == "resource.k8s.io";
}

OpenApiPath document_path(std::string path, std::string id, std::string description,
                          const api::Message* result) {
  OpenApiOperation op;
  op.method = "get";
  op.id = std::move(id);
  op.description = std::move(description);
  op.result = result;
  op.codes = {200};
  OpenApiPath out{.path = std::move(path)};
  out.operations.push_back(std::move(op));
  return out;
}

class PathBuilder {
 public:
  PathBuilder(const api::Scheme& scheme, const CatalogGroup& group, const CatalogVersion& version)
      : scheme_(scheme),
        group_(group),
        version_(version),
        words_(group_word(group.name) + capitalized(version.version)) {}

  std::vector<OpenApiPath> build() {
    add_resource_list();
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
                             std::string tail, std::vector<int> codes) const {
    OpenApiOperation out;
    out.method = method;
    out.action = std::move(action);
    out.id = fmt::format("{}{}{}", verb_word, words_, tail);
    out.codes = std::move(codes);
    return out;
  }

  void add_resource_list() {
    OpenApiPath path{.path = root() + "/"};
    OpenApiOperation op = operation("get", "", "get", "APIResources", {200});
    op.description = "Tells which resources there are.";
    op.result = scheme_.find("", "v1", "APIResourceList");
    path.operations.push_back(std::move(op));
    paths_.push_back(std::move(path));
  }

  void add(const CatalogResource& resource) {
    const api::Message* object = scheme_.find(group_.name, version_.version, resource.kind);
    const api::Message* list = resource.builtin ? resource.builtin->list_message : nullptr;
    const std::string scoped = (resource.namespaced ? "Namespaced" : "") + resource.kind;
    kind_ = {group_.name, version_.version, resource.kind};
    resource_kind_ = resource.kind;
    subresource_.clear();

    const std::string base = resource.namespaced
                                 ? fmt::format("{}/namespaces/{{namespace}}/{}", root(), resource.name)
                                 : fmt::format("{}/{}", root(), resource.name);
    OpenApiPath collection{.path = base, .has_namespace = resource.namespaced};
    if (has(resource.verbs, "list")) {
      push(collection, operation("get", "list", "list", scoped, {200}), nullptr, list);
    }
    if (has(resource.verbs, "create")) {
      push(collection, operation("post", "post", "create", scoped, {200, 201, 202}), object, object);
    }
    if (has(resource.verbs, "deletecollection")) {
      OpenApiOperation op = operation("delete", "deletecollection", "delete", "Collection" + scoped, {200});
      op.id = fmt::format("delete{}Collection{}", words_, scoped);
      op.body_required = false;
      push(collection, std::move(op), delete_options(), status());
    }
    keep(std::move(collection));

    if (resource.namespaced && has(resource.verbs, "list")) {
      OpenApiPath all{.path = fmt::format("{}/{}", root(), resource.name)};
      push(all, operation("get", "list", "list", resource.kind + "ForAllNamespaces", {200}), nullptr, list);
      keep(std::move(all));
    }

    OpenApiPath item{.path = base + "/{name}", .has_name = true, .has_namespace = resource.namespaced};
    add_item_operations(item, resource.verbs, scoped, object);
    keep(std::move(item));
    if (has(resource.verbs, "watch")) add_watches(resource, scoped);
    for (const CatalogSubresource& sub : resource.subresources) add_subresource(resource, sub, base, scoped);
  }

  // The deprecated paths of watches.
  void add_watches(const CatalogResource& resource, const std::string& scoped) {
    const std::string all = fmt::format("{}/watch/{}", root(), resource.name);
    const std::string base = resource.namespaced
                                 ? fmt::format("{}/watch/namespaces/{{namespace}}/{}", root(), resource.name)
                                 : all;
    OpenApiPath items{.path = base, .has_namespace = resource.namespaced};
    push(items, operation("get", "watchlist", "watch", scoped + "List", {200}), nullptr, watch_event());
    keep(std::move(items));
    OpenApiPath item{.path = base + "/{name}", .has_name = true, .has_namespace = resource.namespaced};
    push(item, operation("get", "watch", "watch", scoped, {200}), nullptr, watch_event());
    keep(std::move(item));
    if (!resource.namespaced) return;
    OpenApiPath everywhere{.path = all};
    push(everywhere, operation("get", "watchlist", "watch", resource.kind + "ListForAllNamespaces", {200}),
         nullptr, watch_event());
    keep(std::move(everywhere));
  }

  void add_item_operations(OpenApiPath& item, const std::vector<std::string>& verbs, const std::string& tail,
                           const api::Message* object) {
    if (has(verbs, "get")) push(item, operation("get", "get", "read", tail, {200}), nullptr, object);
    if (has(verbs, "update"))
      push(item, operation("put", "put", "replace", tail, {200, 201}), object, object);
    if (has(verbs, "delete")) {
      OpenApiOperation op = operation("delete", "delete", "delete", tail, {200, 202});
      op.body_required = false;
      push(item, std::move(op), delete_options(), answers_delete_with_object(kind_) ? object : status());
    }
    if (has(verbs, "patch")) {
      OpenApiOperation op = operation("patch", "patch", "patch", tail, {200, 201});
      op.patch_body = true;
      push(item, std::move(op), nullptr, object);
    }
  }

  void add_subresource(const CatalogResource& resource, const CatalogSubresource& sub,
                       const std::string& base, const std::string& scoped) {
    const api::Message* object = scheme_.find(sub.group, sub.version, sub.kind);
    kind_ = {sub.group, sub.version, sub.kind};
    subresource_ = sub.name;
    OpenApiPath path{.path = fmt::format("{}/{{name}}/{}", base, sub.name),
                     .has_name = true,
                     .has_namespace = resource.namespaced};
    const std::string tail = scoped + capitalized(sub.name);
    if (sub.name == "exec" || sub.name == "attach" || sub.name == "portforward" || sub.name == "proxy") {
      add_connect(path, sub, tail);
      keep(path);
      if (sub.name != "proxy") return;
      OpenApiPath below{.path = path.path + "/{path}",
                        .has_name = true,
                        .has_namespace = resource.namespaced,
                        .has_rest = true};
      add_connect(below, sub, tail + "WithPath");
      return keep(std::move(below));
    }
    if (sub.name == "log") {
      push(path, operation("get", "get", "read", tail, {200}), nullptr, nullptr);
      return keep(std::move(path));
    }
    if (has(sub.verbs, "create")) {
      push(path, operation("post", "post", "create", tail, {200, 201, 202}), object, object);
    }
    add_item_operations(path, sub.verbs, tail, object);
    keep(std::move(path));
  }

  void add_connect(OpenApiPath& path, const CatalogSubresource& sub, const std::string& tail) {
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
      OpenApiOperation op = operation(m.method, "connect", "connect", "", {200});
      op.id = fmt::format("connect{}{}{}", words_, m.word, tail);
      push(path, std::move(op), nullptr, nullptr);
    }
    if (sub.name != "proxy") return;
    for (std::string_view method : {"head", "options"}) {
      OpenApiOperation op = operation(method, "connect", "connect", "", {200});
      op.id = fmt::format("connect{}{}{}", words_, capitalized(method), tail);
      push(path, std::move(op), nullptr, nullptr);
    }
  }

  void push(OpenApiPath& path, OpenApiOperation operation, const api::Message* body,
            const api::Message* result) {
    operation.kind = kind_;
    operation.subresource = subresource_;
    operation.description = describe(operation.action);
    operation.body = body;
    operation.result = result;
    path.operations.push_back(std::move(operation));
  }

  void keep(OpenApiPath path) {
    if (path.operations.empty()) return;
    path.kind = resource_kind_;
    paths_.push_back(std::move(path));
  }

  std::string describe(std::string_view action) const {
    const std::string of =
        subresource_.empty() ? resource_kind_ : fmt::format("{}'s {}", resource_kind_, subresource_);
    if (action == "list") return fmt::format("Lists objects of kind {}, or watches them.", of);
    if (action == "watchlist")
      return fmt::format("Watches objects of kind {}. Deprecated: a list with watch=true does the same.", of);
    if (action == "watch") {
      return fmt::format(
          "Watches one {}. Deprecated: a list with watch=true and a fieldSelector does the same.", of);
    }
    if (action == "get") return fmt::format("Reads the {} of that name.", of);
    if (action == "post") return fmt::format("Creates a {}.", of);
    if (action == "put") return fmt::format("Replaces the {} of that name.", of);
    if (action == "patch") return fmt::format("Changes parts of the {} of that name.", of);
    if (action == "delete") return fmt::format("Deletes the {} of that name.", of);
    if (action == "deletecollection")
      return fmt::format("Deletes objects of kind {}: all of them, or those that selectors choose.", of);
    return fmt::format("Connects to the {} of that name.", of);
  }

  const api::Message* delete_options() const { return scheme_.find("", "v1", "DeleteOptions"); }
  const api::Message* status() const { return scheme_.find("", "v1", "Status"); }
  const api::Message* watch_event() const { return scheme_.find("", "v1", "WatchEvent"); }

  const api::Scheme& scheme_;
  const CatalogGroup& group_;
  const CatalogVersion& version_;
  const std::string words_;     // "CoreV1"
  api::GroupVersionKind kind_;  // what the operations read and write
  std::string resource_kind_;   // of the resource, where kind_ may be a subresource's
  std::string subresource_;
  std::vector<OpenApiPath> paths_;
};

}  // namespace

std::vector<OpenApiPath> openapi_paths(const api::Scheme& scheme, const CatalogGroup& group,
                                       const CatalogVersion& version) {
  return PathBuilder(scheme, group, version).build();
}

OpenApiPath openapi_group_path(const api::Scheme& scheme, std::string_view group) {
  if (group.empty())
    return document_path("/api/", "getCoreAPIVersions", "Tells the versions of the core group.",
                         scheme.find("", "v1", "APIVersions"));
  return document_path(fmt::format("/apis/{}/", group), fmt::format("get{}APIGroup", group_word(group)),
                       "Tells the versions of the group.", scheme.find("", "v1", "APIGroup"));
}

std::vector<OpenApiRoot> openapi_roots(const api::Scheme& scheme) {
  std::vector<OpenApiRoot> out;
  out.push_back({"apis", "apis",
                 document_path("/apis/", "getAPIVersions", "Tells the groups and their versions.",
                               scheme.find("", "v1", "APIGroupList"))});
  OpenApiRoot version{"version", "version",
                      document_path("/version/", "getCodeVersion", "Tells the version of the server.",
                                    scheme.find_message("k8s.io.apimachinery.pkg.version.Info"))};
  version.path.operations[0].consumes = {"application/json"};
  version.path.operations[0].produces = {"application/json"};
  out.push_back(std::move(version));
  OpenApiRoot issuer{
      ".well-known/openid-configuration", "WellKnown",
      document_path("/.well-known/openid-configuration/", "getServiceAccountIssuerOpenIDConfiguration",
                    "Tells the issuer of service account tokens, in OpenID's form.", nullptr)};
  issuer.path.operations[0].produces = {"application/json"};
  out.push_back(std::move(issuer));
  OpenApiRoot keys{
      "openid/v1/jwks", "openid",
      document_path("/openid/v1/jwks/", "getServiceAccountIssuerOpenIDKeyset",
                    "Tells the public keys that service account tokens are checked with.", nullptr)};
  keys.path.operations[0].produces = {"application/jwk-set+json"};
  out.push_back(std::move(keys));
  return out;
}

std::string openapi_tag(std::string_view group, std::string_view version) {
  std::string word = group_word(group);
  word[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(word[0])));
  return version.empty() ? word : word + "_" + std::string(version);
}

}  // namespace xebec::apiserver
