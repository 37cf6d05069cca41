#include "codec/managed_fields.h"

#include <algorithm>

#include "base/go_quote.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/managers.h"

namespace xebec::codec {
namespace {

constexpr std::size_t kMaxUpdateManagers = 10;
constexpr std::string_view kOldUpdates = "ancient-changes";
constexpr std::string_view kSelf = "current-operation";

FieldSet stripped_fields() {
  FieldSet set;
  for (std::string_view name : {"apiVersion", "kind", "metadata"}) set.insert(field_path({name}));
  for (std::string_view name : {"clusterName", "creationTimestamp", "generation", "managedFields", "name",
                                "namespace", "resourceVersion", "selfLink", "uid"}) {
    set.insert(field_path({"metadata", name}));
  }
  return set;
}

int64_t seconds(const std::optional<api::Time>& time) { return time ? time->unix_seconds() : 0; }

// Merges the oldest updates of a version into one entry until there are few enough.
void cap_managers(Managers& managers) {
  std::vector<std::string> updaters;
  for (const auto& [id, m] : managers) {
    if (!m.applied) updaters.push_back(id);
  }
  if (updaters.size() <= kMaxUpdateManagers) return;
  std::sort(updaters.begin(), updaters.end(), [&](const std::string& a, const std::string& b) {
    int64_t ta = seconds(managers.at(a).time), tb = seconds(managers.at(b).time);
    return ta != tb ? ta < tb : a < b;
  });
  std::map<std::string, std::string> first_of_version;
  std::size_t count = updaters.size();
  for (const std::string& id : updaters) {
    if (count <= kMaxUpdateManagers) break;
    ManagerSet current = managers.at(id);
    auto [first, fresh] = first_of_version.emplace(current.api_version, id);
    if (fresh) continue;
    std::string bucket = manager_id(kOldUpdates, false, current.api_version, "");
    if (!managers.contains(bucket)) {
      ManagerSet moved = std::move(managers.at(first->second));
      managers.erase(first->second);
      moved.manager = kOldUpdates;
      moved.subresource.clear();
      managers.emplace(bucket, std::move(moved));
    }
    ManagerSet& into = managers.at(bucket);
    into.set = current.set.union_with(into.set);
    into.time = current.time;
    if (id != bucket) managers.erase(id);
    --count;
  }
}

bool is_reset(const ManagedFieldsList& entries) {
  return entries.size() == 1 &&
         api::is_zero_value(api::Kind::Message, &api::type_of<metav1::ManagedFieldsEntry>(), &entries[0]);
}

Managers starting_point(const FieldWrite& write, const FieldUpdate& update) {
  if (write.subresource.empty()) {
    if (is_reset(update.sent_entries)) return {};
    if (Result<Managers> sent = decode_managers(update.sent_entries); sent && !sent->empty())
      return *std::move(sent);
  }
  Result<Managers> live = decode_managers(update.live_entries);
  return live ? *std::move(live) : Managers();
}

}  // namespace

std::string manager_id(std::string_view manager, bool applied, std::string_view api_version,
                       std::string_view subresource) {
  std::string id;
  TextOut out(id);
  char before = '{';
  auto member = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.put(std::exchange(before, ','));
    write_json_string(name, out);
    out.put(':');
    write_json_string(value, out);
  };
  member("manager", manager);
  member("operation", applied ? "Apply" : "Update");
  member("apiVersion", applied ? "" : api_version);
  member("subresource", subresource);
  out.put('}');
  out.finish();
  return id;
}

Result<Managers> decode_managers(const ManagedFieldsList& entries) {
  auto wrong = [](std::string why) { return fail(errors::internal(why)); };
  Managers managers;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const metav1::ManagedFieldsEntry& entry = entries[i];
    if (entry.operation != "Apply" && entry.operation != "Update")
      return wrong("operation must be `Apply` or `Update`");
    if (entry.apiVersion.empty()) return wrong("apiVersion must not be empty");
    if (entry.fieldsType.empty())
      return wrong("missing fieldsType in managed fields entry " + std::to_string(i));
    if (entry.fieldsType != "FieldsV1") {
      return wrong("invalid fieldsType " + go_quote(entry.fieldsType) + " in managed fields entry " +
                   std::to_string(i));
    }
    ManagerSet m{.manager = entry.manager,
                 .subresource = entry.subresource,
                 .api_version = entry.apiVersion,
                 .applied = entry.operation == "Apply",
                 .time = entry.time,
                 .set = {}};
    if (entry.fieldsV1 && !entry.fieldsV1->raw.empty()) {
      TRY(m.set, FieldSet::parse(entry.fieldsV1->raw));
    }
    std::string id = manager_id(m.manager, m.applied, m.api_version, m.subresource);
    managers.insert_or_assign(std::move(id), std::move(m));
  }
  return managers;
}

ManagedFieldsList encode_managers(const Managers& managers) {
  ManagedFieldsList entries;
  for (const auto& [id, m] : managers) {
    metav1::ManagedFieldsEntry& entry = entries.emplace_back();
    entry.manager = m.manager;
    entry.operation = m.applied ? "Apply" : "Update";
    entry.apiVersion = m.api_version;
    entry.time = m.time;
    entry.fieldsType = "FieldsV1";
    entry.fieldsV1.emplace(m.set.serialize());
    entry.subresource = m.subresource;
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::tuple(std::string_view(a.operation), seconds(a.time), std::string_view(a.manager),
                      std::string_view(a.apiVersion), std::string_view(a.subresource)) <
           std::tuple(std::string_view(b.operation), seconds(b.time), std::string_view(b.manager),
                      std::string_view(b.apiVersion), std::string_view(b.subresource));
  });
  return entries;
}

