#include "client/testing/fake_discovery.h"

#include "api/gen/apidiscoveryv2.h"
#include "client/wire.h"

namespace xebec::client::testing {
namespace {

apidiscoveryv2::APIResourceDiscovery describe(const api::Resource& resource) {
  apidiscoveryv2::APIResourceDiscovery out;
  out.resource = resource.plural;
  metav1::GroupVersionKind kind;
  kind.group = resource.group;
  kind.version = resource.version;
  kind.kind = resource.kind;
  out.responseKind = std::move(kind);
  out.scope = resource.namespaced ? "Namespaced" : "Cluster";
  for (std::string_view verb : resource.verbs) out.verbs.emplace_back(verb);
  return out;
}

}  // namespace

http::Response discovery_response(const api::Scheme& scheme, bool core) {
  apidiscoveryv2::APIGroupDiscoveryList list;
  for (const api::Resource* resource : scheme.resources()) {
    bool served = resource->enabled_by_default && !resource->removed && resource->stored();
    if (!served || resource->group.empty() != core) continue;
    if (list.items.empty() || list.items.back().metadata.name != resource->group)
      list.items.emplace_back().metadata.name = resource->group;
    auto& versions = list.items.back().versions;
    if (versions.empty() || versions.back().version != resource->version) {
      versions.emplace_back().version = resource->version;
      versions.back().freshness = "Current";
    }
    versions.back().resources.push_back(describe(*resource));
  }
  http::Response response;
  response.headers.add("Content-Type",
                       "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  api::GroupVersion version;
  version.group = "apidiscovery.k8s.io";
  version.version = "v2";
  response.set_body(
      wire::encode(api::type_of<apidiscoveryv2::APIGroupDiscoveryList>(), &list, version, true));
  return response;
}

}  // namespace xebec::client::testing
