#include "apiserver/discovery/openapi.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "apiserver/discovery/etag.h"
#include "apiserver/discovery/gnostic.h"
#include "apiserver/http/respond.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

// What clients ask for. '@' is no character of a media type, so answers name it with a dot: clients that
// parse the answer's type, as kubectl 1.20 does, refuse the other.
struct ProtobufType {
  std::string_view asked, answered;
};
constexpr ProtobufType kV2Protobuf{"application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
                                   "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"};
constexpr ProtobufType kV3Protobuf{"application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
                                   "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"};

// Both forms have the hash of the JSON, as upstream's: the Vary header tells them apart.
struct Document {
  http::Buffer json, protobuf;  // the latter once somebody has asked for it
  std::string hash;
};

// Encoded documents of the current catalog.
class DocumentCache {
 public:
  DocumentCache(const api::Scheme& scheme, const Catalog& catalog, std::string version)
      : scheme_(scheme), catalog_(catalog), version_(std::move(version)) {}

  Document v2(bool protobuf) {
    std::lock_guard lock(mutex_);
    refresh();
    encode(v2_, protobuf, encode_gnostic_v2,
           [this] { return openapi_v2_document(scheme_, *snapshot_, version_); });
    return v2_;
  }

  // "api/v1", "apis/apps/v1", "apis/apps", "version"; nothing when there is no such document.
  std::optional<Document> v3(std::string_view path, bool protobuf) {
    std::lock_guard lock(mutex_);
    refresh();
    return v3_locked(path, protobuf);
  }

  // {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=..."}}}
  Document v3_index() {
    std::lock_guard lock(mutex_);
    refresh();
    if (index_.json) return index_;
    codec::ValueMap paths;
    for (const auto& [path, make] : makers_) {
      codec::ValueMap entry;
      entry.set("serverRelativeURL",
                fmt::format("/openapi/v3/{}?hash={}", path, v3_locked(path, false)->hash));
      paths.set(path, std::move(entry));
    }
    codec::ValueMap out;
    out.set("paths", std::move(paths));
    std::string bytes = codec::to_json(out);
    index_.hash = content_hash(bytes);
    index_.json = http::make_buffer(std::move(bytes));
    return index_;
  }

 private:
  using Maker = std::function<codec::Value()>;

  static void encode(Document& document, bool protobuf, std::string (*encode_protobuf)(const codec::Value&),
                     const Maker& make) {
    if (document.json && (!protobuf || document.protobuf)) return;
    const codec::Value value = make();
    if (!document.json) {
      std::string bytes = codec::to_json(value);
      document.hash = content_hash(bytes);
      document.json = http::make_buffer(std::move(bytes));
    }
    if (protobuf) document.protobuf = http::make_buffer(encode_protobuf(value));
  }

  void refresh() {
    auto snapshot = catalog_.snapshot();
    if (snapshot == snapshot_) return;
    snapshot_ = std::move(snapshot);
    v2_ = {};
    v3_.clear();
    index_ = {};
    makers_.clear();
    for (const OpenApiRoot& root : openapi_roots(scheme_)) {
      makers_[std::string(root.name)] = [this, root] {
        return openapi_v3_document(root.path, root.tag, version_);
      };
    }
    for (const CatalogGroup& group : *snapshot_) add_makers(group);
  }

  void add_makers(const CatalogGroup& group) {
    makers_[group.name.empty() ? "api" : "apis/" + group.name] = [this, &group] {
      return openapi_v3_document(openapi_group_path(scheme_, group.name), openapi_tag(group.name, ""),
                                 version_);
    };
    for (const CatalogVersion& version : group.versions) {
      const std::string path =
          (group.name.empty() ? "api/" : "apis/") + api_version(group.name, version.version);
      makers_[path] = [this, &group, &version] {
        return openapi_v3_document(scheme_, group, version, version_);
      };
    }
  }

