// Server-side apply: structured-merge-diff's Updater.Apply with the managers that apimachinery wraps around
// it.
#include "codec/json.h"
#include "codec/managed_fields.h"
#include "codec/managers.h"

namespace xebec::codec {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kKubectl = "kubectl";
constexpr std::string_view kBeforeFirstApply = "before-first-apply";

// Struct fields that have something below them count as members too, so that they can be removed as a whole.
FieldSet with_named_fields(const FieldSet& set, const MergeType& type) {
  FieldSet out;
  for (const FieldSetNode& node : set.nodes()) {
    const PathElement& e = node.element;
    bool field = e.type == PathElement::Type::Field;
    if (node.member || (field && !node.children.empty() && type.declares(e.name))) out.insert(e);
    MergeType below = field ? type.member(e.name) : type.element();
    out.set_children(e, with_named_fields(node.children, below));
  }
  return out;
}

// Objects and types in the version of one manager.
class Converter {
 public:
  explicit Converter(const FieldWrite& write) : write_(write) {}
  std::optional<Value> convert(const Value& object, std::string_view from, std::string_view to) const {
    if (from == to || !write_.versions) return object;
    return write_.versions->convert(object, from, to);
  }
  MergeType type(std::string_view version) const {
    return version == write_.api_version || !write_.versions ? write_.type : write_.versions->type(version);
  }

 private:
  const FieldWrite& write_;
};

// Items that were pruned but that somebody, or this configuration, claims come back. The version of the
// pruning goes first: conversions may need fields that it took away.
Result<Value> add_back_owned(const Converter& converter, std::string& version, Value merged, Value pruned,
                             const Managers& managers) {
  std::map<std::string, FieldSet> managed;
  for (const auto& [id, m] : managers) managed[m.api_version] = managed[m.api_version].union_with(m.set);
  std::vector<std::string> order;
  if (managed.contains(version)) order.push_back(version);
  for (const auto& [other, set] : managed) {
    if (other != version) order.push_back(other);
  }
  for (const std::string& other : order) {
    std::optional<Value> merged_there = converter.convert(merged, version, other);
    std::optional<Value> pruned_there = converter.convert(pruned, version, other);
    if (!merged_there || !pruned_there) continue;
    merged = *std::move(merged_there);
    version = other;
    MergeType type = converter.type(version);
    TRY(FieldSet merged_set, field_set(type, View(merged)));
    TRY(FieldSet pruned_set, field_set(type, View(*pruned_there)));
    FieldSet keep =
        with_named_fields(pruned_set, type).union_with(with_named_fields(managed.at(other), type));
    pruned = remove_fields(type, merged, with_named_fields(merged_set, type).difference(keep));
  }
  return pruned;
}

// Removes what this manager applied last time, not this time, and nobody else claims.
Result<Value> prune(const FieldWrite& write, Value merged, const Managers& managers, const ManagerSet& last) {
  if (last.set.empty()) return merged;
  Converter converter(write);
  std::optional<Value> there = converter.convert(merged, write.api_version, last.api_version);
  if (!there) return merged;
  MergeType type = converter.type(last.api_version);
  FieldSet last_set = with_named_fields(last.set, type);
  std::string version = last.api_version;
  TRY(Value pruned,
      add_back_owned(converter, version, *there, remove_fields(type, *there, last_set), managers));
  std::optional<Value> pruned_there = converter.convert(pruned, version, last.api_version);
  if (!pruned_there) return merged;
  // Only what was this manager's may go.
  TRY(FieldSet pruned_set, field_set(type, View(*pruned_there)));
  TRY(FieldSet merged_set, field_set(type, View(*there)));
  FieldSet gone = with_named_fields(merged_set, type)
                      .difference(with_named_fields(pruned_set, type))
                      .intersection(last_set);
  std::optional<Value> result =
      converter.convert(remove_fields(type, *there, gone), last.api_version, write.api_version);
  return result ? *std::move(result) : merged;
}

void drop_managed_fields(Value& object) {
  if (Value* metadata = object.find("metadata"); metadata && metadata->is_map())
    metadata->as_map()->erase("managedFields");
}

Result<Applied> apply_once(const FieldWrite& write, const FieldApply& apply, Managers managers, bool force) {
  std::string id = manager_id(write.manager, true, write.api_version, write.subresource);
  TRY(Value merged, merge_fields(write.type, apply.live, apply.config));
  TRY(FieldSet set, field_set(write.type, View(apply.config)));
  ManagerSet last;
  if (auto it = managers.find(id); it != managers.end()) last = it->second;
  if (write.filter) set = write.filter->apply(set);
  managers.insert_or_assign(id, ManagerSet{.manager = write.manager,
                                           .subresource = write.subresource,
                                           .api_version = write.api_version,
                                           .applied = true,
                                           .time = last.time,
                                           .set = std::move(set)});
  Applied out;
  TRY(out.object, prune(write, std::move(merged), managers, last));
  StealRequest request{
      .write = write, .live = View(apply.live), .updated = View(out.object), .self = id, .force = force};
  TRY_VOID(steal_fields(request, managers));
  strip_meta(managers, id);
  out.changed = !(out.object == apply.live);
  if (auto it = managers.find(id); it != managers.end() && (out.changed || !it->second.time))
    it->second.time = write.now;
  drop_managed_fields(out.object);
  out.entries = encode_managers(managers);
  return out;
}

// Fields that client-side apply set and that nobody has changed since: kubectl may take them without a
// conflict.
std::optional<FieldSet> allowed_conflicts(const FieldWrite& write, const Value& live) {
  const Value* annotation = live.at_path({"metadata", "annotations", kLastApplied});
  if (!annotation || annotation->string_or().empty()) return std::nullopt;
  Result<Value> last = parse_json(annotation->string_or());
  if (!last || !last->is_map()) return std::nullopt;
  const Value* version = last->find("apiVersion");
  if (!version || version->string_or() != write.api_version) return std::nullopt;
  Result<FieldSet> set = field_set(write.type, View(*last));
  Result<Comparison> comparison = compare_fields(write.type, View(*last), View(live));
  if (!set || !comparison) return std::nullopt;
  return set->difference(comparison->modified).difference(comparison->added).difference(comparison->removed);
}

bool all_allowed(const Status& conflict, const FieldSet& allowed) {
  std::vector<std::string> paths;
  for (const Path& path : allowed.paths()) paths.push_back(path_string(path));
  for (const StatusCause& cause : conflict.details.causes) {
    if (std::find(paths.begin(), paths.end(), cause.field) == paths.end()) return false;
  }
  return true;
}

// kubectl keeps the client-side apply annotation up to date where there is one.
void update_last_applied(const FieldApply& apply, Value& object) {
  Value* annotations = object.at_path({"metadata", "annotations"});
  Value* annotation = annotations ? annotations->find(kLastApplied) : nullptr;
  if (!annotation || annotation->string_or().empty()) return;
  Value config = apply.config;
  drop_managed_fields(config);
  if (Value* own = config.at_path({"metadata", "annotations"}); own && own->is_map())
    own->as_map()->erase(kLastApplied);
  *annotation = encode_json(config);
}

}  // namespace

