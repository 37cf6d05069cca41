#include "codec/view.h"

#include <cmath>

#include "api/scalars.h"
#include "base/go_quote.h"

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

}  // namespace

View::View(const Message& type, const void* object) {
  *this = of_value(Kind::Message, &type, object, nullptr);
}

View View::owning(Value value, const Field* field) {
  View view;
  view.owned_ = std::make_shared<const Value>(std::move(value));
  view.source_ = Source::Tree;
  view.ptr_ = view.owned_.get();
  view.field_ = field;
  return view;
}

View View::of_raw(std::string_view json, const Field* field) {
  Result<Value> parsed = json.empty() ? Value() : parse_json(json);
  return owning(parsed ? *std::move(parsed) : Value(), field);
}

View View::of_value(Kind kind, const Message* message, const void* ptr, const Field* field) {
  View view;
  view.kind_ = kind;
  view.ptr_ = ptr;
  view.message_ = message;
  view.field_ = field;
  view.source_ = Source::Scalar;
  switch (kind) {
    case Kind::Message:
      if (message->form != Form::Object) return of_form(*message, ptr, field);
      view.source_ = Source::Struct;
      break;
    case Kind::RawExtension:
    case Kind::FieldsV1:
    case Kind::Json:
      return of_raw(as<api::RawJson>(ptr).raw, field);
    case Kind::Time:
      if (as<api::Time>(ptr).is_zero()) view.source_ = Source::Null;
      break;
    case Kind::MicroTime:
      if (as<api::MicroTime>(ptr).is_zero()) view.source_ = Source::Null;
      break;
    default:
      break;
  }
  return view;
}

View View::of_form(const Message& message, const void* ptr, const Field* field) {
  View null;
  null.source_ = Source::Null;
  null.field_ = field;
  const Field* flag = nullptr;
  const Field* schema = nullptr;
  for (const Field& f : message.fields) {
    if (f.rep == Rep::List && f.size(ptr) > 0) {
      View list = of_field(f, ptr);
      list.field_ = &f;
      return list;
    }
    if (f.kind == Kind::Bool) flag = &f;
    if (f.kind == Kind::Message && f.rep == Rep::Optional && f.get(ptr)) schema = &f;
    if (f.kind == Kind::Bytes && message.form == Form::RawJson) {
      const void* raw = f.get(ptr);
      return raw ? of_raw(as<api::Bytes>(raw).view(), field) : null;
    }
  }
  if (schema) return of_value(Kind::Message, schema->message, schema->get(ptr), field);
  if (!flag) return null;
  const void* value = flag->get(ptr);
  return owning(Value(value && as<bool>(value)), field);
}

View View::of_field(const Field& field, const void* object) {
  View view;
  if (field.omitted(object)) return view;
  view.field_ = &field;
  view.ptr_ = field.ptr(object);
  view.source_ = Source::Null;
  switch (field.rep) {
    case Rep::Value:
      return of_value(field.kind, field.message, view.ptr_, &field);
    case Rep::Optional:
      if (const void* value = field.get(object)) return of_value(field.kind, field.message, value, &field);
      break;
    case Rep::List:
      if (field.size(object) > 0) view.source_ = Source::List;
      break;
    case Rep::Map:
      if (field.size(object) > 0) view.source_ = Source::Map;
      break;
  }
  return view;
}

View::Type View::type() const {
  switch (source_) {
    case Source::None:
      return Type::Absent;
    case Source::Null:
      return Type::Null;
    case Source::Tree:
      return static_cast<Type>(static_cast<int>(tree().type()) + 1);
    case Source::Struct:
    case Source::Map:
      return Type::Map;
    case Source::List:
      return Type::List;
    case Source::Scalar:
      break;
  }
  switch (kind_) {
    case Kind::Bool:
      return Type::Bool;
    case Kind::Int32:
    case Kind::Int64:
      return Type::Int;
    case Kind::Double:
      return Type::Double;
    case Kind::IntOrString:
      return as<api::IntOrString>(ptr_).is_int() ? Type::Int : Type::String;
    default:
      return Type::String;
  }
}

std::size_t View::size() const {
  switch (source_) {
    case Source::Tree:
      if (const ValueList* list = tree().as_list()) return list->size();
      if (const ValueMap* map = tree().as_map()) return map->size();
      return 0;
    case Source::List:
      return field_->list->size(ptr_);
    case Source::Map:
      return field_->map->size(ptr_);
    case Source::Struct: {
      std::size_t n = 0;
      for (const Field& field : message_->fields) n += !field.omitted(ptr_);
      return n;
    }
    default:
      return 0;
  }
}

