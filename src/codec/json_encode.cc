#include <array>

#include "api/scalars.h"
#include "codec/json.h"
#include "codec/json_text.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

void write_message(const Message& message, const void* object, TextOut& out);

template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

void write_plain_text(std::string_view text, TextOut& out) {
  out.put('"');
  out.put(text);
  out.put('"');
}

void write_raw(std::string_view raw, TextOut& out) {
  // Protobuf inside a RawExtension has no JSON form without its type.
  if (raw.empty() || raw.starts_with(std::string_view("k8s\0", 4))) return out.put("null");
  write_json_compact(raw, out);
}

void write_scalar(Kind kind, const void* value, TextOut& out) {
  switch (kind) {
    case Kind::Bool:
      return out.put(as<bool>(value) ? "true" : "false");
    case Kind::Int32:
      return write_json_int(as<int32_t>(value), out);
    case Kind::Int64:
      return write_json_int(as<int64_t>(value), out);
    case Kind::Double:
      return write_json_double(as<double>(value), out);
    case Kind::String:
      return write_json_string(as<std::string>(value), out);
    case Kind::Bytes:
      return write_json_base64(as<api::Bytes>(value).view(), out);
    case Kind::Quantity:
      return write_plain_text(as<api::Quantity>(value).str(), out);
    case Kind::Duration:
      return write_plain_text(as<api::Duration>(value).str(), out);
    case Kind::Time:
      if (as<api::Time>(value).is_zero()) return out.put("null");
      return write_json_time(as<api::Time>(value).seconds, out);
    case Kind::MicroTime:
      if (as<api::MicroTime>(value).is_zero()) return out.put("null");
      return write_plain_text(as<api::MicroTime>(value).str(), out);
    case Kind::IntOrString: {
      const auto& v = as<api::IntOrString>(value);
      return v.is_int() ? write_json_int(v.int_val, out) : write_json_string(v.str_val, out);
    }
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      return write_raw(as<api::RawJson>(value).raw, out);
    case Kind::Message:
      break;
  }
}

void write_value(Kind kind, const Message* message, const void* value, TextOut& out) {
  if (kind == Kind::Message) return write_message(*message, value, out);
  write_scalar(kind, value, out);
}

void write_list(const Field& field, const void* list, TextOut& out) {
  std::size_t n = field.list->size(list);
  if (n == 0) return out.put("null");
  const char* item = static_cast<const char*>(field.list->data(const_cast<void*>(list)));
  out.put('[');
  for (std::size_t i = 0; i < n; ++i, item += field.list->stride) {
    if (i) out.put(',');
    write_value(field.kind, field.message, item, out);
  }
  out.put(']');
}

void write_map(const Field& field, const void* map, TextOut& out) {
  std::size_t n = field.map->size(map);
  if (n == 0) return out.put("null");
  out.put('{');
  for (std::size_t i = 0; i < n; ++i) {
    if (i) out.put(',');
    write_json_string(field.map->key(map, i), out);
    out.put(':');
    write_value(field.kind, field.message, field.map->value(const_cast<void*>(map), i), out);
  }
  out.put('}');
}

void write_field(const Field& field, const void* object, TextOut& out) {
  switch (field.rep) {
    case Rep::Value:
      return write_value(field.kind, field.message, field.ptr(object), out);
    case Rep::Optional:
      if (const void* value = field.get(object)) return write_value(field.kind, field.message, value, out);
      return out.put("null");
    case Rep::List:
      return write_list(field, field.ptr(object), out);
    case Rep::Map:
      return write_map(field, field.ptr(object), out);
  }
}

void write_key(std::string_view name, char before, TextOut& out) {
  char* p = out.reserve(name.size() + 4);
  *p++ = before;
  *p++ = '"';
  p += name.copy(p, name.size());
  *p++ = '"';
  *p++ = ':';
  out.advance(p);
}

// Field::omitted for what is most common, without a call.
bool omitted(const Field& field, const void* object) {
  if (!field.omitempty) return field.omitzero && field.omitted(object);
  const void* at = field.ptr(object);
  if (field.rep == Rep::Optional && field.kind == Kind::Message)
    return !static_cast<const api::BoxBase*>(at)->raw();
  if (field.rep == Rep::Value) {
    if (field.kind == Kind::String) return as<std::string>(at).empty();
    if (field.kind == Kind::Message && field.message->form == Form::Object)
      return field.omitzero && field.omitted(object);
  }
  return field.omitted(object);
}

