// The catalog: which groups, versions and resources this server offers at the moment. Built-in ones come from
// the Scheme; custom resources and aggregated APIs are added and removed while it runs. Discovery and OpenAPI
// are made from its snapshots.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/scheme.h"

namespace xebec::apiserver {

struct CatalogSubresource {
  std::string name;
  std::string group, version, kind;  // of what it reads and writes
  std::vector<std::string> verbs;
};

struct CatalogResource {
  std::string name, singular, kind;
  bool namespaced = false;
  std::vector<std::string> verbs, short_names, categories;
  std::string storage_version_hash;
  std::vector<CatalogSubresource> subresources;
  const api::Resource* builtin = nullptr;  // its table; nullptr for custom and aggregated resources
};

struct CatalogVersion {
  std::string version;
  std::vector<CatalogResource> resources;  // by name
  bool stale = false;                      // an aggregated API that could not be asked lately
};

struct CatalogGroup {
  std::string name;
  std::vector<CatalogVersion> versions;  // preferred first
};

using CatalogSnapshot = std::vector<CatalogGroup>;

// Thread-safe.
class Catalog {
 public:
  // The built-in resources that `served` accepts.
  Catalog(const api::Scheme& scheme, const std::function<bool(const api::Resource&)>& served);

  // Never changes; a new one replaces it.
  std::shared_ptr<const CatalogSnapshot> snapshot() const;
  // Adds a group at the end, or replaces the one of that name.
  void set_group(CatalogGroup group);
  void remove_group(std::string_view name);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;
};

const CatalogGroup* find_group(const CatalogSnapshot& snapshot, std::string_view name);
const CatalogVersion* find_version(const CatalogGroup& group, std::string_view version);
// "v1" or "apps/v1".
std::string api_version(std::string_view group, std::string_view version);

}  // namespace xebec::apiserver
