#include "apiserver/discovery/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "api/gen/apidiscoveryv2.h"
#include "api/gen/apidiscoveryv2beta1.h"
#include "api/gen/metav1.h"
#include "apiserver/discovery/etag.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

metav1::APIResource api_resource(const CatalogResource& resource) {
  metav1::APIResource out;
  out.name = resource.name;
  out.singularName = resource.singular;
  out.namespaced = resource.namespaced;
  out.kind = resource.kind;
  out.verbs.items = resource.verbs;
  out.shortNames = resource.short_names;
  out.categories = resource.categories;
  out.storageVersionHash = resource.storage_version_hash;
  return out;
}

metav1::APIResourceList resource_list(const CatalogGroup& group, const CatalogVersion& version) {
  metav1::APIResourceList list;
  list.groupVersion = api_version(group.name, version.version);
  for (const CatalogResource& resource : version.resources) {
    list.resources.push_back(api_resource(resource));
    for (const CatalogSubresource& sub : resource.subresources) {
      metav1::APIResource& out = list.resources.emplace_back();
      out.name = fmt::format("{}/{}", resource.name, sub.name);
      out.namespaced = resource.namespaced;
      out.kind = sub.kind;
      if (sub.group != group.name || sub.version != version.version) {
        out.group = sub.group;
        out.version = sub.version;
      }
      out.verbs.items = sub.verbs;
    }
  }
  std::ranges::stable_sort(list.resources, {}, &metav1::APIResource::name);
  return list;
}

metav1::APIGroup api_group(const CatalogGroup& group) {
  metav1::APIGroup out;
  out.name = group.name;
  for (const CatalogVersion& version : group.versions) {
    metav1::GroupVersionForDiscovery& v = out.versions.emplace_back();
    v.groupVersion = api_version(group.name, version.version);
    v.version = version.version;
  }
  if (!out.versions.empty()) out.preferredVersion = out.versions.front();
  return out;
}

metav1::APIGroupList group_list(const CatalogSnapshot& snapshot) {
  metav1::APIGroupList list;
  for (const CatalogGroup& group : snapshot) {
    if (!group.name.empty()) list.groups.push_back(api_group(group));
  }
  return list;
}

metav1::APIVersions core_versions(const CatalogSnapshot& snapshot, const std::string& server_address) {
  metav1::APIVersions out;
  if (const CatalogGroup* core = find_group(snapshot, "")) {
    for (const CatalogVersion& version : core->versions) out.versions.push_back(version.version);
  }
  metav1::ServerAddressByClientCIDR& address = out.serverAddressByClientCIDRs.emplace_back();
  address.clientCIDR = "0.0.0.0/0";
  address.serverAddress = server_address;
  return out;
}

// v2 and v2beta1 have the same members; only their namespaces differ.
template <class List>
List aggregated(const CatalogSnapshot& snapshot, bool core) {
  List list;
  for (const CatalogGroup& group : snapshot) {
    if (group.name.empty() != core) continue;
    auto& item = list.items.emplace_back();
    item.metadata.name = group.name;
    for (const CatalogVersion& version : group.versions) {
      auto& v = item.versions.emplace_back();
      v.version = version.version;
      v.freshness = version.stale ? "Stale" : "Current";
      for (const CatalogResource& resource : version.resources) {
        auto& r = v.resources.emplace_back();
        r.resource = resource.name;
        metav1::GroupVersionKind& kind = r.responseKind.emplace();
        kind.group = group.name;
        kind.version = version.version;
        kind.kind = resource.kind;
        r.scope = resource.namespaced ? "Namespaced" : "Cluster";
        r.singularResource = resource.singular;
        r.verbs = resource.verbs;
        r.shortNames = resource.short_names;
        r.categories = resource.categories;
        for (const CatalogSubresource& sub : resource.subresources) {
          auto& s = r.subresources.emplace_back();
          s.subresource = sub.name;
          metav1::GroupVersionKind& sub_kind = s.responseKind.emplace();
          sub_kind.group = sub.group;
          sub_kind.version = sub.version;
          sub_kind.kind = sub.kind;
          s.verbs = sub.verbs;
        }
      }
    }
  }
  return list;
}

// What the client wants at /api and /apis.
struct Wanted {
  Accepted accepted;
  std::string aggregated;  // "v2", "v2beta1", or empty for the plain form
};

Result<Wanted> negotiate_discovery(const http::Request& request) {
  std::string header;
  for (std::string_view value : request.headers.all("accept"))
    header += fmt::format("{}{}", header.empty() ? "" : ",", value);
  for (const AcceptClause& clause : parse_accept(header)) {
    bool json = clause.subtype == "json" || clause.subtype == "*";
    bool protobuf = clause.subtype == "vnd.kubernetes.protobuf";
    std::string_view as = clause.param("as");
    if (as.empty() && (json || protobuf || clause.subtype == "yaml")) break;  // a plain form is preferred
    std::string_view version = clause.param("v");
    if (as != "APIGroupDiscoveryList" || clause.param("g") != "apidiscovery.k8s.io") continue;
    if ((!json && !protobuf) || (version != "v2" && version != "v2beta1")) continue;
    Wanted wanted;
    wanted.accepted.type = json ? MediaType::kJson : MediaType::kProtobuf;
    wanted.accepted.pretty = wants_pretty(request);
    wanted.aggregated = version;
    return wanted;
  }
  Offered plain;
  plain.cbor = false;
  TRY(Accepted accepted, negotiate(request, plain));
  return Wanted{accepted, ""};
}