Result<Applied> apply_fields(const FieldWrite& write, const FieldApply& apply) {
  if (const Value* entries = apply.config.at_path({"metadata", "managedFields"});
      entries && !entries->is_null()) {
    return fail(errors::bad_request("metadata.managedFields must be nil"));
  }
  const Value* version = apply.config.find("apiVersion");
  if (!version || version->string_or() != write.api_version) {
    return fail(errors::bad_request("Incorrect version specified in apply patch. Specified patch version: " +
                                    std::string(version ? version->string_or() : "") +
                                    ", expected: " + write.api_version));
  }
  Result<Managers> decoded = decode_managers(apply.live_entries);
  if (!decoded) return fail(errors::internal("failed to decode managed fields: " + decoded.error().message));
  Managers managers = *std::move(decoded);
  if (managers.empty()) {
    // What is there already belongs to somebody before the first apply.
    FieldWrite before = write;
    before.manager = kBeforeFirstApply;
    before.subresource.clear();
    ValueMap nothing;
    for (std::string_view key : {"apiVersion", "kind"}) {
      if (const Value* value = apply.live.find(key)) nothing.set(key, *value);
    }
    Value empty(std::move(nothing));
    TRY_VOID(record_update(before, View(empty), View(apply.live), managers));
  }
  Result<Applied> applied = apply_once(write, apply, managers, apply.force);
  if (!applied && write.manager == kKubectl && applied.error().is(reason::kConflict)) {
    std::optional<FieldSet> allowed = allowed_conflicts(write, apply.live);
    if (allowed && all_allowed(applied.error(), *allowed)) applied = apply_once(write, apply, managers, true);
  }
  if (applied && write.manager == kKubectl) update_last_applied(apply, applied->object);
  return applied;
}

}  // namespace xebec::codec
