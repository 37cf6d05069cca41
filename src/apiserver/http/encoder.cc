#include "apiserver/http/encoder.h"

#include <fmt/format.h>

#include <variant>

#include "api/conversion.h"
#include "api/gen/metav1.h"
#include "apiserver/cache/entry.h"
#include "apiserver/http/respond.h"
#include "apiserver/printers/printer.h"
#include "codec/cbor/cbor.h"
#include "codec/cbor/writer.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/protobuf.h"
#include "codec/transcode.h"
#include "codec/yaml.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

void quote_into(std::string_view text, std::string& out) {
  codec::TextOut writer(out);
  codec::write_json_string(text, writer);
}

// Hands out text in pieces of moderate size.
class Pieces {
 public:
  std::string& text() { return text_; }
  void cut_if_big() {
    if (text_.size() >= kPieceBytes) cut();
  }
  std::vector<http::Buffer> finish() {
    if (!text_.empty()) cut();
    return std::move(pieces_);
  }

 private:
  void cut() {
    pieces_.push_back(http::make_buffer(std::move(text_)));
    text_ = std::string();
    text_.reserve(kPieceBytes + (kPieceBytes >> 3));
  }
  std::string text_;
  std::vector<http::Buffer> pieces_;
};

metav1::ListMeta list_meta(const ListHead& head) {
  metav1::ListMeta meta;
  meta.resourceVersion = head.resource_version;
  meta.continue_ = head.continue_;
  if (head.remaining_item_count) meta.remainingItemCount = *head.remaining_item_count;
  return meta;
}

std::string to_yaml(std::string_view json) {
  Result<codec::Value> value = codec::parse_json(json);
  return value ? codec::encode_yaml(*value) : std::string();
}

void append_cbor_of(std::string_view json, std::string& out) {
  Result<codec::Value> value = codec::parse_json(json);
  codec::append_cbor(value ? *value : codec::Value(), out);
}

void append_field(uint32_t tag, std::string_view bytes, std::string& out) {
  codec::append_varint(out, tag);
  codec::append_varint(out, bytes.size());
  out += bytes;
}

size_t field_size(size_t content) { return 1 + codec::varint_size(content) + content; }

}  // namespace

struct Encoder::Item {
  explicit Item(const Entry& e) : entry(&e) {}
  explicit Item(const std::shared_ptr<const Entry>& e) : entry(e.get()) {}
  explicit Item(const api::Object& o) : object(&o) {}
  const Entry* entry = nullptr;
  const api::Object* object = nullptr;

  // The hub object; `keep` holds what was decoded for it.
  Result<const api::Object*> hub(std::shared_ptr<const api::Object>& keep) const {
    if (object) return object;
    TRY(keep, entry->object());
    return keep.get();
  }
  // The object as `type`; `keep` and `converted` hold it.
  Result<const void*> as(const api::Message& type, std::shared_ptr<const api::Object>& keep,
                         api::Object& converted) const {
    TRY(const api::Object* from, hub(keep));
    if (&from->type() == &type) return from->data();
    TRY(converted, api::convert(*from, type));
    return converted.data();
  }
};

api::GroupVersionKind Encoder::view_kind(bool list) const {
  switch (target_.accepted.view) {
    case View::kTable:
      return {"meta.k8s.io", target_.accepted.view_version, "Table"};
    case View::kPartialMetadata:
      return {"meta.k8s.io", target_.accepted.view_version,
              list ? "PartialObjectMetadataList" : "PartialObjectMetadata"};
    case View::kObject:
      break;
  }
  if (!list) return target_.kind;
  return {target_.kind.group, target_.kind.version, target_.kind.kind + "List"};
}

std::string_view Encoder::content_type() const { return apiserver::content_type(target_.accepted.type); }

std::string Encoder::form() const {
  return fmt::format(
      "{}/{}/{}/{}", static_cast<int>(target_.accepted.type), static_cast<int>(target_.accepted.view),
      target_.accepted.view == View::kObject ? target_.kind.api_version() : target_.accepted.view_version,
      static_cast<int>(target_.include));
}

