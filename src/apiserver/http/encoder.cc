#include "apiserver/http/encoder.h"

#include <fmt/format.h>

#include <variant>

#include "api/conversion.h"
#include "api/gen/metav1.h"
#include "apiserver/http/encoder_detail.h"
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

void quote_into(std::string_view text, std::string& out) {
  codec::TextOut writer(out);
  codec::write_json_string(text, writer);
}

std::string to_yaml(std::string_view json) {
  Result<codec::Value> value = codec::parse_json(json);
  return value ? codec::encode_yaml(*value) : std::string();
}

void append_cbor_of(std::string_view json, std::string& out) {
  Result<codec::Value> value = codec::parse_json(json);
  codec::append_cbor(value ? *value : codec::Value(), out);
}

}  // namespace

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

bool Encoder::copies(const Item& item) const {
  return target_.accepted.view == View::kObject && item.entry && &item.entry->stored_type() == target_.type;
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
  if (copies(item)) {
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

void Encoder::append_table_head(const metav1::ListMeta& meta, bool columns, std::string& out) const {
  out += fmt::format("{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{}\",\"metadata\":",
                     target_.accepted.view_version);
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
  metav1::ListMeta list;
  std::shared_ptr<const api::Object> keep;
  TRY(const api::Object* hub, item.hub(keep));
  if (const metav1::ObjectMeta* meta = hub->meta()) list.resourceVersion = meta->resourceVersion;
  append_table_head(list, columns, out);
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

bool Encoder::made_from_json() const {
  const Accepted& accepted = target_.accepted;
  if (accepted.type == MediaType::kCbor) return accepted.view == View::kTable;
  return accepted.type == MediaType::kYaml || (accepted.type == MediaType::kJson && accepted.pretty);
}

std::string Encoder::from_json(std::string_view json) const {
  if (target_.accepted.type == MediaType::kYaml) return to_yaml(json);
  if (target_.accepted.type == MediaType::kJson) return codec::indent_json(json);
  std::string document(codec::kCborMagic);
  append_cbor_of(json, document);
  return document;
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
