// Content negotiation: which form of an answer the Accept header asks for
// (k8s.io/apiserver/pkg/endpoints/handlers/negotiation).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace xebec::apiserver {

enum class MediaType { kJson, kYaml, kProtobuf, kCbor };

std::string_view content_type(MediaType type);
// The content type of a watch of that form.
std::string_view stream_content_type(MediaType type);
// How many bytes stand before each event of such a watch to tell where it ends, where nothing else does.
size_t stream_framing(MediaType type);

// What the object is turned into before it is encoded.
enum class View { kObject, kTable, kPartialMetadata };

struct Accepted {
  MediaType type = MediaType::kJson;
  bool pretty = false;
  View view = View::kObject;
  std::string view_version;  // of meta.k8s.io: "v1" or "v1beta1"; empty for kObject
  bool list_view = false;    // PartialObjectMetadataList was asked for
};

// What the endpoint can do beyond plain objects.
struct Offered {
  bool views = false;   // Table and PartialObjectMetadata of single objects
  bool list = false;    // answers are lists
  bool stream = false;  // it is a watch
  bool yaml = true;
  bool cbor = true;
};

// One entry of an Accept header.
struct AcceptClause {
  std::string type, subtype;
  double q = 1;
  std::vector<std::pair<std::string, std::string>> params;  // without q
  std::string_view param(std::string_view name) const;
};

// By falling q, then from specific to general, then in order of appearance.
std::vector<AcceptClause> parse_accept(std::string_view header);

// 406 when nothing that is asked for can be given.
Result<Accepted> negotiate(const http::Request& request, const Offered& offered);

// The media type of a body; 415 for one that is not known. An empty Content-Type is JSON.
Result<MediaType> body_media_type(const http::Request& request);

// Whether the answer should be indented: ?pretty=, or a browser-like client.
bool wants_pretty(const http::Request& request);

// The media type before any parameters, lower case, trimmed.
std::string bare_media_type(std::string_view value);

}  // namespace xebec::apiserver
