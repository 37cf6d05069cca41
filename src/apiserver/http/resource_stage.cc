#include "apiserver/http/resource_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/discovery/version.h"
#include "apiserver/http/compress.h"
#include "apiserver/http/deprecation.h"
#include "apiserver/http/kubelet_proxy.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

Status not_served() { return errors::generic(404, "", {}, "", "", 0); }
Status not_allowed() { return errors::generic(405, "", {}, "", "", 0); }

bool has(std::span<const std::string_view> verbs, std::string_view verb) {
  return std::ranges::find(verbs, verb) != verbs.end();
}

// Subresources that are another way to write the same object.
bool is_view_of_object(std::string_view subresource) {
  for (std::string_view known : {"status", "finalize", "approval", "ephemeralcontainers", "resize"}) {
    if (subresource == known) return true;
  }
  return false;
}

// Upstream routes GET, POST, PUT, PATCH and DELETE alone, HEAD and OPTIONS to what is proxied beside them;
// old watches (/watch/) are read only.
bool has_route(const http::Request& request, const ResourceCall& call) {
  if (call.exchange->info.verb.empty() || request.method == "HEAD")
    return call.subresource && call.subresource->name == "proxy";
  return call.exchange->info.verb != "watch" || request.method == "GET";
}

Answer refuse(Status status) { co_return fail(std::move(status)); }

// PUT, PATCH and GET of something that looks like an object.
Answer dispatch_object(Context context, ResourceCall call, Shape shape, std::string verb) {
  if (verb == "get") return handle_get(std::move(context), std::move(call), std::move(shape));
  if (verb == "update") return handle_update(std::move(context), std::move(call), std::move(shape));
  if (verb == "patch") return handle_patch(std::move(context), std::move(call), std::move(shape));
  return refuse(not_allowed());
}

Answer dispatch_subresource(Context context, ResourceCall call, std::string verb) {
  const std::string_view name = call.subresource->name;
  const bool pods = call.resource->group.empty() && call.resource->plural == "pods";
  // Any method may be proxied.
  if (call.resource->group.empty() && name == "proxy")
    return handle_proxy(std::move(context), std::move(call));
  if (!has(call.subresource->verbs, verb)) return refuse(not_allowed());
  if (is_kubelet_subresource(*call.resource, name)) {
    if (!call.deps->kubelets) {
      return refuse(errors::service_unavailable("this API server has no connection to kubelets configured"));
    }
    KubeletProxy& kubelets = *call.deps->kubelets;
    return kubelets.handle(std::move(context), std::move(call));
  }
  if (pods && name == "binding") return handle_binding(std::move(context), std::move(call));
  if (pods && name == "eviction") return handle_eviction(std::move(context), std::move(call));
  if (name == "rollback") return handle_rollback(std::move(context), std::move(call));
  if (call.registry && name == "scale") {
    Shape shape = scale_shape(call);
    return dispatch_object(std::move(context), std::move(call), std::move(shape), std::move(verb));
  }
  if (call.registry && is_view_of_object(name)) {
    Shape shape = shape_of(call);
    return dispatch_object(std::move(context), std::move(call), std::move(shape), std::move(verb));
  }
  if (verb == "create") return handle_virtual_create(std::move(context), std::move(call));
  return refuse(not_served());
}

Answer dispatch_main(Context context, ResourceCall call, std::string verb) {
  if (!call.registry) {
    const bool reads = verb == "get" || verb == "list";
    if (call.resource->group.empty() && call.resource->plural == "componentstatuses")
      return reads ? handle_component_status(std::move(context), std::move(call)) : refuse(not_allowed());
    if (verb != "create") return refuse(not_allowed());
    if (call.resource->group.empty() && call.resource->plural == "bindings") {
      return handle_binding(std::move(context), std::move(call));
    }
    return handle_virtual_create(std::move(context), std::move(call));
  }
  if (!call.resource->has_verb(verb)) return refuse(not_allowed());
  if (verb == "list") return handle_list(std::move(context), std::move(call));
  if (verb == "watch") return handle_watch(std::move(context), std::move(call));
  // Nothing is written over all namespaces, nor created at the path of an object.
  if (call.resource->namespaced && call.namespace_.empty()) return refuse(not_allowed());
  if (verb == "deletecollection") return handle_delete_collection(std::move(context), std::move(call));
  if (call.name.empty() != (verb == "create")) return refuse(not_allowed());
  if (verb == "create") return handle_create(std::move(context), std::move(call));
  if (verb == "delete") return handle_delete(std::move(context), std::move(call));
  Shape shape = shape_of(call);
  return dispatch_object(std::move(context), std::move(call), std::move(shape), std::move(verb));
}

}  // namespace