// Aggregated documents are big and asked for by every client: they are kept, encoded, until the catalog
// changes.
class AggregatedCache {
 public:
  struct Document {
    http::Buffer body;
    std::string etag;
  };
  Document get(const std::shared_ptr<const CatalogSnapshot>& snapshot, bool core, const Wanted& wanted) {
    std::lock_guard lock(mutex_);
    if (snapshot != snapshot_) documents_.clear();
    snapshot_ = snapshot;
    auto key =
        std::tuple(core, wanted.aggregated, static_cast<int>(wanted.accepted.type), wanted.accepted.pretty);
    auto it = documents_.find(key);
    if (it == documents_.end()) it = documents_.emplace(key, make(core, wanted)).first;
    return it->second;
  }

 private:
  template <class List>
  std::string encode(bool core, const Wanted& wanted, MediaType media) const {
    List list = aggregated<List>(*snapshot_, core);
    return encode_document(api::type_of<List>(), &list, "apidiscovery.k8s.io/" + wanted.aggregated,
                           "APIGroupDiscoveryList", media, wanted.accepted.pretty);
  }
  std::string encode_version(bool core, const Wanted& wanted, MediaType media) const {
    if (wanted.aggregated == "v2") return encode<apidiscoveryv2::APIGroupDiscoveryList>(core, wanted, media);
    return encode<apidiscoveryv2beta1::APIGroupDiscoveryList>(core, wanted, media);
  }
  Document make(bool core, const Wanted& wanted) const {
    std::string body = encode_version(core, wanted, wanted.accepted.type);
    std::string etag = make_etag(body);
    return {http::make_buffer(std::move(body)), std::move(etag)};
  }

  std::mutex mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::map<std::tuple<bool, std::string, int, bool>, Document> documents_;
};

class RootStage final : public Stage {
 public:
  RootStage(const Catalog& catalog, bool core, std::string server_address)
      : catalog_(catalog), core_(core), server_address_(std::move(server_address)) {}

  Task<http::Response> handle(Context, std::shared_ptr<Exchange> exchange) override {
    const http::Request& request = exchange->request;
    if (core_ && request.method != "GET")
      co_return error_response(request, errors::generic(405, "", {}, "", "", 0));
    Result<Wanted> wanted = negotiate_discovery(request);
    if (!wanted) co_return error_response(request, wanted.error());
    auto snapshot = catalog_.snapshot();
    if (wanted->aggregated.empty()) {
      http::Response response = plain(*snapshot, wanted->accepted);
      response.headers.add("Vary", "Accept");
      co_return response;
    }
    AggregatedCache::Document document = cache_.get(snapshot, core_, *wanted);
    http::Response response;
    response.headers.add("Content-Type",
                         fmt::format("{};g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList",
                                     content_type(wanted->accepted.type), wanted->aggregated));
    response.headers.add("Vary", "Accept");
    finish_with_etag(request, document.etag, document.body, response);
    co_return response;
  }

 private:
  http::Response plain(const CatalogSnapshot& snapshot, const Accepted& accepted) const {
    if (core_) {
      metav1::APIVersions versions = core_versions(snapshot, server_address_);
      return object_response(200, api::type_of<metav1::APIVersions>(), &versions, "", "APIVersions",
                             accepted);
    }
    metav1::APIGroupList groups = group_list(snapshot);
    return object_response(200, api::type_of<metav1::APIGroupList>(), &groups, "v1", "APIGroupList",
                           accepted);
  }

  const Catalog& catalog_;
  const bool core_;
  const std::string server_address_;
  AggregatedCache cache_;
};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    size_t slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

// /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION.
http::Response below_root(const Catalog& catalog, const http::Request& request, std::string_view path) {
  std::vector<std::string> parts = split(path);
  bool core = parts[0] == "api";
  auto snapshot = catalog.snapshot();
  const CatalogGroup* group = find_group(*snapshot, core ? "" : parts[1]);
  if (!group) return page_not_found();
  Offered offered;
  offered.cbor = core || parts.size() > 2;
  Result<Accepted> accepted = negotiate(request, offered);
  if (!accepted) return error_response(request, accepted.error());
  // The documents of groups have upstream's aggregator to answer, whatever the method.
  const bool of_group = !core && parts.size() == 2;
  if (request.method != "GET" && !of_group)
    return error_response(request, errors::generic(405, "", {}, "", "", 0));
  if (of_group) {
    metav1::APIGroup out = api_group(*group);
    return object_response(200, api::type_of<metav1::APIGroup>(), &out, "v1", "APIGroup", *accepted);
  }
  const CatalogVersion* version = find_version(*group, parts[core ? 1 : 2]);
  if (!version) return error_response(request, errors::generic(404, "", {}, "", "", 0));
  metav1::APIResourceList list = resource_list(*group, *version);
  // The core list is the one upstream writes without an apiVersion.
  return object_response(200, api::type_of<metav1::APIResourceList>(), &list, core ? "" : "v1",
                         "APIResourceList", *accepted);
}

}  // namespace

void add_discovery(Router& router, const Catalog& catalog, std::string server_address) {
  router.add("/api", std::make_shared<RootStage>(catalog, true, server_address));
  router.add("/apis", std::make_shared<RootStage>(catalog, false, server_address));
  auto below = make_stage([&catalog](const Context&, const Exchange& exchange) {
    return below_root(catalog, exchange.request, exchange.info.path);
  });
  router.add_prefix("/api", below);
  router.add_prefix("/apis", below);
}

}  // namespace xebec::apiserver
