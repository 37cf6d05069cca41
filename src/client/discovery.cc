// What a server serves: aggregated discovery (KEP-3352), or group by group from servers that have none.
#include <set>

#include "api/gen/apidiscoveryv2.h"
#include "api/gen/metav1.h"
#include "client/rest_core.h"
#include "client/wire.h"

namespace xebec::client {
namespace {

constexpr std::string_view kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

http::Request request_for(std::string path, std::string_view accept) {
  http::Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.headers.add("Accept", accept);
  return request;
}

// GET of any discovery document; `content_type` gets what the answer is.
Task<Result<std::string>> fetch(Rest rest, Context context, std::string path, std::string_view accept,
                                std::string* content_type) {
  http::Request request = request_for(std::move(path), accept);
  CO_TRY(http::Response response, co_await rest.raw(std::move(context), std::move(request)));
  if (content_type != nullptr) *content_type = response.headers.get("Content-Type");
  co_return co_await response.read_body();
}

template <class T>
Task<Result<T>> fetch_as(Rest rest, Context context, std::string path) {
  CO_TRY(std::string body,
         co_await fetch(std::move(rest), std::move(context), std::move(path), wire::kJson, nullptr));
  CO_TRY(api::Object object, wire::decode(api::type_of<T>(), wire::kJson, body));
  co_return std::move(object.get<T>());
}

void add_version(const apidiscoveryv2::APIVersionDiscovery& version, const std::string& group, bool preferred,
                 Discovery& into) {
  if (version.freshness == "Stale") into.failed_groups.push_back({group, version.version});
  for (const apidiscoveryv2::APIResourceDiscovery& from : version.resources) {
    DiscoveredResource resource;
    resource.gvr = {group, version.version, from.resource};
    if (from.responseKind) resource.kind = from.responseKind->kind;
    resource.namespaced = from.scope == "Namespaced";
    resource.preferred = preferred;
    resource.verbs = from.verbs;
    for (const auto& sub : from.subresources) resource.subresources.push_back(sub.subresource);
    // A parent without verbs stands only for its subresources.
    if (!resource.verbs.empty()) into.resources.push_back(std::move(resource));
  }
}

void add_groups(const apidiscoveryv2::APIGroupDiscoveryList& list, Discovery& into) {
  for (const apidiscoveryv2::APIGroupDiscovery& group : list.items) {
    for (const apidiscoveryv2::APIVersionDiscovery& version : group.versions) {
      add_version(version, group.metadata.name, &version == &group.versions.front(), into);
    }
  }
}

void add_resources(const metav1::APIResourceList& list, const api::GroupVersion& version, bool preferred,
                   Discovery& into) {
  std::map<std::string, size_t> parents;
  for (const metav1::APIResource& from : list.resources) {
    size_t slash = from.name.find('/');
    if (slash == std::string::npos) {
      parents[from.name] = into.resources.size();
      DiscoveredResource resource;
      resource.gvr = {version.group, version.version, from.name};
      resource.kind = from.kind;
      resource.namespaced = from.namespaced;
      resource.preferred = preferred;
      for (const auto& verb : from.verbs.items) resource.verbs.push_back(verb);
      into.resources.push_back(std::move(resource));
      continue;
    }
    auto parent = parents.find(from.name.substr(0, slash));
    if (parent != parents.end())
      into.resources[parent->second].subresources.push_back(from.name.substr(slash + 1));
  }
}

// All that is left of this group are other names of objects in newer groups.
constexpr std::string_view kOldNames = "extensions";

// A resource that the group's preferred version does not have is preferred in the first version that has it.
void settle_preference(Discovery& found) {
  std::set<std::pair<std::string, std::string>> settled;
  for (DiscoveredResource& resource : found.resources) {
    resource.preferred = resource.preferred && resource.gvr.group != kOldNames;
    if (resource.preferred) settled.emplace(resource.gvr.group, resource.gvr.resource);
  }
  for (DiscoveredResource& resource : found.resources) {
    if (!resource.preferred && resource.gvr.group != kOldNames)
      resource.preferred = settled.emplace(resource.gvr.group, resource.gvr.resource).second;
  }
}

Task<Result<void>> discover_version(Rest rest, Context context, api::GroupVersion version, bool preferred,
                                    Discovery* into) {
  std::string path = (version.group.empty() ? "/api/" : "/apis/" + version.group + "/") + version.version;
  Result<metav1::APIResourceList> list =
      co_await fetch_as<metav1::APIResourceList>(std::move(rest), std::move(context), std::move(path));
  if (list.has_value()) {
    add_resources(*list, version, preferred, *into);
  } else if (list.error().is(reason::kCancelled)) {
    co_return fail(std::move(list).error());
  } else {
    into->failed_groups.push_back(version);
  }
  co_return Result<void>();
}

Task<Result<Discovery>> discover_each(Rest rest, Context context) {
  Discovery found;
  CO_TRY(metav1::APIVersions core, co_await fetch_as<metav1::APIVersions>(rest, context, "/api"));
  for (const std::string& version : core.versions) {
    api::GroupVersion group_version;
    group_version.version = version;
    CO_TRY_VOID(co_await discover_version(rest, context, group_version, true, &found));
  }
  CO_TRY(metav1::APIGroupList groups, co_await fetch_as<metav1::APIGroupList>(rest, context, "/apis"));
  for (const metav1::APIGroup& group : groups.groups) {
    for (const metav1::GroupVersionForDiscovery& version : group.versions) {
      api::GroupVersion group_version;
      group_version.group = group.name;
      group_version.version = version.version;
      bool preferred = version.version == group.preferredVersion.version;
      CO_TRY_VOID(co_await discover_version(rest, context, group_version, preferred, &found));
    }
  }
  settle_preference(found);
  co_return found;
}

Task<Result<Discovery>> discover_all(Rest rest, Context context) {
  Discovery found;
  for (std::string path : {"/api", "/apis"}) {
    std::string type;
    CO_TRY(std::string body, co_await fetch(rest, context, path, kAggregated, &type));
    if (type.find("as=APIGroupDiscoveryList") == std::string::npos)
      co_return co_await discover_each(rest, context);
    CO_TRY(api::Object list,
           wire::decode(api::type_of<apidiscoveryv2::APIGroupDiscoveryList>(), wire::kJson, body));
    add_groups(list.get<apidiscoveryv2::APIGroupDiscoveryList>(), found);
  }
  settle_preference(found);
  co_return found;
}

}  // namespace

Task<Result<Discovery>> Rest::discover(Context context) const {
  return discover_all(*this, std::move(context));
}

}  // namespace xebec::client
