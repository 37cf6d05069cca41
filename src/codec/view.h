// View: reads any object as a JSON-like tree, whether it is a typed struct (through its table) or a Value.
// A typed struct shows the members that its JSON would have: omitted fields are absent, times and quantities
// are strings. A View is a small value; it points into the object, which must stay alive and unchanged.
// Editor: the same for writing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "api/object.h"
#include "base/result.h"
#include "codec/json.h"
#include "codec/value.h"

namespace xebec::codec {

class View {
 public:
  enum class Type : uint8_t { Absent, Null, Bool, Int, Double, String, List, Map };

  View() = default;
  explicit View(const Value& value) : source_(Source::Tree), ptr_(&value) {}
  View(const api::Message& type, const void* object);
  explicit View(const api::Object& object) : View(object.type(), object.data()) {}
  // A field of a struct as its JSON shows it: absent when omitted.
  static View of_field(const api::Field& field, const void* object);

  Type type() const;
  bool present() const { return source_ != Source::None; }
  bool is_null() const { return type() == Type::Null; }
  bool is_list() const { return type() == Type::List; }
  bool is_map() const { return type() == Type::Map; }
  bool is_string() const { return type() == Type::String; }

  // The table of a struct, else nullptr.
  const api::Message* message() const { return source_ == Source::Struct ? message_ : nullptr; }
  // The field this node is the value of, or is an element of; nullptr at the root and in a Value.
  const api::Field* field() const { return field_; }

  // Elements of a list, members of a map.
  std::size_t size() const;
  // An element of a list; absent out of bounds.
  View item(std::size_t i) const;
  // A member of a map; absent when there is none. `kind` and `apiVersion` of a struct come from its type.
  View member(std::string_view key) const;
  // Calls f(std::string_view key, const View& member) for every member, in the order of the source.
  template <class F>
  void each_member(F&& f) const;

  // The value, or a zero when it is of another type.
  bool as_bool() const;
  int64_t as_int() const;
  double as_double() const;  // of an int too
  // The text of a string; it lives in the object or in `scratch`.
  std::string_view text(std::string& scratch) const;
  std::string as_string() const;

 private:
  enum class Source : uint8_t { None, Null, Tree, Struct, List, Map, Scalar };
  static View of_value(api::Kind kind, const api::Message* message, const void* ptr, const api::Field* field);
  static View of_form(const api::Message& message, const void* ptr, const api::Field* field);
  static View of_raw(std::string_view json, const api::Field* field);
  static View owning(Value value, const api::Field* field);
  const Value& tree() const { return *static_cast<const Value*>(ptr_); }
  std::string_view map_key(std::size_t i) const;
  View map_value(std::size_t i) const;

  Source source_ = Source::None;
  api::Kind kind_ = api::Kind::String;
  const void* ptr_ = nullptr;
  const api::Message* message_ = nullptr;
  const api::Field* field_ = nullptr;
  std::shared_ptr<const Value> owned_;  // parsed raw JSON, which ptr_ points into
};

// Deep equality of what two views show.
bool equal(const View& a, const View& b);
// A copy as a tree.
Value to_value(const View& view);
// With kind and apiVersion first.
Value to_value(const api::Message& type, const void* object, std::string_view api_version,
               std::string_view kind);

// Fills a struct from a tree; errors and strictness as decode_json.
Result<DecodeResult> from_value(const api::Message& type, const Value& value, void* object,
                                Strictness strictness = Strictness::Ignore);

class Editor {
 public:
  explicit Editor(Value& value) : tree_(&value) {}
  Editor(const api::Message& type, void* object) : message_(&type), object_(object) {}
  explicit Editor(api::Object& object) : Editor(object.type(), object.data()) {}

  View view() const;
  // Sets a member of a map or struct. Error: a struct without such a field, or a value of the wrong type.
  Result<void> set(std::string_view key, const Value& value);
  // false when there was nothing to erase.
  bool erase(std::string_view key);
  // An editor of a member that is a map or struct; made when absent. Error: it is neither.
  Result<Editor> member(std::string_view key);
  // On a list that is a member of this: adds at the end, removes one element.
  Result<void> append(std::string_view list, const Value& value);
  bool erase_item(std::string_view list, std::size_t index);

 private:
  Value* tree_ = nullptr;
  const api::Message* message_ = nullptr;
  void* object_ = nullptr;
};

template <class F>
void View::each_member(F&& f) const {
  switch (source_) {
    case Source::Tree:
      if (const ValueMap* map = tree().as_map()) {
        for (const ValueMember& m : *map) {
          View member(m.value);
          member.owned_ = owned_;
          f(std::string_view(m.key), member);
        }
      }
      return;
    case Source::Struct:
      for (const api::Field& field : message_->fields) {
        View member = of_field(field, ptr_);
        if (member.present()) f(field.name, member);
      }
      return;
    case Source::Map:
      for (std::size_t i = 0, n = size(); i < n; ++i) f(map_key(i), map_value(i));
      return;
    default:
      return;
  }
}

}  // namespace xebec::codec
