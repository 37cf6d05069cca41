// Value: a JSON-like tree, as Go's unstructured content: null, bool, int64, double, string, list, map.
// Integers and floats are distinct types, as upstream's decoder keeps them. It stands for custom resources
// and patches. A value type: copies are deep, equality is deep (reflect.DeepEqual; the order of map members
// does not count). Reading shared values from several threads is safe; nothing is cached lazily.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/box.h"

namespace xebec::codec {

class Value;
struct ValueMember;
using ValueList = std::vector<Value>;

// Members in insertion order; look-ups are linear while it is small and by a sorted index when it is not.
class ValueMap {
 public:
  using iterator = std::vector<ValueMember>::iterator;
  using const_iterator = std::vector<ValueMember>::const_iterator;

  ValueMap();
  ValueMap(std::initializer_list<ValueMember> members);
  ValueMap(const ValueMap&);
  ValueMap(ValueMap&&) noexcept;
  ValueMap& operator=(const ValueMap&);
  ValueMap& operator=(ValueMap&&) noexcept;
  ~ValueMap();

  bool empty() const;
  std::size_t size() const;
  iterator begin();
  iterator end();
  const_iterator begin() const;
  const_iterator end() const;

  // nullptr when absent.
  Value* find(std::string_view key);
  const Value* find(std::string_view key) const { return const_cast<ValueMap*>(this)->find(key); }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  // The value of the key; null is inserted first when it is absent.
  Value& operator[](std::string_view key);
  // Inserts or replaces.
  Value& set(std::string_view key, Value value);
  // {value, true} when the key is new; else the old value, untouched.
  std::pair<Value*, bool> try_emplace(std::string key);
  bool erase(std::string_view key);
  void clear();
  void reserve(std::size_t n);
  // Positions of the members in ascending order of their keys.
  std::vector<uint32_t> sorted() const;
  const ValueMember& member(std::size_t i) const;

  bool operator==(const ValueMap& other) const;

 private:
  std::size_t index_of(std::string_view key) const;  // size() when absent
  void index_last();
  std::vector<ValueMember> members_;
  api::Box<std::vector<uint32_t>> index_;  // positions by key, once there are many members
};

class Value {
 public:
  enum class Type : uint8_t { Null, Bool, Int, Double, String, List, Map };

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : data_(static_cast<int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(ValueList list) : data_(std::move(list)) {}
  Value(ValueMap map) : data_(std::move(map)) {}

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is_null() const { return type() == Type::Null; }
  bool is_bool() const { return type() == Type::Bool; }
  bool is_int() const { return type() == Type::Int; }
  bool is_double() const { return type() == Type::Double; }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return type() == Type::String; }
  bool is_list() const { return type() == Type::List; }
  bool is_map() const { return type() == Type::Map; }

  // nullptr when the value is of another type.
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const int64_t* as_int() const { return std::get_if<int64_t>(&data_); }
  const double* as_double() const { return std::get_if<double>(&data_); }
  const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  std::string* as_string() { return std::get_if<std::string>(&data_); }
  const ValueList* as_list() const { return std::get_if<ValueList>(&data_); }
  ValueList* as_list() { return std::get_if<ValueList>(&data_); }
  const ValueMap* as_map() const { return std::get_if<ValueMap>(&data_); }
  ValueMap* as_map() { return std::get_if<ValueMap>(&data_); }

  // The value, or the fallback when it is of another type. number_or takes ints and doubles.
  bool bool_or(bool fallback) const { return as_bool() ? *as_bool() : fallback; }
  int64_t int_or(int64_t fallback) const { return as_int() ? *as_int() : fallback; }
  double number_or(double fallback) const {
    return as_double() ? *as_double() : as_int() ? static_cast<double>(*as_int()) : fallback;
  }
  std::string_view string_or(std::string_view fallback = {}) const {
    return as_string() ? *as_string() : fallback;
  }

  // Becomes an empty list or map when it is of another type.
  ValueList& make_list();
  ValueMap& make_map();

  // The member of a map; nullptr when absent or when this is no map.
  Value* find(std::string_view key);
  const Value* find(std::string_view key) const { return const_cast<Value*>(this)->find(key); }
  // Member of a member ...: at_path({"metadata", "name"}).
  Value* at_path(std::initializer_list<std::string_view> path);
  const Value* at_path(std::initializer_list<std::string_view> path) const {
    return const_cast<Value*>(this)->at_path(path);
  }
  // Sets a member, making maps on the way.
  Value& set_path(std::initializer_list<std::string_view> path, Value value);
  // Makes this a map when it is none.
  Value& operator[](std::string_view key) { return make_map()[key]; }

  bool operator==(const Value& other) const;

 private:
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, ValueList, ValueMap> data_;
};

struct ValueMember {
  std::string key;
  Value value;
};

// Go's fmt "%v" of the value: map[a:1 b:[x y]]; error texts use it.
std::string go_format(const Value& value);
// Like equality, but an int and a double of the same number are equal.
bool equal_numeric(const Value& a, const Value& b);

}  // namespace xebec::codec
