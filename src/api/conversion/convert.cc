#include <algorithm>
#include <map>
#include <unordered_map>

#include "api/conversion.h"

namespace xebec::api {
namespace {

using Pair = std::pair<const Message*, const Message*>;

// nullptr: field by field.
const ConversionEntry* conversion_of(const Message& from, const Message& to) {
  static const std::map<Pair, const ConversionEntry*> index = [] {
    std::map<Pair, const ConversionEntry*> out;
    for (const ConversionEntry& entry : conversion_table()) out[{entry.from, entry.to}] = &entry;
    return out;
  }();
  auto it = index.find({&from, &to});
  return it == index.end() ? nullptr : it->second;
}

bool same_shape(const Message& a, const Message& b, std::map<Pair, bool>& known) {
  if (&a == &b) return true;
  auto [it, fresh] =
      known.try_emplace({&a, &b}, true);  // a type that contains itself is what its other parts say
  if (!fresh) return it->second;
  bool same = a.form == b.form && a.fields.size() == b.fields.size() && a.wire.size() == b.wire.size();
  for (size_t i = 0; same && i < a.wire.size(); ++i) {
    const WireField &x = a.wire[i], &y = b.wire[i];
    same = x.tag == y.tag && x.kind == y.kind && x.rep == y.rep &&
           (x.message == nullptr) == (y.message == nullptr) &&
           (x.message == nullptr || same_shape(*x.message, *y.message, known));
  }
  for (size_t i = 0; same && i < a.fields.size(); ++i) {
    const Field* other = b.find(a.fields[i].name);
    same = other != nullptr && other->number == a.fields[i].number;
  }
  return known[{&a, &b}] = same;
}

void convert_value(const Field& from, const void* source, const Field& to, void* target) {
  if (from.kind == Kind::Message) {
    convert_fields(*from.message, source, *to.message, target);
  } else {
    assign_value(from.kind, nullptr, target, source);
  }
}

void convert_list(const Field& from, const void* source, const Field& to, void* target) {
  const size_t n = from.size(source);
  to.list->resize(to.ptr(target), n);
  const size_t in = value_size(from.kind, from.message), out = value_size(to.kind, to.message);
  const auto* first = static_cast<const char*>(from.list->data(const_cast<void*>(from.ptr(source))));
  auto* into = static_cast<char*>(to.list->data(to.ptr(target)));
  for (size_t i = 0; i < n; ++i) convert_value(from, first + i * in, to, into + i * out);
}

void convert_map(const Field& from, const void* source, const Field& to, void* target) {
  for (size_t i = 0; i < from.size(source); ++i) {
    void* value = to.map->emplace(to.ptr(target), from.map->key(from.ptr(source), i));
    convert_value(from, from.map->value(const_cast<void*>(from.ptr(source)), i), to, value);
  }
}

bool stable(std::string_view version) {
  return version.size() > 1 && version[0] == 'v' &&
         std::all_of(version.begin() + 1, version.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A resource of the group that is stored and served by today's releases.
const Resource* current(const Scheme& scheme, std::string_view group, std::string_view plural) {
  for (const Resource* r : scheme.resources())
    if (r->group == group && r->plural == plural && r->stored() && !r->removed) return r;
  return nullptr;
}

}  // namespace

bool same_shape(const Message& a, const Message& b) {
  if (conversion_of(a, b) != nullptr) return false;
  std::map<Pair, bool> known;
  return same_shape(a, b, known);
}

void convert_fields(const Message& from, const void* source, const Message& to, void* target) {
  if (&from == &to) {
    to.assign(target, source);
    return;
  }
  for (const Field& field : from.fields) {
    const Field* other = to.find(field.name);
    if (other == nullptr || other->kind != field.kind) continue;
    const bool single = field.rep == Rep::Value || field.rep == Rep::Optional;
    if (single != (other->rep == Rep::Value || other->rep == Rep::Optional)) continue;
    if (single) {
      const void* value = field.get(source);
      if (value == nullptr || (field.rep != other->rep && field.is_empty(source))) continue;
      convert_value(field, value, *other, other->ensure(target));
    } else if (field.rep == other->rep) {
      (field.rep == Rep::List ? convert_list : convert_map)(field, source, *other, target);
    }
  }
}

Result<Object> convert(const Object& object, const Message& to) {
  if (&object.type() == &to) return object.clone();
  Object out(to);
  if (const ConversionEntry* entry = conversion_of(object.type(), to)) {
    TRY_VOID(entry->convert(object.data(), out.data()));
  } else {
    convert_fields(object.type(), object.data(), to, out.data());
  }
  return out;
}

Result<Object> convert(Object&& object, const Message& to) {
  if (&object.type() == &to) return std::move(object);
  return convert(static_cast<const Object&>(object), to);
}

const Resource* stored_resource(const Scheme& scheme, const Resource& resource) {
  const Resource* own = current(scheme, resource.group, resource.plural);
  const Resource& r = own != nullptr ? *own : resource;
  const bool stored = own != nullptr || !resource.storage_version.empty();
  if (!stored) return nullptr;
  if (r.storage_group != r.group)
    if (const Resource* other = current(scheme, r.storage_group, r.plural)) return other;
  return &r;
}

const Message* hub_message(const Scheme& scheme, const Resource& resource) {
  const Resource* stored = stored_resource(scheme, resource);
  if (stored == nullptr) return nullptr;
  const Message* storage = scheme.find(stored->storage_group, stored->storage_version, stored->kind);
  if (storage != nullptr && stable(stored->storage_version)) return storage;
  const Message* best = storage;
  std::string_view best_version;
  for (const Resource* r : scheme.resources()) {
    if (r->group != stored->group || r->plural != stored->plural || r->removed || !stable(r->version))
      continue;
    if (best_version.empty() || r->version > best_version) {
      best = r->message;
      best_version = r->version;
    }
  }
  return best != nullptr ? best : stored->message;
}

}  // namespace xebec::api