View View::item(std::size_t i) const {
  if (i >= size()) return {};
  if (source_ == Source::List) {
    const char* data = static_cast<const char*>(field_->list->data(const_cast<void*>(ptr_)));
    return of_value(field_->kind, field_->message, data + i * field_->list->stride, field_);
  }
  if (source_ != Source::Tree || !tree().is_list()) return {};
  View view((*tree().as_list())[i]);
  view.owned_ = owned_;
  return view;
}

std::string_view View::map_key(std::size_t i) const { return field_->map->key(ptr_, i); }

View View::map_value(std::size_t i) const {
  return of_value(field_->kind, field_->message, field_->map->value(const_cast<void*>(ptr_), i), field_);
}

View View::member(std::string_view key) const {
  switch (source_) {
    case Source::Tree:
      if (const Value* value = tree().find(key)) {
        View view(*value);
        view.owned_ = owned_;
        return view;
      }
      return {};
    case Source::Map:
      if (void* value = field_->map->find(const_cast<void*>(ptr_), key)) {
        return of_value(field_->kind, field_->message, value, field_);
      }
      return {};
    case Source::Struct: {
      if (const Field* field = message_->find(key)) return of_field(*field, ptr_);
      if (!message_->type_meta || message_->kinds.empty()) return {};
      if (key == "kind") return owning(Value(message_->kinds[0].kind), nullptr);
      if (key == "apiVersion") return owning(Value(message_->kinds[0].gvk().api_version()), nullptr);
      return {};
    }
    default:
      return {};
  }
}

bool View::as_bool() const {
  if (source_ == Source::Tree) return tree().bool_or(false);
  return source_ == Source::Scalar && kind_ == Kind::Bool && as<bool>(ptr_);
}

int64_t View::as_int() const {
  if (source_ == Source::Tree) return tree().int_or(0);
  if (source_ != Source::Scalar) return 0;
  switch (kind_) {
    case Kind::Int32:
      return as<int32_t>(ptr_);
    case Kind::Int64:
      return as<int64_t>(ptr_);
    case Kind::IntOrString:
      return as<api::IntOrString>(ptr_).int_val;
    default:
      return 0;
  }
}

double View::as_double() const {
  if (source_ == Source::Tree) return tree().number_or(0);
  if (source_ == Source::Scalar && kind_ == Kind::Double) return as<double>(ptr_);
  return static_cast<double>(as_int());
}

std::string_view View::text(std::string& scratch) const {
  if (source_ == Source::Tree) return tree().string_or();
  if (source_ != Source::Scalar) return {};
  switch (kind_) {
    case Kind::String:
      return as<std::string>(ptr_);
    case Kind::Quantity:
      return as<api::Quantity>(ptr_).str();
    case Kind::Time:
      return scratch = as<api::Time>(ptr_).str();
    case Kind::MicroTime:
      return scratch = as<api::MicroTime>(ptr_).str();
    case Kind::Duration:
      return scratch = as<api::Duration>(ptr_).str();
    case Kind::IntOrString:
      return as<api::IntOrString>(ptr_).str_val;
    case Kind::Bytes: {
      std::string quoted;
      append_json_scalar(kind_, ptr_, quoted);
      return scratch = quoted.substr(1, quoted.size() - 2);
    }
    default:
      return {};
  }
}

std::string View::as_string() const {
  std::string scratch;
  return std::string(text(scratch));
}

bool equal(const View& a, const View& b) {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case View::Type::Absent:
    case View::Type::Null:
      return true;
    case View::Type::Bool:
      return a.as_bool() == b.as_bool();
    case View::Type::Int:
      return a.as_int() == b.as_int();
    case View::Type::Double:
      return a.as_double() == b.as_double();
    case View::Type::String: {
      std::string sa, sb;
      return a.text(sa) == b.text(sb);
    }
    case View::Type::List: {
      std::size_t n = a.size();
      if (n != b.size()) return false;
      for (std::size_t i = 0; i < n; ++i) {
        if (!equal(a.item(i), b.item(i))) return false;
      }
      return true;
    }
    case View::Type::Map:
      break;
  }
  if (a.size() != b.size()) return false;
  bool same = true;
  a.each_member([&](std::string_view key, const View& member) {
    if (same) same = equal(member, b.member(key));
  });
  return same;
}

