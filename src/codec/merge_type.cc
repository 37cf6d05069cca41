#include "codec/merge_type.h"

#include "base/go_quote.h"
#include "codec/json.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::ListType;
using api::MapType;
using api::Message;
using api::Rep;

MergeType::Wants scalar_of(Kind kind) {
  switch (kind) {
    case Kind::Bool:
      return MergeType::Wants::kBool;
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Double:
      return MergeType::Wants::kNumber;
    case Kind::String:
    case Kind::Bytes:
    case Kind::Duration:
      return MergeType::Wants::kString;
    // Strings of a format, and what is a string or a number.
    case Kind::Quantity:
    case Kind::Time:
    case Kind::MicroTime:
    case Kind::IntOrString:
      return MergeType::Wants::kScalar;
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
    case Kind::Message:
      break;
  }
  return MergeType::Wants::kAnything;
}

}  // namespace

MergeType MergeType::of(const Message& message) {
  MergeType type;
  if (message.form != Form::Object) {
    type.source_ = message.form == Form::RawJson ? Source::Deduced : Source::Atomic;
    return type;
  }
  type.source_ = Source::Struct;
  type.message_ = &message;
  type.atomic_ = message.map_type == MapType::Atomic;
  return type;
}

// An element of the field, or its single value.
MergeType MergeType::of_value(const Field& field) {
  if (field.kind == Kind::Message) return of(*field.message);
  MergeType type;
  if (field.kind == Kind::Json || field.kind == Kind::FieldsV1) type.source_ = Source::Atomic;
  type.scalar_ = scalar_of(field.kind);
  return type;
}

MergeType MergeType::of_field(const Field& field) {
  MergeType type;
  if (field.rep == Rep::List || field.rep == Rep::Map) {
    type.source_ = field.rep == Rep::List ? Source::ListField : Source::MapField;
    type.field_ = &field;
    return type;
  }
  type = of_value(field);
  type.atomic_ = type.atomic_ || field.map_type == MapType::Atomic;
  return type;
}

MergeType MergeType::of_schema(const Value& schema) {
  MergeType type;
  type.source_ = Source::Schema;
  type.schema_ = &schema;
  return type;
}

MergeType::Wants MergeType::wants() const {
  switch (source_) {
    case Source::Struct:
    case Source::MapField:
      return Wants::kMap;
    case Source::ListField:
      return Wants::kList;
    default:
      return scalar_;
  }
}

bool MergeType::atomic_list() const {
  if (source_ == Source::ListField)
    return field_->list_type != ListType::Set && field_->list_type != ListType::Map;
  if (source_ != Source::Schema) return true;
  const Value* kind = schema_->find("x-kubernetes-list-type");
  return !kind || (kind->string_or() != "set" && kind->string_or() != "map");
}

bool MergeType::atomic_map() const {
  switch (source_) {
    case Source::Deduced:
      return false;
    case Source::Struct:
      return atomic_;
    case Source::MapField:
      return field_->map_type == MapType::Atomic;
    case Source::Schema: {
      const Value* kind = schema_->find("x-kubernetes-map-type");
      return kind && kind->string_or() == "atomic";
    }
    default:
      return true;
  }
}

std::vector<std::string_view> MergeType::keys() const {
  if (source_ == Source::ListField && field_->list_type == ListType::Map) {
    return {field_->map_keys.begin(), field_->map_keys.end()};
  }
  std::vector<std::string_view> keys;
  const Value* found = source_ == Source::Schema ? schema_->find("x-kubernetes-list-map-keys") : nullptr;
  if (found && found->is_list()) {
    for (const Value& key : *found->as_list()) keys.push_back(key.string_or());
  }
  return keys;
}

MergeType MergeType::element() const {
  if (source_ == Source::ListField || source_ == Source::MapField) return of_value(*field_);
  const Value* items = source_ == Source::Schema ? schema_->find("items") : nullptr;
  return items ? of_schema(*items) : MergeType();
}

MergeType MergeType::member(std::string_view key) const {
  switch (source_) {
    case Source::Struct:
      if (const Field* field = message_->find(key)) return of_field(*field);
      return {};
    case Source::MapField:
      return of_value(*field_);
    case Source::Schema:
      if (const Value* found = schema_->at_path({"properties", key})) return of_schema(*found);
      if (const Value* found = schema_->find("additionalProperties"); found && found->is_map())
        return of_schema(*found);
      return {};
    default:
      return {};
  }
}

bool MergeType::declares(std::string_view key) const {
  if (source_ == Source::Struct) return message_->find(key) != nullptr;
  return source_ == Source::Schema && schema_->at_path({"properties", key}) != nullptr;
}

bool MergeType::allows(std::string_view key) const {
  if (source_ != Source::Struct || message_->find(key)) return true;
  return message_->type_meta && (key == "kind" || key == "apiVersion");
}

Value MergeType::default_of(std::string_view key) const {
  if (source_ == Source::Struct) {
    const Field* field = message_->find(key);
    if (!field || field->default_json.empty()) return {};
    Result<Value> value = parse_json(field->default_json);
    return value ? *std::move(value) : Value();
  }
  const Value* found = source_ == Source::Schema ? schema_->at_path({"properties", key, "default"}) : nullptr;
  return found ? *found : Value();
}

Result<PathElement> MergeType::address(const View& view) const {
  auto wrong = [](std::string_view why) { return fail(errors::bad_request(why)); };
  std::vector<std::string_view> names = keys();
  if (names.empty()) {
    if (view.is_map()) return wrong("associative list without keys has an element that's a map type");
    if (view.is_list()) return wrong("not supported: associative list with lists as elements");
    if (view.is_null()) return wrong("associative list without keys has an element that's an explicit null");
    return PathElement::item(to_value(view));
  }
  if (view.is_null()) return wrong("associative list with keys may not have a null element");
  if (!view.is_map()) return wrong("associative list with keys may not have non-map elements");
  ValueMap found;
  MergeType type = element();
  for (std::string_view name : names) {
    if (View member = view.member(name); member.present()) {
      found.set(name, to_value(member));
    } else if (Value fallback = type.default_of(name); !fallback.is_null()) {
      found.set(name, std::move(fallback));
    }
  }
  if (found.empty()) {
    std::string quoted;
    for (std::string_view name : names) quoted += (quoted.empty() ? "" : " ") + go_quote(name);
    return wrong("associative list with keys has an element that omits all key fields [" + quoted +
                 "] (and doesn't have default values for any key fields)");
  }
  return PathElement::key(std::move(found));
}

}  // namespace xebec::codec
