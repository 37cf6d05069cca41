// Encoder: hub objects and stored entries as the client of one request wants them: its version, its media
// type, whole or as Table or PartialObjectMetadata, alone, in a list or as events of a watch. In the storage
// version protobuf copies stored bytes and JSON is transcoded from them; everything else, CBOR too, goes
// through the typed object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/object.h"
#include "api/scheme.h"
#include "apiserver/cache/cursor.h"
#include "apiserver/http/negotiate.h"
#include "apiserver/http/options.h"
#include "apiserver/registry/registry.h"
#include "http/message.h"

namespace xebec::codec {
class Transcoder;
}
namespace xebec::metav1 {
struct ListMeta;
}

namespace xebec::apiserver {

// What the metadata of a list says.
struct ListHead {
  std::string resource_version;
  std::string continue_;
  std::optional<int64_t> remaining_item_count;
};

// What a list is made of.
using ListItems = std::variant<std::vector<std::shared_ptr<const Entry>>, std::vector<api::Object>>;

class Encoder {
 public:
  struct Target {
    const api::Resource* resource;  // columns, list kind
    const api::Message* type;       // of single objects in the request's version
    api::GroupVersionKind kind;
    Accepted accepted;
    const codec::Transcoder* transcoder = nullptr;     // nullptr: JSON goes through the typed object
    IncludeObject include = IncludeObject::kMetadata;  // of Tables
    int64_t now_seconds = 0;                           // ages are counted from here
  };
  explicit Encoder(Target target) : target_(std::move(target)) {}

  std::string_view content_type() const;
  MediaType media_type() const { return target_.accepted.type; }

  // A whole document.
  Result<std::string> document(const Entry& entry) const;
  Result<std::string> document(const api::Object& hub) const;
  // One frame of a watch. `first`: a Table names its columns in the first event only.
  Result<http::Buffer> event(const WatchEvent& event, const api::Message& hub, bool first) const;
  // The ERROR event that ends a watch.
  http::Buffer error_event(const Status& status) const;

 private:
  friend class ListWriter;
  friend Result<http::Response> list_response(const Encoder&, ListItems, const ListHead&);
  struct Item;  // an entry or an object
  Result<std::string> document_of(const Item& item) const;
  // The stored bytes are the item's form in protobuf.
  bool copies(const Item& item) const;
  // Lists that are written as JSON first, and then whole as something else: indented, YAML, Tables in CBOR.
  bool made_from_json() const;
  std::string from_json(std::string_view json) const;

  // The object inside a frame: JSON without newline, protobuf with its envelope, CBOR with its magic.
  Result<void> append_embedded(const Item& item, bool columns, std::string& out) const;
  Result<void> append_json(const Item& item, bool named, std::string& out) const;
  Result<void> append_cbor(const Item& item, bool named, std::string& out) const;
  Result<void> append_table(const Item& item, bool columns, std::string& out) const;
  Result<std::string> protobuf_message(const Item& item) const;
  Result<void> append_table_row(const Item& item, std::string& out) const;
  void append_table_head(const metav1::ListMeta& list, bool columns, std::string& out) const;
  http::Buffer frame(std::string_view event_type, std::string_view object) const;
  api::GroupVersionKind view_kind(bool list) const;
  std::string form() const;

  Target target_;
};

}  // namespace xebec::apiserver
