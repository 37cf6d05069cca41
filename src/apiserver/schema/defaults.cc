#include "apiserver/schema/defaults.h"

#include <optional>
#include <string>
#include <vector>

#include "apiserver/schema/embedded.h"
#include "apiserver/schema/prune.h"
#include "codec/json.h"

namespace xebec::apiserver::schema {
namespace {

using codec::Value;
using field::Errors;
using field::Path;

// null is no default.
std::optional<Value> default_of(const Schema& schema) {
  if (!schema.default_ || schema.default_->raw.empty()) return std::nullopt;
  Result<Value> value = codec::parse_json(schema.default_->raw);
  if (!value || value->is_null()) return std::nullopt;
  return std::move(*value);
}

bool is_pruned(const Value& value, const Schema& schema, bool resource) {
  Value rest = value;
  prune(rest, schema, resource);
  return rest == value;
}

// Where a schema stands within the next object around it: names, and nullopt for the items of a list.
using Place = std::vector<std::optional<std::string>>;

// An object that has nothing but the value.
Value object_around(Value value, const Place& place) {
  for (size_t i = place.size(); i-- > 0;) {
    Value outer;
    if (place[i])
      outer[*place[i]] = std::move(value);
    else
      outer.make_list().push_back(std::move(value));
    value = std::move(outer);
  }
  codec::ValueMap& object = value.make_map();
  if (!object.contains("kind")) object.set("kind", "Validation");
  if (!object.contains("apiVersion")) object.set("apiVersion", "validation/v1");
  return value;
}

std::string text_of(const field::Error& error) {
  return error.field.empty() ? error.body : error.field + ": " + error.body;
}

std::string text_of(const Errors& errors) {
  if (errors.size() == 1) return text_of(errors[0]);
  std::string out = "[";
  for (const field::Error& error : errors) out += (out.size() == 1 ? "" : ", ") + text_of(error);
  return out + "]";
}

class Defaults {
 public:
  explicit Defaults(bool pruned) : pruned_(pruned) {}

  // `root`: the schema of the object around; `in_meta`: of what every object has.
  void check(const Path& path, const Schema& schema, const Schema& root, Place place, bool in_meta,
             bool resource) {
    const bool object = resource || schema.xKubernetesEmbeddedResource;
    const Schema& own_root = object ? schema : root;
    if (object) {
      in_meta = false;
      place.clear();
    }
    if (std::optional<Value> value = default_of(schema)) {
      if (in_meta)
        check_in_meta(path.child("default"), *value, schema, own_root, place);
      else
        check_value(path.child("default"), *value, schema, object);
    }
    if (const Schema* items = items_of(schema)) {
      Place inner = place;
      inner.emplace_back();
      check(path.child("items"), *items, own_root, std::move(inner), in_meta, false);
    }
    for (const auto& [name, property] : schema.properties) {
      Place inner = place;
      inner.emplace_back(name);
      const bool meta = object && (name == "metadata" || name == "apiVersion" || name == "kind");
      check(path.child("properties").key(name), property, own_root, std::move(inner), in_meta || meta, false);
    }
  }

  Errors errors;

 private:
  void check_in_meta(const Path& path, const Value& value, const Schema& schema, const Schema& root,
                     const Place& place) {
    Value object = object_around(value, place);
    const auto refuse = [&](const std::string& why) {
      errors.push_back(field::invalid(path, shown(value), "must result in valid metadata: " + why));
    };
    if (const auto wrong = coerce_embedded(Path(), object, root, true)) return refuse(text_of(*wrong));
    const Errors wrong = validate_embedded(Path(), object, root, true);
    if (!wrong.empty()) return refuse(text_of(wrong));
    field::append(errors, validate_value(path, value, schema));
  }

  void check_value(const Path& path, Value& value, const Schema& schema, bool object) {
    if (pruned_ && !is_pruned(value, schema, object))
      errors.push_back(field::invalid(path, shown(value), "must not have unknown fields"));
    if (auto wrong = coerce_embedded(path, value, schema, object))
      return void(errors.push_back(std::move(*wrong)));
    Errors wrong = validate_embedded(path, value, schema, object);
    if (wrong.empty()) wrong = validate_value(path, value, schema);
    field::append(errors, std::move(wrong));
  }

  bool pruned_;
};

}  // namespace

Errors check_defaults(const Path& path, const Schema& schema, bool pruned) {
  Defaults defaults(pruned);
  defaults.check(path, schema, schema, {}, false, true);
  return std::move(defaults.errors);
}

bool has_unpruned_defaults(const Schema& schema) {
  const std::optional<Value> value = default_of(schema);
  if (value && !is_pruned(*value, schema, false)) return true;
  const Schema* items = items_of(schema);
  if (items != nullptr && has_unpruned_defaults(*items)) return true;
  for (const auto& [name, property] : schema.properties)
    if (has_unpruned_defaults(property)) return true;
  return false;
}

}  // namespace xebec::apiserver::schema