// The members of a struct; `before` is what comes before the first of them.
void write_members(const Message& message, const void* object, char before, TextOut& out) {
  for (const Field& field : message.fields) {
    if (omitted(field, object)) continue;
    write_key(field.name, before, out);
    write_field(field, object, out);
    before = ',';
  }
  if (before == '{') out.put('{');
  out.put('}');
}

// Forms that are one of several things: the list if it has items, else the schema, else the flag or null.
void write_choice(const Message& message, const void* object, TextOut& out) {
  const Field* flag = nullptr;
  for (const Field& field : message.fields) {
    if (field.rep == Rep::List && field.size(object) > 0) return write_field(field, object, out);
    if (field.kind == Kind::Bool) flag = &field;
  }
  for (const Field& field : message.fields) {
    if (field.kind == Kind::Message && field.rep == Rep::Optional && field.get(object)) {
      return write_field(field, object, out);
    }
  }
  if (!flag) return out.put("null");
  const void* value = flag->get(object);
  out.put(value && as<bool>(value) ? "true" : "false");
}

void write_message(const Message& message, const void* object, TextOut& out) {
  switch (message.form) {
    case Form::Object:
      return write_members(message, object, '{', out);
    case Form::List:
      return write_list(message.fields[0], message.fields[0].ptr(object), out);
    case Form::RawJson:
      for (const Field& field : message.fields) {
        if (field.kind != Kind::Bytes) continue;
        const void* raw = field.get(object);
        return write_raw(raw ? as<api::Bytes>(raw).view() : std::string_view(), out);
      }
      return out.put("null");
    default:
      return write_choice(message, object, out);
  }
}

void write_tree(const Value& value, TextOut& out) {
  switch (value.type()) {
    case Value::Type::Null:
      return out.put("null");
    case Value::Type::Bool:
      return out.put(*value.as_bool() ? "true" : "false");
    case Value::Type::Int:
      return write_json_int(*value.as_int(), out);
    case Value::Type::Double:
      return write_json_double(*value.as_double(), out);
    case Value::Type::String:
      return write_json_string(*value.as_string(), out);
    case Value::Type::List: {
      out.put('[');
      bool first = true;
      for (const Value& item : *value.as_list()) {
        if (!std::exchange(first, false)) out.put(',');
        write_tree(item, out);
      }
      return out.put(']');
    }
    case Value::Type::Map: {
      out.put('{');
      bool first = true;
      const ValueMap& map = *value.as_map();
      for (uint32_t i : map.sorted()) {
        if (!std::exchange(first, false)) out.put(',');
        write_json_string(map.member(i).key, out);
        out.put(':');
        write_tree(map.member(i).value, out);
      }
      return out.put('}');
    }
  }
}

std::string as_document(std::string text, bool pretty) {
  if (pretty) return indent_json(text);
  text += '\n';
  return text;
}

}  // namespace

void append_json(const Message& type, const void* object, std::string_view api_version, std::string_view kind,
                 std::string& text) {
  TextOut out(text);
  if (type.form != Form::Object || !type.type_meta) return write_message(type, object, out);
  char before = '{';
  if (!kind.empty()) {
    write_key("kind", std::exchange(before, ','), out);
    write_json_string(kind, out);
  }
  if (!api_version.empty()) {
    write_key("apiVersion", std::exchange(before, ','), out);
    write_json_string(api_version, out);
  }
  write_members(type, object, before, out);
}

void append_json(const Value& value, std::string& text) {
  TextOut out(text);
  write_tree(value, out);
}

void append_json_scalar(Kind kind, const void* value, std::string& text) {
  TextOut out(text);
  write_scalar(kind, value, out);
}

std::string encode_json(const Message& type, const void* object, std::string_view api_version,
                        std::string_view kind, bool pretty) {
  std::string text;
  append_json(type, object, api_version, kind, text);
  return as_document(std::move(text), pretty);
}

std::string encode_json(const api::Object& object, bool pretty) {
  api::GroupVersionKind gvk = object.gvk();
  return encode_json(object.type(), object.data(), gvk.kind.empty() ? "" : gvk.api_version(), gvk.kind,
                     pretty);
}

std::string encode_json(const Value& value, bool pretty) { return as_document(to_json(value), pretty); }

std::string to_json(const Value& value) {
  std::string text;
  append_json(value, text);
  return text;
}

}  // namespace xebec::codec
