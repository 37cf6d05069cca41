#include "apiserver/discovery/openapi.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "apiserver/discovery/etag.h"
#include "apiserver/discovery/gnostic.h"
#include "apiserver/http/respond.h"
#include "codec/json.h"

namespace xebec::apiserver {
namespace {

// What clients ask for. '@' is no character of a media type, so answers name it with a dot: clients that
// parse the answer's type, as kubectl 1.20 does, refuse the other.
constexpr std::string_view kV2ProtobufAsked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr std::string_view kV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

struct Document {
  http::Buffer body;
  std::string hash;
};

Document make_document(std::string bytes) {
  std::string hash = content_hash(bytes);
  return {http::make_buffer(std::move(bytes)), std::move(hash)};
}

// Encoded documents of the current catalog.
class DocumentCache {
 public:
  DocumentCache(const api::Scheme& scheme, const Catalog& catalog, std::string version)
      : scheme_(scheme), catalog_(catalog), version_(std::move(version)) {}

  Document v2(bool protobuf) {
    std::lock_guard lock(mutex_);
    refresh();
    Document& document = v2_[protobuf];
    if (!document.body) {
      codec::Value value = openapi_v2_document(scheme_, *snapshot_, version_);
      document = make_document(protobuf ? encode_gnostic_v2(value) : codec::to_json(value));
    }
    return document;
  }

  // "api/v1" or "apis/apps/v1"; nothing when there is no such version.
  std::optional<Document> v3(std::string_view path) {
    std::lock_guard lock(mutex_);
    refresh();
    return v3_locked(path);
  }

  // {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=..."}}}
  Document v3_index() {
    std::lock_guard lock(mutex_);
    refresh();
    if (index_.body) return index_;
    codec::ValueMap paths;
    for (const CatalogGroup& group : *snapshot_) {
      for (const CatalogVersion& version : group.versions) {
        std::string path = (group.name.empty() ? "api/" : "apis/") + api_version(group.name, version.version);
        codec::ValueMap entry;
        entry.set("serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", path, v3_locked(path)->hash));
        paths.set(path, std::move(entry));
      }
    }
    codec::ValueMap out;
    out.set("paths", std::move(paths));
    return index_ = make_document(codec::to_json(out));
  }

 private:
  void refresh() {
    auto snapshot = catalog_.snapshot();
    if (snapshot == snapshot_) return;
    snapshot_ = std::move(snapshot);
    v2_.clear();
    v3_.clear();
    index_ = {};
  }

  std::optional<Document> v3_locked(std::string_view path) {
    if (auto it = v3_.find(path); it != v3_.end()) return it->second;
    for (const CatalogGroup& group : *snapshot_) {
      for (const CatalogVersion& version : group.versions) {
        if (path != (group.name.empty() ? "api/" : "apis/") + api_version(group.name, version.version))
          continue;
        codec::Value value = openapi_v3_document(scheme_, group, version, version_);
        return v3_.emplace(std::string(path), make_document(codec::to_json(value))).first->second;
      }
    }
    return std::nullopt;
  }

  const api::Scheme& scheme_;
  const Catalog& catalog_;
  const std::string version_;
  std::mutex mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::map<bool, Document> v2_;
  std::map<std::string, Document, std::less<>> v3_;
  Document index_;
};

// Whether the client asks for the protobuf form, JSON otherwise; nothing when neither will do.
std::optional<bool> wants_protobuf(const http::Request& request) {
  std::string header;
  for (std::string_view value : request.headers.all("accept"))
    header += fmt::format("{}{}", header.empty() ? "" : ",", value);
  std::vector<AcceptClause> clauses = parse_accept(header);
  if (clauses.empty()) return false;
  for (const AcceptClause& clause : clauses) {
    std::string type = fmt::format("{}/{}", clause.type, clause.subtype);
    if (type == kV2ProtobufAsked || type == kV2Protobuf) return true;
    if (type == "application/json" || type == "*/*" || type == "application/*") return false;
  }
  return std::nullopt;
}

http::Response document_response(const http::Request& request, const Document& document,
                                 std::string_view type) {
  http::Response response;
  response.headers.add("Content-Type", type);
  response.headers.add("Vary", "Accept");
  finish_with_etag(request, "\"" + document.hash + "\"", document.body, response);
  return response;
}

http::Response answer_v3(const http::Request& request, DocumentCache& cache, std::string_view path) {
  constexpr std::string_view kPrefix = "/openapi/v3/";
  std::optional<Document> document = cache.v3(path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : "");
  if (!document) return page_not_found();
  std::optional<std::string> hash = request.param("hash");
  if (hash && *hash != document->hash) {
    http::Response response;
    response.status = 301;
    response.headers.add("Location", fmt::format("{}?hash={}", path, document->hash));
    return response;
  }
  http::Response response = document_response(request, *document, "application/json");
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
               std::optional<bool> protobuf = wants_protobuf(exchange.request);
               if (!protobuf) return http_error(406, "406 Not Acceptable");
               return document_response(exchange.request, cache->v2(*protobuf),
                                        *protobuf ? kV2Protobuf : "application/json");
             }));
  router.add("/openapi/v3", make_stage([cache](const Context&, const Exchange& exchange) {
               return document_response(exchange.request, cache->v3_index(), "application/json");
             }));
  router.add_prefix("/openapi/v3", make_stage([cache](const Context&, const Exchange& exchange) {
                      return answer_v3(exchange.request, *cache, exchange.info.path);
                    }));
}

}  // namespace xebec::apiserver
