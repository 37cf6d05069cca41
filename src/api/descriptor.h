// The tables that describe the generated structs: everything a codec, OpenAPI, patching or defaulting needs
// to know about a kind, without a line of code per kind. Generated (tools/apigen) as constants, one Message a
// struct, found as T::kDescriptor or api::type_of<T>(). Immutable, thread-safe, alive for the whole program.
//
// How a field is stored, by (rep, kind):
//   Value     the C++ value itself; for Kind::Message the struct
//   Optional  std::optional<scalar>; for Kind::Message api::Box<struct>
//   List      std::vector<element>          ([]bool: std::vector<api::Bool>)
//   Map       api::FlatMap<element>
// with elements/scalars: bool, int32_t, int64_t, double, std::string, api::Bytes, api::Quantity, api::Time,
// ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/box.h"
#include "api/gvk.h"

namespace xebec::api {

struct Message;

enum class Kind : uint8_t {
  Bool,
  Int32,
  Int64,
  Double,
  String,
  Bytes,  // plain
  Quantity,
  Time,
  MicroTime,
  Duration,
  IntOrString,  // api/scalars.h
  RawExtension,
  FieldsV1,
  Json,  // raw JSON
  Message,
};

enum class Rep : uint8_t { Value, Optional, List, Map };

// How a message looks in JSON when it is not an object of its fields.
enum class Form : uint8_t {
  Object,
  List,             // field `items` alone: ExtraValue, Verbs
  RawJson,          // runtime.Unknown: its `raw` bytes are the JSON
  SchemaOrArray,    // apiextensions JSONSchemaPropsOrArray: {..} or [..]
  SchemaOrBool,     // {..} or true/false
  SchemaOrStrings,  // {..} or ["a","b"]
};

enum class ListType : uint8_t { None, Atomic, Set, Map };
enum class MapType : uint8_t { None, Granular, Atomic };

// Patch strategies of strategic merge patch; a set.
struct Patch {
  static constexpr uint8_t kNone = 0, kMerge = 1, kReplace = 2, kRetainKeys = 4;
};

// Work on a std::vector<T> through its address. See also Field::erase_at.
struct ListOps {
  std::size_t stride;  // sizeof(T)
  std::size_t (*size)(const void* list);
  void* (*data)(void* list);
  void (*resize)(void* list, std::size_t n);  // new elements are zero values

  void* at(void* list, std::size_t i) const { return static_cast<char*>(data(list)) + i * stride; }
  const void* at(const void* list, std::size_t i) const { return at(const_cast<void*>(list), i); }
  // A new zero element at the end (amortized constant time: std::vector grows geometrically).
  void* append(void* list) const {
    const std::size_t n = size(list);
    resize(list, n + 1);
    return at(list, n);
  }
};

// Work on a FlatMap<T> through its address.
struct MapOps {
  std::size_t (*size)(const void* map);
  const std::string& (*key)(const void* map, std::size_t i);  // ascending
  void* (*value)(void* map, std::size_t i);
  void* (*find)(void* map, std::string_view key);     // nullptr when absent
  void* (*emplace)(void* map, std::string_view key);  // the old value when present
  void (*erase)(void* map, std::string_view key);
  void (*clear)(void* map);
};

// Work on a std::optional<T> through its address.
struct OptionalOps {
  void* (*get)(void* opt);      // nullptr when unset
  void* (*emplace)(void* opt);  // the old value when set
  void (*reset)(void* opt);
};

struct Field {
  std::string_view name;        // JSON name
  std::string_view proto_name;  // name in the .proto file
  uint32_t number = 0;  // in the protobuf message it belongs to (the embedded one for promoted fields)
  uint32_t offset = 0;  // in the struct of the Message this table is of
  Kind kind = Kind::String;
  Rep rep = Rep::Value;
  bool omitempty = false;
  bool omitzero = false;
  bool required = false;  // in OpenAPI's `required`
  bool embedded = false;  // only in Message::wire: a base class, promoted in JSON
  bool enum_closed = false;
  ListType list_type = ListType::None;
  MapType map_type = MapType::None;
  uint8_t patch = Patch::kNone;
  const Message* message = nullptr;  // Kind::Message
  union {
    const ListOps* list = nullptr;  // Rep::List
    const MapOps* map;              // Rep::Map
    const OptionalOps* optional;    // Rep::Optional, kind other than Message
  };
  std::string_view default_json;               // OpenAPI default as JSON text; empty when none
  std::string_view merge_key;                  // patchMergeKey
  std::string_view enum_type;                  // Go type name when it is a named string
  std::string_view feature_gates;              // comma-separated
  std::string_view markers;                    // declarative validation tags, one a line
  std::span<const std::string_view> values;    // the enum (closed) or known constants
  std::span<const std::string_view> map_keys;  // listMapKeys