Result<void> Encoder::append_json(const Item& item, bool named, std::string& out) const {
  std::shared_ptr<const api::Object> keep;
  api::Object converted;
  if (target_.accepted.view == View::kPartialMetadata) {
    TRY(const api::Object* hub, item.hub(keep));
    api::GroupVersionKind kind = view_kind(false);
    out +=
        fmt::format("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":", kind.kind, kind.api_version());
    codec::append_json(api::type_of<metav1::ObjectMeta>(), hub->meta(), "", "", out);
    out += "}";
    return {};
  }
  if (target_.transcoder && item.entry && &item.entry->stored_type() == target_.type) {
    const std::string version = std::to_string(item.entry->revision()),
                      api_version = target_.kind.api_version();
    codec::Transcoder::Names names;
    if (named) names.api_version = api_version;
    if (named) names.kind = target_.kind.kind;
    names.resource_version = version;
    return target_.transcoder->append(*target_.type, item.entry->message_bytes(), names, out);
  }
  TRY(const void* data, item.as(*target_.type, keep, converted));
  codec::append_json(*target_.type, data, named ? target_.kind.api_version() : "",
                     named ? target_.kind.kind : "", out);
  return {};
}

Result<std::string> Encoder::protobuf_message(const Item& item) const {
  std::shared_ptr<const api::Object> keep;
  api::Object converted;
  if (target_.accepted.view == View::kPartialMetadata) {
    TRY(const api::Object* hub, item.hub(keep));
    std::string out;
    append_field(0x0a, codec::encode_protobuf(api::type_of<metav1::ObjectMeta>(), hub->meta()), out);
    return out;
  }
  if (item.entry && &item.entry->stored_type() == target_.type) {
    std::string out;
    out.reserve(item.entry->message_size());
    item.entry->append_message(out);
    return out;
  }
  TRY(const void* data, item.as(*target_.type, keep, converted));
  return codec::encode_protobuf(*target_.type, data);
}

Result<void> Encoder::append_cbor(const Item& item, bool named, std::string& out) const {
  if (target_.accepted.view == View::kObject) {
    std::shared_ptr<const api::Object> keep;
    api::Object converted;
    TRY(const void* data, item.as(*target_.type, keep, converted));
    codec::append_cbor(*target_.type, data, named ? target_.kind.api_version() : "",
                       named ? target_.kind.kind : "", out);
    return {};
  }
  std::string json;
  TRY_VOID(append_json(item, named, json));
  append_cbor_of(json, out);
  return {};
}

void Encoder::append_table_head(const ListHead& head, bool columns, std::string& out) const {
  out += fmt::format("{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{}\",\"metadata\":",
                     target_.accepted.view_version);
  metav1::ListMeta meta = list_meta(head);
  codec::append_json(api::type_of<metav1::ListMeta>(), &meta, "", "", out);
  out += ",\"columnDefinitions\":";
  if (!columns) {
    out += "null,\"rows\":[";
    return;
  }
  out += "[";
  bool first = true;
  for (const api::PrinterColumn& column : target_.resource->columns) {
    out += fmt::format(
        "{}{{\"name\":\"{}\",\"type\":\"{}\",\"format\":\"{}\",\"description\":\"\",\"priority\":{}}}",
        first ? "" : ",", column.name, column.type, column.format, column.priority);
    first = false;
  }
  out += "],\"rows\":[";
}

Result<void> Encoder::append_table_row(const Item& item, std::string& out) const {
  std::shared_ptr<const api::Object> keep;
  TRY(const api::Object* hub, item.hub(keep));
  Row row(target_.resource->columns, target_.now_seconds);
  print_object(*hub, row);
  out += "{\"cells\":[";
  for (size_t i = 0; i < row.cells().size(); ++i) {
    if (i > 0) out += ",";
    codec::append_json(row.cells()[i], out);
  }
  out += "]";
  if (!row.conditions().empty()) {
    out += ",\"conditions\":[";
    for (const RowCondition& condition : row.conditions()) {
      if (&condition != row.conditions().data()) out += ",";
      out += fmt::format("{{\"type\":\"{}\",\"status\":\"{}\",\"reason\":\"{}\",\"message\":", condition.type,
                         condition.status, condition.reason);
      quote_into(condition.message, out);
      out += "}";
    }
    out += "]";
  }
  out += ",\"object\":";
  if (target_.include == IncludeObject::kNone) {
    out += "null";
  } else if (target_.include == IncludeObject::kObject) {
    TRY_VOID(append_json(item, true, out));
  } else {
    out += fmt::format("{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/{}\",\"metadata\":",
                       target_.accepted.view_version);
    codec::append_json(api::type_of<metav1::ObjectMeta>(), hub->meta(), "", "", out);
    out += "}";
  }
  out += "}";
  return {};
}

Result<void> Encoder::append_table(const Item& item, bool columns, std::string& out) const {
  ListHead head;
  std::shared_ptr<const api::Object> keep;
  TRY(const api::Object* hub, item.hub(keep));
  if (const metav1::ObjectMeta* meta = hub->meta()) head.resource_version = meta->resourceVersion;
  append_table_head(head, columns, out);
  TRY_VOID(append_table_row(item, out));
  out += "]}";
  return {};
}

Result<void> Encoder::append_embedded(const Item& item, bool columns, std::string& out) const {
  const bool table = target_.accepted.view == View::kTable;
  if (target_.accepted.type == MediaType::kCbor) {
    out += codec::kCborMagic;
    if (!table) return append_cbor(item, true, out);
    std::string json;
    TRY_VOID(append_table(item, columns, json));
    append_cbor_of(json, out);
    return {};
  }
  if (table) return append_table(item, columns, out);
  if (target_.accepted.type != MediaType::kProtobuf) return append_json(item, true, out);
  TRY(std::string message, protobuf_message(item));
  api::GroupVersionKind kind = view_kind(false);
  out += codec::wrap_protobuf(kind.api_version(), kind.kind, message);
  return {};
}

Result<std::string> Encoder::document_of(const Item& item) const {
  std::string out;
  TRY_VOID(append_embedded(item, true, out));
  if (target_.accepted.type == MediaType::kProtobuf || target_.accepted.type == MediaType::kCbor) return out;
  if (target_.accepted.type == MediaType::kYaml) return to_yaml(out);
  if (target_.accepted.pretty) return codec::indent_json(out);
  out += "\n";
  return out;
}

Result<std::string> Encoder::document(const Entry& entry) const { return document_of(Item(entry)); }
Result<std::string> Encoder::document(const api::Object& hub) const { return document_of(Item(hub)); }

template <class Items>
Result<std::vector<http::Buffer>> Encoder::protobuf_list(const Items& items, const ListHead& head) const {
  // Lengths stand in front, so sizes are known before anything is copied: stored entries tell theirs, others
  // are encoded first.
  const bool stored = target_.accepted.view == View::kObject;
  std::vector<std::string> encoded;
  std::vector<size_t> sizes;
  size_t total = 0;
  for (const auto& element : items) {
    Item item(element);
    if (stored && item.entry && &item.entry->stored_type() == target_.type) {
      sizes.push_back(item.entry->message_size());
    } else {
      encoded.resize(sizes.size());
      TRY(encoded.emplace_back(), protobuf_message(item));
      sizes.push_back(encoded.back().size());
    }
    total += field_size(sizes.back());
  }
  metav1::ListMeta meta = list_meta(head);
  std::string meta_bytes = codec::encode_protobuf(api::type_of<metav1::ListMeta>(), &meta);
  total += field_size(meta_bytes.size());

  api::GroupVersionKind kind = view_kind(true);
  std::string type_meta;
  append_field(0x0a, kind.api_version(), type_meta);
  append_field(0x12, kind.kind, type_meta);
  Pieces pieces;
  std::string& out = pieces.text();
  out += codec::kProtobufMagic;
  append_field(0x0a, type_meta, out);
  codec::append_varint(out, 0x12);
  codec::append_varint(out, total);
  append_field(0x0a, meta_bytes, out);
  size_t i = 0;
  for (const auto& element : items) {
    std::string& text = pieces.text();
    codec::append_varint(text, 0x12);
    codec::append_varint(text, sizes[i]);
    if (i < encoded.size() && encoded[i].size() == sizes[i] && !encoded[i].empty()) {
      text += encoded[i];
    } else if (Item item(element); item.entry) {
      item.entry->append_message(text);
    }
    ++i;
    pieces.cut_if_big();
  }
  append_field(0x1a, "", pieces.text());
  append_field(0x22, "", pieces.text());
  return pieces.finish();
}

template <class Items>
Result<std::vector<http::Buffer>> Encoder::cbor_list(const Items& items, const ListHead& head) const {
  api::GroupVersionKind kind = view_kind(true);
  metav1::ListMeta meta = list_meta(head);
  Pieces pieces;
  pieces.text() += codec::kCborMagic;
  codec::CborWriter(pieces.text()).head(codec::CborMajor::kMap, 4);
  for (const auto& [name, value] : {std::pair<std::string, std::string>("kind", kind.kind),
                                    std::pair<std::string, std::string>("apiVersion", kind.api_version())}) {
    codec::CborWriter(pieces.text()).string(name);
    codec::CborWriter(pieces.text()).string(value);
  }
  codec::CborWriter(pieces.text()).string("metadata");
  codec::append_cbor(api::type_of<metav1::ListMeta>(), &meta, "", "", pieces.text());
  codec::CborWriter(pieces.text()).string("items");
  codec::CborWriter(pieces.text()).head(codec::CborMajor::kArray, items.size());
  for (const auto& element : items) {
    TRY_VOID(append_cbor(Item(element), false, pieces.text()));
    pieces.cut_if_big();
  }
  return pieces.finish();
}

template <class Items>
Result<std::vector<http::Buffer>> Encoder::list_of(const Items& items, const ListHead& head) const {
  if (target_.accepted.type == MediaType::kProtobuf) return protobuf_list(items, head);
  Pieces pieces;
  const bool table = target_.accepted.view == View::kTable;
  const bool cbor = target_.accepted.type == MediaType::kCbor;
  if (cbor && !table) return cbor_list(items, head);
  if (table) {
    append_table_head(head, true, pieces.text());
  } else {
    api::GroupVersionKind kind = view_kind(true);
    metav1::ListMeta meta = list_meta(head);
    pieces.text() +=
        fmt::format("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":", kind.kind, kind.api_version());
    codec::append_json(api::type_of<metav1::ListMeta>(), &meta, "", "", pieces.text());
    pieces.text() += ",\"items\":[";
  }
  bool first = true;
  for (const auto& element : items) {
    if (!first) pieces.text() += ",";
    first = false;
    Item item(element);
    if (table) {
      TRY_VOID(append_table_row(item, pieces.text()));
    } else {
      TRY_VOID(append_json(item, false, pieces.text()));
    }
    pieces.cut_if_big();
  }
  pieces.text() += "]}";
  const bool yaml = target_.accepted.type == MediaType::kYaml;
  if (!yaml && !cbor && !target_.accepted.pretty) {
    pieces.text() += "\n";
    return pieces.finish();
  }
  std::string whole;
  for (const http::Buffer& piece : pieces.finish()) whole += *piece;
  std::string document = cbor   ? std::string(codec::kCborMagic)
                         : yaml ? to_yaml(whole)
                                : codec::indent_json(whole);
  if (cbor) append_cbor_of(whole, document);
  std::vector<http::Buffer> out;
  out.push_back(http::make_buffer(std::move(document)));
  return out;
}

Result<std::vector<http::Buffer>> Encoder::list(const std::vector<std::shared_ptr<const Entry>>& items,
                                                const ListHead& head) const {
  return list_of(items, head);
}
Result<std::vector<http::Buffer>> Encoder::list(const std::vector<api::Object>& items,
                                                const ListHead& head) const {
  return list_of(items, head);
}

http::Buffer Encoder::frame(std::string_view event_type, std::string_view object) const {
  std::string out;
  if (target_.accepted.type == MediaType::kCbor) {
    out += codec::kCborMagic;
    codec::CborWriter writer(out);
    writer.head(codec::CborMajor::kMap, 2);
    writer.string("type");
    writer.string(event_type);
    writer.string("object");
    out += object;
    return http::make_buffer(std::move(out));
  }
  if (target_.accepted.type != MediaType::kProtobuf) {
    out = fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", event_type, object);
    return http::make_buffer(std::move(out));
  }
  // WatchEvent{type = 1, object = 2: RawExtension{raw = 1}} behind its length in four bytes.
  std::string raw;
  append_field(0x0a, object, raw);
  std::string message;
  append_field(0x0a, event_type, message);
  append_field(0x12, raw, message);
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(message.size() >> shift & 0xff);
  out += message;
  return http::make_buffer(std::move(out));
}

Result<http::Buffer> Encoder::event(const WatchEvent& event, const api::Message& hub, bool first) const {
  const bool table = target_.accepted.view == View::kTable;
  std::string_view name = event_type_name(event.type);
  if (event.type == EventType::kBookmark) {
    api::Object object(hub);
    if (metav1::ObjectMeta* meta = object.meta()) {
      meta->resourceVersion = std::to_string(event.revision);
      if (event.initial_events_end) meta->annotations["k8s.io/initial-events-end"] = "true";
    }
    std::string text;
    TRY_VOID(append_embedded(Item(object), first, text));
    return frame(name, text);
  }
  // Ages in a Table depend on when it is looked at, so its frames are not shared.
  std::string key = table ? std::string() : fmt::format("{}/{}", form(), name);
  if (!table && event.encoded) {
    if (http::Buffer known = event.encoded->find(key)) return known;
  }
  std::string text;
  TRY_VOID(append_embedded(Item(*event.entry), first, text));
  http::Buffer made = frame(name, text);
  if (table || !event.encoded) return made;
  return event.encoded->keep(key, std::move(made));
}

http::Buffer Encoder::error_event(const Status& status) const {
  api::Object object = status_object(status);
  std::string text;
  if (target_.accepted.type == MediaType::kProtobuf) {
    text = codec::encode_protobuf_envelope({"", "v1", "Status"}, object.type(), object.data());
  } else if (target_.accepted.type == MediaType::kCbor) {
    text = codec::encode_cbor(object.type(), object.data(), "v1", "Status");
  } else {
    codec::append_json(object.type(), object.data(), "v1", "Status", text);
  }
  return frame("ERROR", text);
}

}  // namespace xebec::apiserver
