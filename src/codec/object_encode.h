// The way through an object by its field tables, and through a tree of values, for every format that writes
// what encoding/json would: which fields are left out, what is null, which scalars are strings. A format is a
// Sink, and has a walk of its own that the compiler makes, so that what the two share costs nothing:
//
//   null(), boolean(bool), integer(int64_t), real(double)
//   string(text), ascii(text)         ascii has nothing to escape
//   bytes(view), time(api::Time)
//   raw(json)                         embedded JSON, never empty
//   begin_list(n), item(i), end_list()
//   begin_map(n), key(i, name), end_map()
//   Members(sink), name(key), end()   a struct, whose members are counted as they come
//   other_form(message, object)       messages that are neither an object of their fields nor a list
//   order(map)                        of the members of a tree's map
#pragma once

#include <string_view>

#include "api/descriptor.h"
#include "api/scalars.h"
#include "codec/value.h"

namespace xebec::codec {

template <class Sink>
void write_message(const api::Message& message, const void* object, Sink& out);

template <class T>
const T& stored(const void* value) {
  return *static_cast<const T*>(value);
}

template <class Sink>
void write_raw(std::string_view json, Sink& out) {
  // Protobuf inside a RawExtension has no such form without its type.
  if (json.empty() || json.starts_with(std::string_view("k8s\0", 4))) return out.null();
  out.raw(json);
}

template <class Sink>
void write_scalar(api::Kind kind, const void* value, Sink& out) {
  using api::Kind;
  switch (kind) {
    case Kind::Bool:
      return out.boolean(stored<bool>(value));
    case Kind::Int32:
      return out.integer(stored<int32_t>(value));
    case Kind::Int64:
      return out.integer(stored<int64_t>(value));
    case Kind::Double:
      return out.real(stored<double>(value));
    case Kind::String:
      return out.string(stored<std::string>(value));
    case Kind::Bytes:
      return out.bytes(stored<api::Bytes>(value).view());
    case Kind::Quantity:
      return out.ascii(stored<api::Quantity>(value).str());
    case Kind::Duration:
      return out.ascii(stored<api::Duration>(value).str());
    case Kind::Time:
      if (stored<api::Time>(value).is_zero()) return out.null();
      return out.time(stored<api::Time>(value));
    case Kind::MicroTime:
      if (stored<api::MicroTime>(value).is_zero()) return out.null();
      return out.ascii(stored<api::MicroTime>(value).str());
    case Kind::IntOrString: {
      const auto& v = stored<api::IntOrString>(value);
      return v.is_int() ? out.integer(v.int_val) : out.string(v.str_val);
    }
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      return write_raw(stored<api::RawJson>(value).raw, out);
    case Kind::Message:
      break;
  }
}

template <class Sink>
void write_value(api::Kind kind, const api::Message* message, const void* value, Sink& out) {
  if (kind == api::Kind::Message) return write_message(*message, value, out);
  write_scalar(kind, value, out);
}

template <class Sink>
void write_list(const api::Field& field, const void* list, Sink& out) {
  const std::size_t n = field.list->size(list);
  if (n == 0) return out.null();
  const char* item = static_cast<const char*>(field.list->data(const_cast<void*>(list)));
  out.begin_list(n);
  for (std::size_t i = 0; i < n; ++i, item += field.list->stride) {
    out.item(i);
    write_value(field.kind, field.message, item, out);
  }
  out.end_list();
}

template <class Sink>
void write_map(const api::Field& field, const void* map, Sink& out) {
  const std::size_t n = field.map->size(map);
  if (n == 0) return out.null();
  out.begin_map(n);
  for (std::size_t i = 0; i < n; ++i) {
    out.key(i, field.map->key(map, i));
    write_value(field.kind, field.message, field.map->value(const_cast<void*>(map), i), out);
  }
  out.end_map();
}

template <class Sink>
void write_field(const api::Field& field, const void* object, Sink& out) {
  using api::Rep;
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

// Field::omitted for what is most common, without a call.
inline bool left_out(const api::Field& field, const void* object) {
  using api::Kind;
  using api::Rep;
  if (!field.omitempty) return field.omitzero && field.omitted(object);
  const void* at = field.ptr(object);
  if (field.rep == Rep::Optional && field.kind == Kind::Message)
    return !static_cast<const api::BoxBase*>(at)->raw();
  if (field.rep == Rep::Value) {
    if (field.kind == Kind::String) return stored<std::string>(at).empty();
    if (field.kind == Kind::Message && field.message->form == api::Form::Object)
      return field.omitzero && field.omitted(object);
  }
  return field.omitted(object);
}

template <class Sink>
void write_members(const api::Message& message, const void* object, typename Sink::Members members,
                   Sink& out) {
  for (const api::Field& field : message.fields) {
    if (left_out(field, object)) continue;
    members.name(field.name);
    write_field(field, object, out);
  }
  members.end();
}

template <class Sink>
void write_message(const api::Message& message, const void* object, Sink& out) {
  switch (message.form) {
    case api::Form::Object:
      return write_members(message, object, typename Sink::Members(out), out);
    case api::Form::List:
      return write_list(message.fields[0], message.fields[0].ptr(object), out);
    default:
      return out.other_form(message, object);
  }
}

// A message with its kind and apiVersion in front, left out where empty.
template <class Sink>
void write_document(const api::Message& type, const void* object, std::string_view api_version,
                    std::string_view kind, Sink& out) {
  if (type.form != api::Form::Object || !type.type_meta) return write_message(type, object, out);
  typename Sink::Members members(out);
  if (!kind.empty()) {
    members.name("kind");
    out.string(kind);
  }
  if (!api_version.empty()) {
    members.name("apiVersion");
    out.string(api_version);
  }
  write_members(type, object, members, out);
}

template <class Sink>
void write_tree(const Value& value, Sink& out) {
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
    case Value::Type::List: {
      std::size_t i = 0;
      out.begin_list(value.as_list()->size());
      for (const Value& item : *value.as_list()) {
        out.item(i++);
        write_tree(item, out);
      }
      return out.end_list();
    }
    case Value::Type::Map: {
      const ValueMap& map = *value.as_map();
      std::size_t i = 0;
      out.begin_map(map.size());
      for (uint32_t at : out.order(map)) {
        const ValueMember& member = map.member(at);
        out.key(i++, member.key);
        write_tree(member.value, out);
      }
      return out.end_map();
    }
  }
}

}  // namespace xebec::codec
