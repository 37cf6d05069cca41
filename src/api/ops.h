// The type-erased operations that tables point to, one set per element type (not per field).
// Included by generated sources only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/descriptor.h"
#include "api/flat_map.h"
#include "api/scalars.h"

namespace xebec::api {

// Copies every field of `from` over the fresh zero value `to`.
void copy_fields(const Message& type, void* to, const void* from);

// Move assignment out of destructor and move constructor.
template <class T>
T& replace(T& to, std::type_identity_t<T>&& from) noexcept {
  if (&to != &from) {
    std::destroy_at(&to);
    std::construct_at(&to, std::move(from));
  }
  return to;
}

struct ValueOps {
  void* (*create)();
  void (*destroy)(void*);
  void* (*clone)(const void*);
  void (*assign)(void*, const void*);
};

template <class T>
inline constexpr ValueOps value_ops = {
    .create = +[]() -> void* { return new T(); },
    .destroy = +[](void* p) { delete static_cast<T*>(p); },
    .clone = +[](const void* p) -> void* { return new T(*static_cast<const T*>(p)); },
    .assign = +[](void* to, const void* from) { *static_cast<T*>(to) = *static_cast<const T*>(from); },
};

template <class T>
inline constexpr ListOps list_ops = {
    .stride = sizeof(T),
    .size = +[](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
    .data = +[](void* list) -> void* { return static_cast<std::vector<T>*>(list)->data(); },
    .resize = +[](void* list, std::size_t n) { static_cast<std::vector<T>*>(list)->resize(n); },
};

template <class T>
inline constexpr MapOps map_ops = {
    .size = +[](const void* map) { return static_cast<const FlatMap<T>*>(map)->size(); },
    .key = +[](const void* map, std::size_t i) -> const std::string& {
      return (static_cast<const FlatMap<T>*>(map)->begin() + static_cast<std::ptrdiff_t>(i))->first;
    },
    .value = +[](void* map, std::size_t i) -> void* {
      return &(static_cast<FlatMap<T>*>(map)->begin() + static_cast<std::ptrdiff_t>(i))->second;
    },
    .find = +[](void* map, std::string_view key) -> void* { return static_cast<FlatMap<T>*>(map)->get(key); },
    .emplace =
        +[](void* map, std::string_view key) -> void* { return &(*static_cast<FlatMap<T>*>(map))[key]; },
    .erase = +[](void* map, std::string_view key) { static_cast<FlatMap<T>*>(map)->erase(key); },
    .clear = +[](void* map) { static_cast<FlatMap<T>*>(map)->clear(); },
};

template <class T>
inline constexpr OptionalOps optional_ops = {
    .get = +[](void* opt) -> void* {
      auto& o = *static_cast<std::optional<T>*>(opt);
      return o ? &*o : nullptr;
    },
    .emplace = +[](void* opt) -> void* {
      auto& o = *static_cast<std::optional<T>*>(opt);
      return o ? &*o : &o.emplace();
    },
    .reset = +[](void* opt) { static_cast<std::optional<T>*>(opt)->reset(); },
};

}  // namespace xebec::api