  const void* ptr(const void* object) const { return static_cast<const char*>(object) + offset; }
  void* ptr(void* object) const { return static_cast<char*>(object) + offset; }

  // The value of a Value or Optional field: nullptr when an Optional is unset.
  const void* get(const void* object) const;
  void* get(void* object) const { return const_cast<void*>(get(static_cast<const void*>(object))); }
  // The value of a Value or Optional field, made first if unset.
  void* ensure(void* object) const;
  // Back to Go's zero value (nil, 0, "", empty).
  void clear(void* object) const;
  // Number of elements of a List or Map.
  std::size_t size(const void* object) const;
  // Removes element i of a List.
  void erase_at(void* object, std::size_t i) const;
  // What encoding/json's omitempty leaves out: false, 0, "", nil, empty. A struct value is never empty.
  bool is_empty(const void* object) const;
  // Whether JSON leaves the field out (omitempty on an empty value, omitzero on a zero one).
  bool omitted(const void* object) const;
};

// What the protobuf codec walks: a compact copy of the facts it needs.
struct WireField {
  uint32_t tag;  // (number << 3) | wire type, of one element
  uint32_t offset;
  Kind kind;
  Rep rep;
  bool omit_empty;  // a nullable list message (Verbs): nothing is written when it has no items
  const Message* message;
  union {
    const ListOps* list;
    const MapOps* map;
    const OptionalOps* optional;
  };
};

struct TypeName {
  std::string_view group, version, kind;
  GroupVersionKind gvk() const { return {std::string(group), std::string(version), std::string(kind)}; }
};

struct Message {
  std::string_view name;          // "Pod"
  std::string_view full_name;     // "k8s.io.api.core.v1.Pod"
  std::string_view openapi_name;  // "io.k8s.api.core.v1.Pod"
  std::span<const Field>
      fields;  // JSON view: Go declaration order, fields of embedded structs promoted in place
  std::span<const uint16_t> by_name;  // indexes into `fields`, sorted by JSON name
  std::span<const WireField> wire;    // protobuf view: ascending numbers, embedded structs as sub-messages
  std::span<const TypeName> kinds;    // the GVKs this type is registered under; empty for parts
  Form form = Form::Object;
  MapType map_type = MapType::None;  // x-kubernetes-map-type of the struct
  bool any_group = false;            // a kind of every group version (DeleteOptions, WatchEvent)
  bool type_meta = false;            // has kind/apiVersion on the wire (they are not stored in the struct)
  bool json_only = false;            // Table, version.Info: has no protobuf form
  int32_t object_meta_offset = -1;   // of `metadata` when it is an ObjectMeta
  int32_t list_meta_offset = -1;     // of `metadata` when it is a ListMeta
  std::string_view unions;           // x-kubernetes-unions as JSON text

  std::size_t size = 0;
  void* (*create)() = nullptr;  // a new zero value on the heap
  void (*destroy)(void*) = nullptr;
  void* (*clone)(const void*) = nullptr;
  void (*assign)(void* to, const void* from) = nullptr;

  // By JSON name; nullptr when there is none. `fold_case` finds also names that differ in case only.
  const Field* find(std::string_view json_name) const;
  const Field* find_fold(std::string_view json_name) const;
  // The `items` field when this is a list kind (has ListMeta and items).
  const Field* items() const;
};

// sizeof of one value of a kind.
std::size_t value_size(Kind kind, const Message* message);
// Semantic deep equality: nil and empty are equal, quantities and times compare by value.
bool equal(const Message& type, const void* a, const void* b);
bool equal_value(Kind kind, const Message* message, const void* a, const void* b);
// Deep copy of one value of any kind (scalars too).
void assign_value(Kind kind, const Message* message, void* to, const void* from);
// Back to the zero value.
void clear_value(Kind kind, const Message* message, void* value);
// Go's zero value: every field zero, nil or empty, recursively.
bool is_zero_value(Kind kind, const Message* message, const void* value);

template <class T>
const Message& type_of() {
  return T::kDescriptor;
}

}  // namespace xebec::api