  std::optional<Document> v3_locked(std::string_view path, bool protobuf) {
    auto maker = makers_.find(path);
    if (maker == makers_.end()) return std::nullopt;
    Document& document = v3_[std::string(path)];
    encode(document, protobuf, encode_gnostic_v3, maker->second);
    return document;
  }

  const api::Scheme& scheme_;
  const Catalog& catalog_;
  const std::string version_;
  std::mutex mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::map<std::string, Maker, std::less<>> makers_;  // by path below /openapi/v3; of snapshot_
  Document v2_;
  std::map<std::string, Document, std::less<>> v3_;
  Document index_;
};

// Whether the client asks for the protobuf form, JSON otherwise; nothing when neither will do.
std::optional<bool> wants_protobuf(const http::Request& request, const ProtobufType& protobuf) {
  std::string header;
  for (std::string_view value : request.headers.all("accept"))
    header += fmt::format("{}{}", header.empty() ? "" : ",", value);
  std::vector<AcceptClause> clauses = parse_accept(header);
  if (clauses.empty()) return false;
  for (const AcceptClause& clause : clauses) {
    std::string type = fmt::format("{}/{}", clause.type, clause.subtype);
    if (type == protobuf.asked || type == protobuf.answered) return true;
    if (type == "application/json" || type == "*/*" || type == "application/*") return false;
  }
  return std::nullopt;
}

http::Response not_acceptable() { return http_error(406, "406 Not Acceptable"); }

// The document in the form of `protobuf`, or in JSON when that is nullptr.
http::Response document_response(const http::Request& request, const Document& document,
                                 const ProtobufType* protobuf) {
  http::Response response;
  response.headers.add("Content-Type", protobuf ? protobuf->answered : "application/json");
  response.headers.add("Vary", "Accept");
  finish_with_etag(request, "\"" + document.hash + "\"", protobuf ? document.protobuf : document.json,
                   response);
  return response;
}

http::Response answer_v2(const http::Request& request, DocumentCache& cache) {
  std::optional<bool> protobuf = wants_protobuf(request, kV2Protobuf);
  if (!protobuf) return not_acceptable();
  return document_response(request, cache.v2(*protobuf), *protobuf ? &kV2Protobuf : nullptr);
}

http::Response answer_v3(const http::Request& request, DocumentCache& cache, std::string_view path) {
  constexpr std::string_view kPrefix = "/openapi/v3/";
  std::optional<bool> protobuf = wants_protobuf(request, kV3Protobuf);
  if (!protobuf) return not_acceptable();
  std::optional<Document> document;
  if (path.starts_with(kPrefix)) document = cache.v3(path.substr(kPrefix.size()), *protobuf);
  if (!document) return page_not_found();
  std::optional<std::string> hash = request.param("hash");
  if (hash && *hash != document->hash) {
    http::Response response;
    response.status = 301;
    response.headers.add("Location", fmt::format("{}?hash={}", path, document->hash));
    return response;
  }
  http::Response response = document_response(request, *document, *protobuf ? &kV3Protobuf : nullptr);
  if (hash) {
    // The URL names the content, so it may be kept for ever.
    response.headers.add("Cache-Control", "public, immutable");
    response.headers.add("Expires", "Fri, 31 Dec 2038 23:59:59 GMT");
  }
  return response;
}

}  // namespace

void add_openapi(Router& router, const api::Scheme& scheme, const Catalog& catalog, std::string version) {
  auto cache = std::make_shared<DocumentCache>(scheme, catalog, std::move(version));
  router.add("/openapi/v2", make_stage([cache](const Context&, const Exchange& exchange) {
               return answer_v2(exchange.request, *cache);
             }));
  router.add("/openapi/v3", make_stage([cache](const Context&, const Exchange& exchange) {
               return document_response(exchange.request, cache->v3_index(), nullptr);
             }));
  router.add_prefix("/openapi/v3", make_stage([cache](const Context&, const Exchange& exchange) {
                      return answer_v3(exchange.request, *cache, exchange.info.path);
                    }));
}

}  // namespace xebec::apiserver