ResourceStage::ResourceStage(ResourceDependencies dependencies,
                             std::function<bool(const api::Resource&)> served)
    : deps_(std::move(dependencies)), served_(std::move(served)) {
  const VersionInfo version = VersionInfo::of_this_build();
  const std::string release = version.major + "." + version.minor;
  const auto keep_warning = [&](const void* key, std::string text) {
    if (!text.empty()) warnings_.emplace(key, std::move(text));
  };
  for (const api::Resource* resource : deps_.scheme->resources()) {
    if (!served_(*resource)) continue;
    group_versions_.emplace(resource->group, resource->version);
    keep_warning(resource, deprecation_warning(*deps_.scheme, *resource, nullptr, release));
    for (const api::Subresource& sub : resource->subresources)
      keep_warning(&sub, deprecation_warning(*deps_.scheme, *resource, &sub, release));
  }
}

Result<ResourceCall> ResourceStage::resolve(const std::shared_ptr<Exchange>& exchange) const {
  const RequestInfo& info = exchange->info;
  ResourceCall call;
  call.deps = &deps_;
  call.exchange = exchange;
  call.resource = deps_.scheme->resource(info.group, info.version, info.resource);
  if (!call.resource || !served_(*call.resource)) return fail(not_served());
  if (!info.subresource.empty()) {
    call.subresource = call.resource->subresource(info.subresource);
    if (!call.subresource) return fail(not_served());
  }
  // The old form, /api/v1/proxy/...
  if (info.verb == "proxy") {
    call.subresource = info.group.empty() ? call.resource->subresource("proxy") : nullptr;
    if (!call.subresource || info.parts.size() < 2) return fail(not_served());
  }
  // A namespace in the path of something that has none leads nowhere. Namespaces themselves look namespaced.
  const bool is_namespace = info.group.empty() && info.resource == "namespaces";
  if (!call.resource->namespaced && !info.namespace_.empty() && !is_namespace) return fail(not_served());
  // Without a namespace there are lists over all of them only, and nothing lies below a subresource.
  const bool listed = call.resource->has_verb("list") && info.parts.size() < 2;
  if (call.resource->namespaced && info.namespace_.empty() && !listed) return fail(not_served());
  const bool proxied = info.subresource == "proxy" || info.verb == "proxy";
  if (info.parts.size() > 3 && !proxied) return fail(not_served());
  if (call.resource->namespaced) call.namespace_ = info.namespace_;
  if (info.parts.size() >= 2) call.name = info.parts[1];
  if (call.resource->stored()) {
    call.registry = deps_.registries->find(call.resource->storage_group, call.resource->plural);
    if (!call.registry) return fail(not_served());
  }
  return call;
}

Task<http::Response> ResourceStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  const std::string_view group = exchange->info.group, version = exchange->info.version;
  if (!group_versions_.contains(std::pair<std::string_view, std::string_view>(group, version))) {
    // Nobody is there to word an answer for a group that is not served; one that is answers for its versions.
    const bool known =
        std::ranges::any_of(group_versions_, [&](const auto& each) { return each.first == group; });
    co_return known ? error_response(exchange->request, not_served()) : page_not_found();
  }
  Result<ResourceCall> call = resolve(exchange);
  if (!call) co_return error_response(exchange->request, call.error());
  exchange->known_resource = true;
  exchange->kind = call->resource->kind;
  exchange->removed_in = call->resource->removed_in;
  std::string verb = exchange->info.verb;
  if (!has_route(exchange->request, *call)) co_return error_response(exchange->request, not_allowed());
  const void* asked = call->subresource ? static_cast<const void*>(call->subresource) : call->resource;
  if (auto it = warnings_.find(asked); it != warnings_.end()) exchange->warnings.push_back(it->second);
  Answer answer = call->subresource ? dispatch_subresource(context, std::move(*call), std::move(verb))
                                    : dispatch_main(context, std::move(*call), std::move(verb));
  Result<http::Response> response = co_await std::move(answer);
  if (!response) co_return error_response(exchange->request, response.error());
  response->headers.add("Cache-Control", "no-cache, private");
  compress_if_wanted(exchange->request, is_long_running(exchange->info), *response);
  co_return std::move(*response);
}

}  // namespace xebec::apiserver
