#include "codec/scale_fields.h"

#include "codec/managers.h"

namespace xebec::codec {
namespace {

Path replicas_path() { return field_path({"spec", "replicas"}); }

FieldSet replicas() {
  FieldSet set;
  set.insert(replicas_path());
  return set;
}

}  // namespace

Result<ManagedFieldsList> scale_entries(const ManagedFieldsList& scaled, const HasReplicas& has_replicas) {
  TRY(Managers managers, decode_managers(scaled));
  Managers owners;
  for (auto& [id, manager] : managers) {
    if (!has_replicas(manager.api_version) || !manager.set.has(replicas_path())) continue;
    manager.set = replicas();
    manager.api_version = kScaleVersion;
    owners.emplace(id, std::move(manager));
  }
  return encode_managers(owners);
}

Result<ManagedFieldsList> scaled_entries(const ManagedFieldsList& scaled, const ManagedFieldsList& scale,
                                         std::string_view api_version, const HasReplicas& has_replicas) {
  TRY(const Managers before, decode_managers(scaled));
  TRY(Managers owners, decode_managers(scale));
  Managers after;
  for (const auto& [id, manager] : before) {
    if (!has_replicas(manager.api_version)) continue;
    ManagerSet kept = manager;
    if (manager.set.has(replicas_path()) && owners.erase(id) == 0) {
      kept.set = manager.set.difference(replicas());
      if (kept.set.empty()) continue;
    }
    after.emplace(id, std::move(kept));
  }
  for (auto& [id, manager] : owners) {
    if (!manager.set.has(replicas_path())) continue;
    manager.set = replicas();
    manager.api_version = api_version;
    const auto known = before.find(id);
    manager.time = known == before.end() ? std::nullopt : known->second.time;
    after.insert_or_assign(id, std::move(manager));
  }
  return encode_managers(after);
}

}  // namespace xebec::codec
