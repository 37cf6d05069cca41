#include "apiserver/discovery/catalog.h"

#include <algorithm>

namespace xebec::apiserver {
namespace {

template <class Range>
std::vector<std::string> strings(const Range& from) {
  return {from.begin(), from.end()};
}

CatalogResource describe(const api::Resource& resource) {
  CatalogResource out;
  out.name = resource.plural;
  out.singular = resource.singular;
  out.kind = resource.kind;
  out.namespaced = resource.namespaced;
  out.verbs = strings(resource.verbs);
  out.short_names = strings(resource.short_names);
  out.categories = strings(resource.categories);
  out.storage_version_hash = resource.storage_version_hash;
  out.builtin = &resource;
  for (const api::Subresource& subresource : resource.subresources) {
    CatalogSubresource& sub = out.subresources.emplace_back();
    sub.name = subresource.name;
    sub.group = subresource.kind.group;
    sub.version = subresource.kind.version;
    sub.kind = subresource.kind.kind;
    sub.verbs = strings(subresource.verbs);
  }
  return out;
}

}  // namespace

Catalog::Catalog(const api::Scheme& scheme, const std::function<bool(const api::Resource&)>& served) {
  auto snapshot = std::make_shared<CatalogSnapshot>();
  for (const api::ApiGroup& group : scheme.groups()) {
    CatalogGroup out;
    out.name = group.name;
    auto add = [&](std::string_view version) {
      CatalogVersion v;
      v.version = version;
      for (const api::Resource* resource : scheme.resources()) {
        if (resource->group == group.name && resource->version == version && served(*resource)) {
          v.resources.push_back(describe(*resource));
        }
      }
      if (!v.resources.empty()) out.versions.push_back(std::move(v));
    };
    for (std::string_view version : group.versions) add(version);
    for (std::string_view version : group.removed_versions) add(version);
    if (!out.versions.empty()) snapshot->push_back(std::move(out));
  }
  snapshot_ = std::move(snapshot);
}

std::shared_ptr<const CatalogSnapshot> Catalog::snapshot() const {
  std::lock_guard lock(mutex_);
  return snapshot_;
}

void Catalog::set_group(CatalogGroup group) {
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<CatalogSnapshot>(*snapshot_);
  auto it = std::ranges::find(*next, group.name, &CatalogGroup::name);
  if (it == next->end()) {
    next->push_back(std::move(group));
  } else {
    *it = std::move(group);
  }
  snapshot_ = std::move(next);
}

void Catalog::remove_group(std::string_view name) {
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<CatalogSnapshot>(*snapshot_);
  std::erase_if(*next, [&](const CatalogGroup& group) { return group.name == name; });
  snapshot_ = std::move(next);
}

const CatalogGroup* find_group(const CatalogSnapshot& snapshot, std::string_view name) {
  auto it = std::ranges::find(snapshot, name, &CatalogGroup::name);
  return it == snapshot.end() ? nullptr : &*it;
}

const CatalogVersion* find_version(const CatalogGroup& group, std::string_view version) {
  auto it = std::ranges::find(group.versions, version, &CatalogVersion::version);
  return it == group.versions.end() ? nullptr : &*it;
}

std::string api_version(std::string_view group, std::string_view version) {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

}  // namespace xebec::apiserver
