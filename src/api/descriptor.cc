#include "api/descriptor.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "api/flat_map.h"
#include "api/ops.h"
#include "api/scalars.h"

namespace xebec::api {
namespace {

// Calls f(static_cast<T*>(nullptr)) with the C++ type of a scalar kind; Message is the caller's affair.
template <class F>
auto with_scalar(Kind kind, F&& f) {
  switch (kind) {
    case Kind::Bool:
      return f(static_cast<bool*>(nullptr));
    case Kind::Int32:
      return f(static_cast<int32_t*>(nullptr));
    case Kind::Int64:
      return f(static_cast<int64_t*>(nullptr));
    case Kind::Double:
      return f(static_cast<double*>(nullptr));
    case Kind::String:
      return f(static_cast<std::string*>(nullptr));
    case Kind::Bytes:
      return f(static_cast<Bytes*>(nullptr));
    case Kind::Quantity:
      return f(static_cast<Quantity*>(nullptr));
    case Kind::Time:
      return f(static_cast<Time*>(nullptr));
    case Kind::MicroTime:
      return f(static_cast<MicroTime*>(nullptr));
    case Kind::Duration:
      return f(static_cast<Duration*>(nullptr));
    case Kind::IntOrString:
      return f(static_cast<IntOrString*>(nullptr));
    case Kind::RawExtension:
      return f(static_cast<RawExtension*>(nullptr));
    case Kind::FieldsV1:
      return f(static_cast<FieldsV1*>(nullptr));
    case Kind::Json:
    case Kind::Message:
      break;
  }
  return f(static_cast<Json*>(nullptr));
}

bool equal_list(const Field& f, const void* a, const void* b) {
  const std::size_t n = f.list->size(a);
  if (n != f.list->size(b)) return false;
  const char* pa = static_cast<const char*>(f.list->data(const_cast<void*>(a)));
  const char* pb = static_cast<const char*>(f.list->data(const_cast<void*>(b)));
  for (std::size_t i = 0; i < n; ++i, pa += f.list->stride, pb += f.list->stride)
    if (!equal_value(f.kind, f.message, pa, pb)) return false;
  return true;
}

bool equal_map(const Field& f, const void* a, const void* b) {
  const std::size_t n = f.map->size(a);
  if (n != f.map->size(b)) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (f.map->key(a, i) != f.map->key(b, i)) return false;
    if (!equal_value(f.kind, f.message, f.map->value(const_cast<void*>(a), i),
                     f.map->value(const_cast<void*>(b), i)))
      return false;
  }
  return true;
}

bool equal_field(const Field& f, const void* a, const void* b) {
  switch (f.rep) {
    case Rep::List:
      return equal_list(f, f.ptr(a), f.ptr(b));
    case Rep::Map:
      return equal_map(f, f.ptr(a), f.ptr(b));
    default:
      break;
  }
  const void* va = f.get(a);
  const void* vb = f.get(b);
  if (!va || !vb) return va == vb;
  return equal_value(f.kind, f.message, va, vb);
}

bool zero_field(const Field& f, const void* object) {
  if (f.rep == Rep::List || f.rep == Rep::Map) return f.size(object) == 0;
  const void* value = f.get(object);
  return !value || (f.rep == Rep::Value && is_zero_value(f.kind, f.message, value));
}

void copy_value(Kind kind, const Message* message, void* to, const void* from) {
  if (kind == Kind::Message)
    copy_fields(*message, to, from);
  else
    assign_value(kind, message, to, from);
}

void copy_field(const WireField& f, void* to, const void* from) {
  void* source = const_cast<void*>(from);  // the untyped operations have no const forms
  switch (f.rep) {
    case Rep::Value:
      copy_value(f.kind, f.message, to, from);
      return;
    case Rep::List: {
      const std::size_t n = f.list->size(from);
      if (n == 0) return;
      f.list->resize(to, n);
      for (std::size_t i = 0; i < n; ++i)
        copy_value(f.kind, f.message, f.list->at(to, i), f.list->at(from, i));
      return;
    }
    case Rep::Map: {
      const std::size_t n = f.map->size(from);
      for (std::size_t i = 0; i < n; ++i)
        copy_value(f.kind, f.message, f.map->emplace(to, f.map->key(from, i)), f.map->value(source, i));
      return;
    }
    case Rep::Optional:
      break;
  }
  if (f.kind == Kind::Message) {
    if (const void* content = static_cast<const BoxBase*>(from)->raw())
      static_cast<BoxBase*>(to)->set_raw(f.message->clone(content));
  } else if (void* content = f.optional->get(source)) {
    assign_value(f.kind, nullptr, f.optional->emplace(to), content);
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

const void* Field::get(const void* object) const {
  const void* p = ptr(object);
  if (rep == Rep::Value) return p;
  if (kind == Kind::Message) return static_cast<const BoxBase*>(p)->raw();
  return optional->get(const_cast<void*>(p));
}

void* Field::ensure(void* object) const {
  void* p = ptr(object);
  if (rep == Rep::Value) return p;
  if (kind != Kind::Message) return optional->emplace(p);
  auto* box = static_cast<BoxBase*>(p);
  if (!box->raw()) box->set_raw(message->create());
  return box->raw();
}

void Field::clear(void* object) const {
  void* p = ptr(object);
  switch (rep) {
    case Rep::Value:
      clear_value(kind, message, p);
      return;
    case Rep::List:
      list->resize(p, 0);
      return;
    case Rep::Map:
      map->clear(p);
      return;
    case Rep::Optional:
      break;
  }
  if (kind != Kind::Message) {
    optional->reset(p);
    return;
  }
  auto* box = static_cast<BoxBase*>(p);
  if (box->raw()) message->destroy(box->raw());
  box->set_raw(nullptr);
}

std::size_t Field::size(const void* object) const {
  if (rep == Rep::List) return list->size(ptr(object));
  if (rep == Rep::Map) return map->size(ptr(object));
  return 0;
}

void Field::erase_at(void* object, std::size_t i) const {
  void* v = ptr(object);
  const std::size_t n = list->size(v);
  for (; i + 1 < n; ++i) assign_value(kind, message, list->at(v, i), list->at(v, i + 1));
  list->resize(v, n - 1);
}

bool Field::is_empty(const void* object) const {
  switch (rep) {
    case Rep::List:
    case Rep::Map:
      return size(object) == 0;
    case Rep::Optional:
      return get(object) == nullptr;
    case Rep::Value:
      break;
  }
  const void* p = ptr(object);
  switch (kind) {
    case Kind::Bool:
      return !*static_cast<const bool*>(p);
    case Kind::Int32:
      return *static_cast<const int32_t*>(p) == 0;
    case Kind::Int64:
      return *static_cast<const int64_t*>(p) == 0;
    case Kind::Double:
      return *static_cast<const double*>(p) == 0;
    case Kind::String:
      return static_cast<const std::string*>(p)->empty();
    case Kind::Bytes:
      return static_cast<const Bytes*>(p)->empty();
    case Kind::Message:
      return message->form == Form::List && is_zero_value(kind, message, p);
    default:
      return false;  // structs in Go
  }
}

bool Field::omitted(const void* object) const {
  if (omitempty && is_empty(object)) return true;
  return omitzero && zero_field(*this, object);
}

const Field* Message::find(std::string_view json_name) const {
  auto it = std::lower_bound(by_name.begin(), by_name.end(), json_name,
                             [this](uint16_t i, std::string_view name) { return fields[i].name < name; });
  return it != by_name.end() && fields[*it].name == json_name ? &fields[*it] : nullptr;
}

const Field* Message::find_fold(std::string_view json_name) const {
  if (const Field* exact = find(json_name)) return exact;
  for (const Field& f : fields)
    if (std::equal(f.name.begin(), f.name.end(), json_name.begin(), json_name.end(),
                   [](char a, char b) { return lower(a) == lower(b); }))
      return &f;
  return nullptr;
}

const Field* Message::items() const { return list_meta_offset >= 0 ? find("items") : nullptr; }

std::size_t value_size(Kind kind, const Message* message) {
  if (kind == Kind::Message) return message->size;
  return with_scalar(kind, [](auto* t) { return sizeof(*t); });
}

// Every field once: the wire view does not repeat promoted ones.
void copy_fields(const Message& type, void* to, const void* from) {
  for (const WireField& f : type.wire)
    copy_field(f, static_cast<char*>(to) + f.offset, static_cast<const char*>(from) + f.offset);
}

bool equal(const Message& type, const void* a, const void* b) {
  if (a == b) return true;
  for (const Field& f : type.fields)
    if (!equal_field(f, a, b)) return false;
  return true;
}

bool equal_value(Kind kind, const Message* message, const void* a, const void* b) {
  if (kind == Kind::Message) return equal(*message, a, b);
  return with_scalar(kind, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    return *static_cast<const T*>(a) == *static_cast<const T*>(b);
  });
}

void assign_value(Kind kind, const Message* message, void* to, const void* from) {
  if (kind == Kind::Message) return message->assign(to, from);
  with_scalar(kind, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    *static_cast<T*>(to) = *static_cast<const T*>(from);
  });
}

void clear_value(Kind kind, const Message* message, void* value) {
  if (kind == Kind::Message) {
    for (const Field& f : message->fields) f.clear(value);
    return;
  }
  with_scalar(kind, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    *static_cast<T*>(value) = T();
  });
}

bool is_zero_value(Kind kind, const Message* message, const void* value) {
  if (kind == Kind::Message)
    return std::all_of(message->fields.begin(), message->fields.end(),
                       [&](const Field& f) { return zero_field(f, value); });
  return with_scalar(kind, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    return *static_cast<const T*>(value) == T();
  });
}

}  // namespace xebec::api
