#include "apiserver/schema/prune.h"

#include <string>
#include <vector>

namespace xebec::apiserver::schema {
namespace {

bool is_meta(std::string_view key) { return key == "apiVersion" || key == "kind" || key == "metadata"; }

// Without a schema nothing is known.
void prune_part(codec::Value& value, const Schema* schema, bool resource);

void prune_members(codec::ValueMap& map, const Schema& schema, bool resource, bool keep) {
  resource = resource || schema.xKubernetesEmbeddedResource;
  std::vector<std::string> unknown;
  for (auto& [key, value] : map) {
    if (resource && is_meta(key)) continue;
    if (const Schema* property = schema.properties.get(key))
      prune_part(value, property, false);
    else if (schema.additionalProperties)
      prune_part(value, values_of(schema), false);
    else if (!keep)
      unknown.push_back(key);
  }
  for (const std::string& key : unknown) map.erase(key);
}

// Everything stays, but for what properties say further down.
void keep_part(codec::Value& value, const Schema* schema, bool resource) {
  if (schema == nullptr) return;
  if (codec::ValueMap* map = value.as_map()) return prune_members(*map, *schema, resource, true);
  if (codec::ValueList* list = value.as_list())
    for (codec::Value& item : *list) keep_part(item, items_of(*schema), false);
}

void prune_part(codec::Value& value, const Schema* schema, bool resource) {
  if (schema != nullptr && keeps_unknown(*schema)) return keep_part(value, schema, resource);
  if (codec::ValueMap* map = value.as_map()) {
    if (schema == nullptr)
      map->clear();
    else
      prune_members(*map, *schema, resource, false);
  } else if (codec::ValueList* list = value.as_list()) {
    for (codec::Value& item : *list) prune_part(item, schema != nullptr ? items_of(*schema) : nullptr, false);
  }
}

}  // namespace

void prune(codec::Value& value, const Schema& schema, bool resource) { prune_part(value, &schema, resource); }

}  // namespace xebec::apiserver::schema
