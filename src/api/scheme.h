// Scheme: which kinds and resources there are, and how they relate. Built once from the generated tables
// (api/*.proto and api/resources.json), immutable, safe to share between threads; pass it by reference.
// Custom resources are not in it: they live in the API server's dynamic tables.
#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/descriptor.h"
#include "api/gvk.h"

namespace xebec::api {

// A column of `kubectl get`, as the server prints it.
struct PrinterColumn {
  std::string_view name;
  std::string_view type;
  std::string_view format;
  int32_t priority;
  std::string_view
      source;  // "Struct.field" the cell shows when it is a plain field; empty: computed (kubectl.md)
};

struct Subresource {
  std::string_view name;  // "status"
  TypeName kind;          // what it reads and writes, e.g. autoscaling/v1 Scale
  std::span<const std::string_view> verbs;
};

struct Resource {
  std::string_view group, version, kind;
  std::string_view plural, singular;
  std::span<const std::string_view> short_names;
  std::span<const std::string_view> categories;
  bool namespaced;
  bool enabled_by_default;
  bool removed;          // no longer in upstream 1.36: still served, last in discovery, with a Warning
  bool default_columns;  // Name and Created At
  std::span<const std::string_view> verbs;
  std::span<const Subresource> subresources;
  std::span<const PrinterColumn> columns;
  std::string_view storage_version_hash;
  // Where it is stored; empty path for resources that are never stored (reviews, bindings).
  std::string_view storage_group, storage_version;
  std::string_view etcd_path;                      // "/registry/pods/{namespace}/{name}"
  std::string_view introduced, removed_in, since;  // Kubernetes releases, "1.21"; may be empty
  const Message* message;                          // the type of one object
  const Message* list_message;                     // its List kind; nullptr when there is none

  bool has_verb(std::string_view verb) const;
  const Subresource* subresource(std::string_view name) const;
  // The part of etcd_path before the placeholders, with the trailing slash: "/registry/pods/".
  std::string_view etcd_prefix() const;
  bool stored() const { return !etcd_path.empty(); }
};

// A group of the discovery document, in upstream's order; versions newest first, removed ones last.
struct ApiGroup {
  std::string_view name;
  std::string_view preferred_version;
  std::span<const std::string_view> versions;          // served by upstream 1.36 (enabled or not)
  std::span<const std::string_view> removed_versions;  // served by us in addition
};

class Scheme {
 public:
  // All kinds of this build.
  static Scheme builtin();

  // nullptr when unknown. Kinds that every group version has (DeleteOptions, WatchEvent, ...) are found in
  // any.
  const Message* find(std::string_view group, std::string_view version, std::string_view kind) const;
  const Message* find(const GroupVersionKind& gvk) const { return find(gvk.group, gvk.version, gvk.kind); }
  // By protobuf full name, "k8s.io.api.core.v1.Pod".
  const Message* find_message(std::string_view full_name) const;
  // Every message, parts included, in a stable order.
  std::span<const Message* const> messages() const;

  const Resource* resource(std::string_view group, std::string_view version, std::string_view plural) const;
  const Resource* resource(const GroupVersionResource& gvr) const {
    return resource(gvr.group, gvr.version, gvr.resource);
  }
  // The resource that serves a kind.
  const Resource* resource_of_kind(std::string_view group, std::string_view version,
                                   std::string_view kind) const;
  // All resources in discovery order: by group order, version order, then name.
  std::span<const Resource* const> resources() const { return resources_; }
  std::span<const ApiGroup> groups() const;
  const ApiGroup* group(std::string_view name) const;
  // The version objects of the resource are written to storage in: its table; nullptr when never stored.
  const Message* storage_message(const Resource& resource) const;

 private:
  Scheme() = default;
  std::unordered_map<std::string_view, const Message*> by_name_;
  std::unordered_map<std::string, const Message*> by_kind_;
  std::unordered_map<std::string, const Resource*> by_plural_;
  std::unordered_map<std::string, const Resource*> by_resource_kind_;
  std::vector<const Resource*> resources_;
};

}  // namespace xebec::api
