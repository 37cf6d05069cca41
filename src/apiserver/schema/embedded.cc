#include "apiserver/schema/embedded.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/gen/metav1.h"
#include "apiserver/validation/object_meta.h"
#include "codec/json.h"

namespace xebec::apiserver::schema {
namespace {

using codec::Value;
using field::Errors;
using field::Path;

// The parts of a map or list that have a schema.
template <class V, class F>
void each_part(const Path& path, V& value, const Schema& schema, const F& visit) {
  if (auto* map = value.as_map()) {
    for (auto& [key, member] : *map) {
      if (const Schema* property = schema.properties.get(key))
        visit(path.child(key), member, *property);
      else if (const Schema* values = values_of(schema))
        visit(path.key(key), member, *values);
    }
  } else if (auto* list = value.as_list()) {
    const Schema* items = items_of(schema);
    for (size_t i = 0; items != nullptr && i < list->size(); ++i) visit(path.index(i), (*list)[i], *items);
  }
}

Result<metav1::ObjectMeta> read_meta(const Value& value) {
  metav1::ObjectMeta meta;
  TRY_VOID(codec::decode_json(api::type_of<metav1::ObjectMeta>(), codec::to_json(value), &meta));
  return meta;
}

std::optional<field::Error> coerce_own(const Path& path, codec::ValueMap& map) {
  for (std::string_view key : {"apiVersion", "kind"}) {
    const Value* value = map.find(key);
    if (value != nullptr && !value->is_string())
      return field::invalid(path.child(key), shown(*value), "must be a string");
  }
  Value* value = map.find("metadata");
  if (value == nullptr) return std::nullopt;
  const Result<metav1::ObjectMeta> meta = read_meta(*value);
  if (!meta) return field::invalid(path.child("metadata"), shown(*value), meta.error().message);
  std::string text;
  codec::append_json(api::type_of<metav1::ObjectMeta>(), &*meta, "", "", text);
  if (Result<Value> written = codec::parse_json(text)) {
    if (const Value* created = written->find("creationTimestamp"); created != nullptr && created->is_null())
      written->as_map()->erase("creationTimestamp");
    *value = std::move(*written);
  }
  return std::nullopt;
}

void check_type(Errors& errors, const Path& path, std::string_view key, const codec::ValueMap& map) {
  const Path at = path.child(key);
  const Value* value = map.find(key);
  if (value == nullptr) return void(errors.push_back(field::required(at)));
  const std::string* text = value->as_string();
  if (text == nullptr) return void(errors.push_back(field::invalid(at, shown(*value), "must be a string")));
  if (text->empty()) return void(errors.push_back(field::required(at)));
  if (key == "apiVersion") {
    if (std::ranges::count(*text, '/') > 1)
      errors.push_back(field::invalid_string(at, *text, "unexpected GroupVersion string: " + *text));
    return;
  }
  std::string lower = *text;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (const api::Messages wrong = api::is_dns1035_label(lower); !wrong.empty()) {
    errors.push_back(field::invalid_string(
        at, *text,
        fmt::format("may have mixed case, but should otherwise match: {}", fmt::join(wrong, ","))));
  }
}

void check_own(Errors& errors, const Path& path, const codec::ValueMap& map) {
  check_type(errors, path, "apiVersion", map);
  check_type(errors, path, "kind", map);
  const Value* value = map.find("metadata");
  if (value == nullptr) return;
  Result<metav1::ObjectMeta> meta = read_meta(*value);
  if (!meta) {
    errors.push_back(field::invalid(path.child("metadata"), shown(*value), meta.error().message));
    return;
  }
  if (meta->name.empty()) meta->name = "fakename";  // it need not have a name
  field::append(errors, validation::validate_object_meta(*meta, !meta->namespace_.empty(),
                                                         api::name_is_path_segment, path.child("metadata")));
}

}  // namespace

std::optional<field::Error> coerce_embedded(const Path& path, Value& value, const Schema& schema,
                                            bool resource) {
  std::optional<field::Error> wrong;
  if (codec::ValueMap* map = value.as_map();
      map != nullptr && (resource || schema.xKubernetesEmbeddedResource))
    wrong = coerce_own(path, *map);
  each_part(path, value, schema, [&](const Path& at, Value& part, const Schema& inner) {
    if (!wrong) wrong = coerce_embedded(at, part, inner, false);
  });
  return wrong;
}

Errors validate_embedded(const Path& path, const Value& value, const Schema& schema, bool resource) {
  Errors errors;
  if (const codec::ValueMap* map = value.as_map();
      map != nullptr && (resource || schema.xKubernetesEmbeddedResource))
    check_own(errors, path, *map);
  each_part(path, value, schema, [&](const Path& at, const Value& part, const Schema& inner) {
    field::append(errors, validate_embedded(at, part, inner, false));
  });
  return errors;
}

}  // namespace xebec::apiserver::schema
