#include <algorithm>

#include "api/scalars.h"
#include "codec/cbor/cbor.h"
#include "codec/cbor/writer.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

void write_message(const Message& message, const void* object, CborWriter& out);

void write_tree(const Value& value, CborWriter& out) {
  switch (value.type()) {
    case Value::Type::Null:
      return out.null();
    case Value::Type::Bool:
      return out.boolean(*value.as_bool());
    case Value::Type::Int:
      return out.integer(*value.as_int());
    case Value::Type::Double:
      return out.real(*value.as_double());
    case Value::Type::String:
      return out.string(*value.as_string());
    case Value::Type::List:
      out.head(CborMajor::kArray, value.as_list()->size());
      for (const Value& item : *value.as_list()) write_tree(item, out);
      return;
    case Value::Type::Map:
      break;
  }
  // Ascending by their encoded form (RFC 8949, 4.2.1): the length stands in front.
  const ValueMap& map = *value.as_map();
  std::vector<uint32_t> order = map.sorted();
  std::ranges::stable_sort(
      order, [&](uint32_t a, uint32_t b) { return map.member(a).key.size() < map.member(b).key.size(); });
  out.head(CborMajor::kMap, map.size());
  for (uint32_t i : order) {
    out.string(map.member(i).key);
    write_tree(map.member(i).value, out);
  }
}

void write_raw(std::string_view json, CborWriter& out) {
  // Protobuf inside a RawExtension has no such form without its type.
  if (json.empty() || json.starts_with(std::string_view("k8s\0", 4))) return out.null();
  Result<Value> value = parse_json(json);
  write_tree(value ? *value : Value(), out);
}

void write_scalar(Kind kind, const void* value, CborWriter& out) {
  switch (kind) {
    case Kind::Bool:
      return out.boolean(as<bool>(value));
    case Kind::Int32:
      return out.integer(as<int32_t>(value));
    case Kind::Int64:
      return out.integer(as<int64_t>(value));
    case Kind::Double:
      return out.real(as<double>(value));
    case Kind::String:
      return out.string(as<std::string>(value));
    case Kind::Bytes:
      return out.bytes(as<api::Bytes>(value).view());
    case Kind::Quantity:
      return out.string(as<api::Quantity>(value).str());
    case Kind::Duration:
      return out.string(as<api::Duration>(value).str());
    case Kind::Time:
      if (as<api::Time>(value).is_zero()) return out.null();
      return out.string(as<api::Time>(value).str());
    case Kind::MicroTime:
      if (as<api::MicroTime>(value).is_zero()) return out.null();
      return out.string(as<api::MicroTime>(value).str());
    case Kind::IntOrString: {
      const auto& v = as<api::IntOrString>(value);
      return v.is_int() ? out.integer(v.int_val) : out.string(v.str_val);
    }
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      return write_raw(as<api::RawJson>(value).raw, out);
    case Kind::Message:
      break;
  }
}

void write_value(Kind kind, const Message* message, const void* value, CborWriter& out) {
  if (kind == Kind::Message) return write_message(*message, value, out);
  write_scalar(kind, value, out);
}

void write_list(const Field& field, const void* list, CborWriter& out) {
  const std::size_t n = field.list->size(list);
  if (n == 0) return out.null();
  out.head(CborMajor::kArray, n);
  for (std::size_t i = 0; i < n; ++i) write_value(field.kind, field.message, field.list->at(list, i), out);
}

void write_map(const Field& field, const void* map, CborWriter& out) {
  const std::size_t n = field.map->size(map);
  if (n == 0) return out.null();
  out.head(CborMajor::kMap, n);
  for (std::size_t i = 0; i < n; ++i) {
    out.string(field.map->key(map, i));
    write_value(field.kind, field.message, field.map->value(const_cast<void*>(map), i), out);
  }
}

void write_field(const Field& field, const void* object, CborWriter& out) {
  switch (field.rep) {
    case Rep::Value:
      return write_value(field.kind, field.message, field.ptr(object), out);
    case Rep::Optional:
      if (const void* value = field.get(object)) return write_value(field.kind, field.message, value, out);
      return out.null();
    case Rep::List:
      return write_list(field, field.ptr(object), out);
    case Rep::Map:
      return write_map(field, field.ptr(object), out);
  }
}

// Their number.
std::size_t write_members(const Message& message, const void* object, CborWriter& out) {
  std::size_t count = 0;
  for (const Field& field : message.fields) {
    if (field.omitted(object)) continue;
    out.string(field.name);
    write_field(field, object, out);
    ++count;
  }
  return count;
}

void write_message(const Message& message, const void* object, CborWriter& out) {
  if (message.form == Form::List) return write_list(message.fields[0], message.fields[0].ptr(object), out);
  if (message.form != Form::Object) {
    // Few and small: what their JSON is.
    std::string json;
    append_json(message, object, "", "", json);
    return write_raw(json, out);
  }
  const std::size_t at = out.begin_map();
  out.end_map(at, write_members(message, object, out));
}

}  // namespace

void append_cbor(const Message& type, const void* object, std::string_view api_version, std::string_view kind,
                 std::string& text) {
  CborWriter out(text);
  if (type.form != Form::Object || !type.type_meta) return write_message(type, object, out);
  const std::size_t at = out.begin_map();
  if (!kind.empty()) {
    out.string("kind");
    out.string(kind);
  }
  if (!api_version.empty()) {
    out.string("apiVersion");
    out.string(api_version);
  }
  out.end_map(at, write_members(type, object, out) + !kind.empty() + !api_version.empty());
}

void append_cbor(const Value& value, std::string& text) {
  CborWriter out(text);
  write_tree(value, out);
}

std::string encode_cbor(const Message& type, const void* object, std::string_view api_version,
                        std::string_view kind) {
  std::string out(kCborMagic);
  append_cbor(type, object, api_version, kind, out);
  return out;
}

std::string encode_cbor(const Value& value) {
  std::string out(kCborMagic);
  append_cbor(value, out);
  return out;
}

}  // namespace xebec::codec