Value to_value(const View& view) {
  switch (view.type()) {
    case View::Type::Absent:
    case View::Type::Null:
      return {};
    case View::Type::Bool:
      return view.as_bool();
    case View::Type::Int:
      return view.as_int();
    case View::Type::Double:
      return view.as_double();
    case View::Type::String:
      return view.as_string();
    case View::Type::List: {
      ValueList list;
      std::size_t n = view.size();
      list.reserve(n);
      for (std::size_t i = 0; i < n; ++i) list.push_back(to_value(view.item(i)));
      return list;
    }
    case View::Type::Map:
      break;
  }
  ValueMap map;
  view.each_member([&](std::string_view key, const View& member) { map.set(key, to_value(member)); });
  return map;
}

Value to_value(const Message& type, const void* object, std::string_view api_version, std::string_view kind) {
  ValueMap map;
  if (!kind.empty()) map.set("kind", kind);
  if (!api_version.empty()) map.set("apiVersion", api_version);
  View(type, object).each_member([&](std::string_view key, const View& member) {
    map.set(key, to_value(member));
  });
  return map;
}

Result<DecodeResult> from_value(const Message& type, const Value& value, void* object,
                                Strictness strictness) {
  return decode_json(type, to_json(value), object, strictness);
}

View Editor::view() const {
  if (tree_) return View(*tree_);
  return View(*message_, object_);
}

Result<void> Editor::set(std::string_view key, const Value& value) {
  if (tree_) {
    tree_->make_map().set(key, value);
    return {};
  }
  const Field* field = message_->find(key);
  if (!field) return fail(errors::bad_request("unknown field " + go_quote(key)));
  // Through a struct that holds nothing but this field, so that a wrong value changes nothing.
  api::Object scratch(*message_);
  ValueMap wrapper;
  wrapper.set(key, value);
  TRY_VOID(from_value(*message_, wrapper, scratch.data(), Strictness::Strict));
  field->clear(object_);
  switch (field->rep) {
    case Rep::Value:
      api::assign_value(field->kind, field->message, field->ptr(object_), field->ptr(scratch.data()));
      break;
    case Rep::Optional:
      if (const void* from = field->get(scratch.data())) {
        api::assign_value(field->kind, field->message, field->ensure(object_), from);
      }
      break;
    case Rep::List: {
      void* from = field->ptr(scratch.data());
      char* item = static_cast<char*>(field->list->data(from));
      for (std::size_t i = 0, n = field->list->size(from); i < n; ++i, item += field->list->stride) {
        api::assign_value(field->kind, field->message, field->list->append(field->ptr(object_)), item);
      }
      break;
    }
    case Rep::Map: {
      void* from = field->ptr(scratch.data());
      for (std::size_t i = 0, n = field->map->size(from); i < n; ++i) {
        api::assign_value(field->kind, field->message,
                          field->map->emplace(field->ptr(object_), field->map->key(from, i)),
                          field->map->value(from, i));
      }
      break;
    }
  }
  return {};
}

bool Editor::erase(std::string_view key) {
  if (tree_) return tree_->is_map() && tree_->as_map()->erase(key);
  const Field* field = message_->find(key);
  if (!field || !View::of_field(*field, object_).present()) return false;
  field->clear(object_);
  return true;
}

Result<Editor> Editor::member(std::string_view key) {
  if (tree_) {
    Value& child = (*tree_)[key];
    if (child.is_null()) child = ValueMap();
    if (child.is_map()) return Editor(child);
  } else if (const Field* field = message_->find(key);
             field && field->kind == Kind::Message &&
             (field->rep == Rep::Value || field->rep == Rep::Optional)) {
    return Editor(*field->message, field->ensure(object_));
  }
  return fail(errors::bad_request(go_quote(key) + " is not an object"));
}

Result<void> Editor::append(std::string_view list, const Value& value) {
  Value whole = to_value(view().member(list));
  whole.make_list().push_back(value);
  return set(list, whole);
}

bool Editor::erase_item(std::string_view list, std::size_t index) {
  if (tree_) {
    Value* found = tree_->find(list);
    if (!found || !found->is_list() || index >= found->as_list()->size()) return false;
    found->as_list()->erase(found->as_list()->begin() + static_cast<std::ptrdiff_t>(index));
    return true;
  }
  const Field* field = message_->find(list);
  if (!field || field->rep != Rep::List || index >= field->size(object_)) return false;
  field->erase_at(object_, index);
  return true;
}

}  // namespace xebec::codec
