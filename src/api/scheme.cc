#include "api/scheme.h"

#include <algorithm>
#include <map>
#include <string>

#include "api/scheme_tables.h"

namespace xebec::api {
namespace {

std::string key(std::string_view a, std::string_view b, std::string_view c) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size() + 2);
  return out.append(a).append("/").append(b).append("/").append(c);
}

// Positions of every group version in discovery, removed versions after all others of their group.
std::map<std::pair<std::string_view, std::string_view>, int> discovery_order() {
  std::map<std::pair<std::string_view, std::string_view>, int> order;
  int next = 0;
  for (const ApiGroup& g : tables::groups()) {
    for (std::string_view v : g.versions) order.try_emplace({g.name, v}, next++);
    for (std::string_view v : g.removed_versions) order.try_emplace({g.name, v}, next++);
  }
  return order;
}

}  // namespace

bool Resource::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

const Subresource* Resource::subresource(std::string_view name) const {
  for (const Subresource& s : subresources)
    if (s.name == name) return &s;
  return nullptr;
}

std::string_view Resource::etcd_prefix() const { return etcd_path.substr(0, etcd_path.find('{')); }

Scheme Scheme::builtin() {
  Scheme s;
  for (const Message* m : tables::messages()) {
    s.by_name_.emplace(m->full_name, m);
    for (const TypeName& k : m->kinds) {
      s.by_kind_.emplace(key(k.group, k.version, k.kind), m);
      if (m->any_group) s.by_kind_.emplace(key("*", "*", k.kind), m);
    }
  }
  for (const Resource& r : tables::resources()) {
    s.by_plural_.emplace(key(r.group, r.version, r.plural), &r);
    s.by_resource_kind_.emplace(key(r.group, r.version, r.kind), &r);
    s.resources_.push_back(&r);
  }
  const auto order = discovery_order();
  auto rank = [&](const Resource* r) {
    auto it = order.find({r->group, r->version});
    return std::pair(it == order.end() ? static_cast<int>(order.size()) : it->second, r->plural);
  };
  std::sort(s.resources_.begin(), s.resources_.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
  return s;
}

const Message* Scheme::find(std::string_view group, std::string_view version, std::string_view kind) const {
  if (auto it = by_kind_.find(key(group, version, kind)); it != by_kind_.end()) return it->second;
  auto it = by_kind_.find(key("*", "*", kind));
  return it == by_kind_.end() ? nullptr : it->second;
}

const Message* Scheme::find_message(std::string_view full_name) const {
  auto it = by_name_.find(full_name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::span<const Message* const> Scheme::messages() const { return tables::messages(); }

const Resource* Scheme::resource(std::string_view group, std::string_view version,
                                 std::string_view plural) const {
  auto it = by_plural_.find(key(group, version, plural));
  return it == by_plural_.end() ? nullptr : it->second;
}

const Resource* Scheme::resource_of_kind(std::string_view group, std::string_view version,
                                         std::string_view kind) const {
  auto it = by_resource_kind_.find(key(group, version, kind));
  return it == by_resource_kind_.end() ? nullptr : it->second;
}

std::span<const ApiGroup> Scheme::groups() const { return tables::groups(); }

const ApiGroup* Scheme::group(std::string_view name) const {
  for (const ApiGroup& g : tables::groups())
    if (g.name == name) return &g;
  return nullptr;
}

const Message* Scheme::storage_message(const Resource& resource) const {
  if (!resource.stored()) return nullptr;
  return find(resource.storage_group, resource.storage_version, resource.kind);
}

}  // namespace xebec::api
