// Every resource, with a small valid object of its kind, for tests that do the same with all of them.
// objects.json has a line a resource; other versions of it have the same object, converted:
//
//   "apps/v1/deployments": {"object": {...}, "status": {...}, "lingers": true}
//
// object: what is special about it; apiVersion, kind and, unless it says otherwise, metadata.name "walker"
// are
//   added here.
// status: what a status update sets, as a merge patch of the stored one.
// lingers: DELETE leaves it there, for its finalizers.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/conversion.h"
#include "api/scheme.h"
#include "apiserver/test_api.h"
#include "codec/json.h"
#include "codec/patch.h"

namespace xebec::apiserver::testing {

inline constexpr std::string_view kNamespace = "default";

// "v1/pods", "apps/v1/deployments".
inline std::string walk_key(const api::Resource& resource) {
  std::string group(resource.group);
  return (group.empty() ? "" : group + "/") + std::string(resource.version) + "/" +
         std::string(resource.plural);
}

inline const codec::Value& walk_objects() {
  static const codec::Value objects = [] {
    std::ifstream in(std::filesystem::path(XEBEC_SOURCE_DIR) / "src/apiserver/walk/objects.json");
    std::stringstream text;
    text << in.rdbuf();
    Result<codec::Value> parsed = codec::parse_json(text.str());
    return parsed ? std::move(*parsed) : codec::Value();
  }();
  return objects;
}

struct Walker {
  const api::Resource* resource = nullptr;
  codec::Value object;
  codec::Value status;  // null: nothing to set
  bool lingers = false;

  std::string name() const { return at(object, {"metadata", "name"}); }
  std::string api_version() const { return at(object, {"apiVersion"}); }
  std::string prefix() const { return (resource->group.empty() ? "/api/" : "/apis/") + api_version() + "/"; }
  // Where it is created and listed, and where it is listed over all namespaces.
  std::string collection() const { return prefix() + scope() + std::string(resource->plural); }
  std::string everywhere() const { return prefix() + std::string(resource->plural); }
  std::string item() const { return collection() + "/" + name(); }
  std::string body() const { return codec::to_json(object); }
  // "deployments.apps" and "Deployment.apps", as errors say it. Core events have their group's old name.
  std::string resource_name() const { return qualified(resource->plural); }
  std::string kind_name() const { return qualified(resource->kind); }

 private:
  std::string scope() const {
    return resource->namespaced ? "namespaces/" + std::string(kNamespace) + "/" : std::string();
  }
  // Events are one kind with two names: errors use that of the group they are stored in.
  std::string qualified(std::string_view word) const {
    const std::string_view group = resource->storage_group;
    return std::string(word) + (group.empty() ? "" : "." + std::string(group));
  }
};

// What upstream serves by default.
inline bool walks(const api::Resource& resource) { return resource.enabled_by_default && !resource.removed; }

inline const api::Scheme& walk_scheme() {
  static const api::Scheme scheme = api::Scheme::builtin();
  return scheme;
}

// The version whose line in objects.json stands for the resource: its own, or one of the same group or
// storage.
inline const api::Resource& described_as(const api::Resource& resource) {
  const auto known = [](const api::Resource& r) { return walk_objects().find(walk_key(r)) != nullptr; };
  if (known(resource)) return resource;
  const auto groups = {resource.group, resource.storage_group};
  for (std::string_view group : groups)
    for (const api::Resource* other : walk_scheme().resources())
      if (other->group == group && other->plural == resource.plural && known(*other)) return *other;
  return resource;
}

// An object of one version in the words of another, by way of the type that registries work on.
inline codec::Value in_version(const codec::Value& object, const api::Resource& from,
                               const api::Resource& to) {
  if (&from == &to) return object;
  Result<api::Object> typed = codec::decode_json(*from.message, codec::to_json(object));
  EXPECT_TRUE(typed) << walk_key(from);
  const api::Message* hub = api::hub_message(walk_scheme(), from);
  if (hub) typed = api::convert(std::move(*typed), *hub);
  typed = api::convert(std::move(*typed), *to.message);
  EXPECT_TRUE(typed) << walk_key(to);
  Result<codec::Value> out = codec::parse_json(codec::encode_json(*typed));
  return out ? std::move(*out) : codec::Value();
}

inline Walker walker_of(const api::Resource& resource) {
  Walker out;
  out.resource = &resource;
  const api::Resource& described = described_as(resource);
  const codec::Value* entry = walk_objects().find(walk_key(described));
  if (!entry) return out;
  if (const codec::Value* object = entry->find("object"))
    out.object = in_version(*object, described, resource);
  if (const codec::Value* status = entry->find("status")) out.status = *status;
  out.lingers = entry->find("lingers") != nullptr;
  const std::string group(resource.group);
  out.object.set_path({"apiVersion"}, (group.empty() ? "" : group + "/") + std::string(resource.version));
  out.object.set_path({"kind"}, resource.kind);
  // Reviews are asked for, not named.
  const bool named = resource.stored() || resource.plural == "bindings";
  if (named && !out.object.at_path({"metadata", "name"})) out.object.set_path({"metadata", "name"}, "walker");
  return out;
}

inline codec::Value with_patch(const codec::Value& value, const codec::Value& patch) {
  codec::Value out = value;
  codec::merge_patch(patch, out);
  return out;
}

inline codec::Value parsed(std::string_view json) {
  Result<codec::Value> value = codec::parse_json(json);
  EXPECT_TRUE(value) << json;
  return value ? std::move(*value) : codec::Value();
}

}  // namespace xebec::apiserver::testing