void strip_meta(Managers& managers, const std::string& id) {
  auto it = managers.find(id);
  if (it == managers.end()) return;
  it->second.set = it->second.set.difference(stripped_fields());
  if (it->second.set.empty()) managers.erase(it);
}

Result<Comparison> steal_fields(const StealRequest& request, Managers& managers) {
  const FieldWrite& write = request.write;
  TRY(Comparison own, compare_fields(write.type, request.live, request.updated));
  if (write.filter) own = own.filtered(*write.filter);
  std::map<std::string, Comparison> by_version;
  std::vector<std::string> unknown;
  std::vector<std::pair<std::string, FieldSet>> conflicts;
  std::vector<std::pair<std::string, const Comparison*>> changed;
  for (const auto& [id, m] : managers) {
    if (id == request.self) continue;
    const Comparison* comparison = &own;
    if (m.api_version != write.api_version && write.versions) {
      auto it = by_version.find(m.api_version);
      if (it == by_version.end()) {
        auto live = write.versions->convert(to_value(request.live), write.api_version, m.api_version);
        auto updated = write.versions->convert(to_value(request.updated), write.api_version, m.api_version);
        if (!live || !updated) {
          unknown.push_back(id);
          continue;
        }
        TRY(Comparison other,
            compare_fields(write.versions->type(m.api_version), View(*live), View(*updated)));
        if (write.filter) other = other.filtered(*write.filter);
        it = by_version.emplace(m.api_version, std::move(other)).first;
      }
      comparison = &it->second;
    }
    FieldSet conflict = m.set.intersection(comparison->modified.union_with(comparison->added));
    if (!conflict.empty()) conflicts.emplace_back(id, std::move(conflict));
    if (!comparison->removed.empty()) changed.emplace_back(id, comparison);
  }
  if (!request.force && !conflicts.empty()) {
    Status status(409, reason::kConflict, "");
    std::size_t count = 0;
    std::string lines;
    for (const auto& [id, set] : conflicts) {
      const ManagerSet& m = managers.at(id);
      std::string who = go_quote(m.manager);
      if (!m.subresource.empty()) who += " with subresource " + go_quote(m.subresource);
      if (!m.applied) who += " using " + m.api_version;
      lines += (lines.empty() ? "conflicts with " : "\nconflicts with ") + who + ":";
      for (const Path& path : set.paths()) {
        ++count;
        std::string where = path_string(path);
        lines += "\n- " + where;
        status.message = "Apply failed with 1 conflict: conflict with " + who + ": " + where;
        status.details.causes.push_back(
            {.reason = "FieldManagerConflict", .message = "conflict with " + who, .field = where});
      }
    }
    if (count > 1) status.message = "Apply failed with " + std::to_string(count) + " conflicts: " + lines;
    return fail(std::move(status));
  }
  for (const auto& [id, set] : conflicts) managers.at(id).set = managers.at(id).set.difference(set);
  for (const auto& [id, comparison] : changed)
    managers.at(id).set = managers.at(id).set.difference(comparison->removed);
  for (const std::string& id : unknown) managers.erase(id);
  std::erase_if(managers, [&](const auto& m) { return m.first != request.self && m.second.set.empty(); });
  return own;
}

Result<void> record_update(const FieldWrite& write, const View& live, const View& updated,
                           Managers& managers) {
  // Under a name of its own first: the manager's entry and its time change only if this write changed
  // something.
  std::string self(kSelf);
  StealRequest request{.write = write, .live = live, .updated = updated, .self = self, .force = true};
  TRY(Comparison comparison, steal_fields(request, managers));
  FieldSet set = comparison.modified.union_with(comparison.added);
  if (set.empty()) return {};
  managers.emplace(self, ManagerSet{.manager = write.manager,
                                    .subresource = write.subresource,
                                    .api_version = write.api_version,
                                    .applied = false,
                                    .time = {},
                                    .set = std::move(set)});
  strip_meta(managers, self);
  auto it = managers.find(self);
  if (it == managers.end()) return {};
  ManagerSet current = std::move(it->second);
  managers.erase(it);
  std::string id = manager_id(write.manager, false, write.api_version, write.subresource);
  if (auto previous = managers.find(id); previous != managers.end())
    current.set = current.set.union_with(previous->second.set);
  current.time = write.now;
  managers.insert_or_assign(id, std::move(current));
  return {};
}

Result<ManagedFieldsList> update_managed_fields(const FieldWrite& write, const FieldUpdate& update) {
  Managers managers = starting_point(write, update);
  // Objects that nobody's entries came with are not tracked from the middle of their life.
  if (managers.empty() && !update.create) return ManagedFieldsList();
  TRY_VOID(record_update(write, update.live, update.updated, managers));
  cap_managers(managers);
  return encode_managers(managers);
}

bool same_but_time(const ManagedFieldsList& a, const ManagedFieldsList& b) {
  auto key = [](const metav1::ManagedFieldsEntry& e) {
    return std::tuple(std::string_view(e.manager), std::string_view(e.operation),
                      std::string_view(e.apiVersion), std::string_view(e.subresource),
                      std::string_view(e.fieldsType),
                      e.fieldsV1 ? std::string_view(e.fieldsV1->raw) : std::string_view());
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const auto& x, const auto& y) { return key(x) == key(y); });
}

}  // namespace xebec::codec
