#include "controllers/garbagecollector/controller.h"

#include <fmt/format.h>

#include "codec/json.h"

namespace xebec::controllers {
namespace {

using gc::Identity;

constexpr Duration kDiscoveryPeriod = std::chrono::seconds(30);

std::string group_of(std::string_view api_version) {
  size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(api_version.substr(0, slash));
}

std::string kind_key(std::string_view group, std::string_view kind) {
  return fmt::format("{}/{}", group, kind);
}

// Objects that come and go by themselves, or are never owned.
bool ignored(const api::GroupVersionResource& gvr) {
  return gvr.resource == "events" && (gvr.group.empty() || gvr.group == "events.k8s.io");
}

bool same(const metav1::OwnerReference& a, const metav1::OwnerReference& b) { return a.uid == b.uid; }

}  // namespace

GarbageCollector::GarbageCollector(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("generic-garbage-collector")),
      delete_queue_(env_, "garbage_collector_attempt_to_delete"),
      orphan_queue_(env_, "garbage_collector_attempt_to_orphan"),
      recorder_(rest_, env_, "garbage-collector-controller") {}

GarbageCollector::~GarbageCollector() = default;

void GarbageCollector::start(Scope& scope) {
  scope.spawn(recorder_.run(scope.token()));
  scope.spawn(discover_loop(scope));
  client::run_controller(
      scope, delete_queue_, 20, [this](std::string uid) { return attempt_to_delete(std::move(uid)); },
      env_.logger);
  client::run_controller(
      scope, orphan_queue_, 5, [this](std::string uid) { return attempt_to_orphan(std::move(uid)); },
      env_.logger);
}

Task<void> GarbageCollector::discover_loop(Scope& scope) {
  for (;;) {
    auto found = co_await discover(scope);
    if (!found) env_.logger.warning("Discovering resources failed", {{"err", found.error().message}});
    Duration wait = kDiscoveryPeriod;
    if (!found) wait = std::chrono::seconds(1);
    bool go_on = co_await sleep_for(wait, scope.token());
    if (!go_on) co_return;
  }
}

Task<Result<void>> GarbageCollector::discover(Scope& scope) {
  CO_TRY(client::Discovery discovery, co_await rest_.discover(Context()));
  for (const client::DiscoveredResource& resource : discovery.resources) {
    if (!resource.preferred) continue;
    kinds_.try_emplace(kind_key(resource.gvr.group, resource.kind), resource);
    bool deletable = resource.has_verb("delete") && resource.has_verb("list") && resource.has_verb("watch");
    if (deletable && !ignored(resource.gvr)) monitor(resource, scope);
  }
  co_return Result<void>();
}

void GarbageCollector::monitor(const client::DiscoveredResource& resource, Scope& scope) {
  auto& slot = monitors_[resource.gvr.group + "/" + resource.gvr.resource];
  if (slot) return;
  client::InformerOptions options;
  options.metadata_of = resource.gvr;
  slot = std::make_unique<client::Informer<Metadata>>(rest_, env_, std::move(options));
  slot->on_change([this, resource](const std::shared_ptr<const Metadata>& old,
                                   const std::shared_ptr<const Metadata>& now) {
    if (!now) return enqueue(graph_.remove(old->metadata.uid));
    Identity identity;
    identity.resource = resource.gvr;
    identity.api_version =
        resource.gvr.group.empty() ? resource.gvr.version : resource.gvr.group + "/" + resource.gvr.version;
    identity.kind = resource.kind;
    identity.ns = now->metadata.namespace_;
    identity.name = now->metadata.name;
    identity.uid = now->metadata.uid;
    enqueue(graph_.set(std::move(identity), now->metadata));
  });
  scope.spawn(slot->run(scope.token()));
}

void GarbageCollector::enqueue(const gc::Consequences& consequences) {
  for (const std::string& uid : consequences.attempt_to_delete) delete_queue_.add(uid);
  for (const std::string& uid : consequences.attempt_to_orphan) orphan_queue_.add(uid);
  for (const auto& misplaced : consequences.misplaced) tell_misplaced(misplaced);
}

void GarbageCollector::tell_misplaced(const gc::Consequences::Misplaced& misplaced) {
  const Identity& dependent = misplaced.dependent;
  const metav1::OwnerReference& ref = misplaced.reference;
  corev1::ObjectReference about;
  about.kind = dependent.kind;
  about.apiVersion = dependent.api_version;
  about.namespace_ = dependent.ns;
  about.name = dependent.name;
  about.uid = dependent.uid;
  recorder_.event(
      about, client::kEventWarning, "OwnerRefInvalidNamespace",
      fmt::format("ownerRef [{}/{}, namespace: {}, name: {}, uid: {}] does not exist in namespace \"{}\"",
                  ref.apiVersion, ref.kind, dependent.ns, ref.name, ref.uid, dependent.ns));
}

void GarbageCollector::forget(const std::string& uid) { enqueue(graph_.remove(uid)); }

bool GarbageCollector::resolve(Identity& identity) const {
  auto it = kinds_.find(kind_key(group_of(identity.api_version), identity.kind));
  if (it == kinds_.end()) return false;
  identity.resource = it->second.gvr;
  if (!it->second.namespaced) identity.ns.clear();
  return true;
}

Task<Result<void>> GarbageCollector::attempt_to_delete(std::string uid) {
  const gc::Node* found = graph_.find(uid);
  if (found == nullptr || (found->deleting && !found->deleting_dependents())) co_return Result<void>();
  gc::Node node = *found;
  // A kind that is not served (yet): nobody can say whether the owner exists.
  if (!node.observed && !resolve(node.identity))
    co_return fail(errors::internal("unable to get REST mapping for " + node.identity.api_version + "/" +
                                    node.identity.kind));
  auto live =
      co_await rest_.get_metadata(Context(), node.identity.resource, node.identity.ns, node.identity.name);
  bool gone = (!live && live.error().is(reason::kNotFound)) || (live && live->metadata.uid != uid);
  if (gone) {
    forget(uid);
    co_return Result<void>();
  }
  if (!live) co_return fail(std::move(live).error());
  if (node.deleting_dependents()) co_return co_await finish_foreground(std::move(node));
  if (live->metadata.ownerReferences.empty()) co_return Result<void>();
  CO_TRY(Owners owners, co_await classify(*live));
  if (owners.invalid) co_return Result<void>();
  if (!owners.solid.empty()) {
    std::vector<metav1::OwnerReference> lost = owners.dangling;
    lost.insert(lost.end(), owners.waiting.begin(), owners.waiting.end());
    if (lost.empty()) co_return Result<void>();
    co_return co_await drop_owners(node.identity, lost);
  }
  const std::string& version = live->metadata.resourceVersion;
  const std::set<std::string> dependents = graph_.dependents(uid);
  if (!owners.waiting.empty() && !dependents.empty()) {
    bool circle = std::any_of(dependents.begin(), dependents.end(), [&](const std::string& dependent) {
      const gc::Node* other = graph_.find(dependent);
      return other != nullptr && other->deleting_dependents();
    });
    if (!circle) co_return co_await delete_object(node.identity, version, "Foreground");
    // Owners and dependents that wait for one another would wait for ever. The write changes the version, so
    // the deletion has none to insist on.
    CO_TRY_VOID(co_await let_owners_go(node.identity));
    co_return co_await delete_object(node.identity, std::string(), "Foreground");
  }
  bool orphan = std::find(live->metadata.finalizers.begin(), live->metadata.finalizers.end(), "orphan") !=
                live->metadata.finalizers.end();
  bool foreground = std::find(live->metadata.finalizers.begin(), live->metadata.finalizers.end(),
                              "foregroundDeletion") != live->metadata.finalizers.end();
  std::string policy = orphan ? "Orphan" : foreground ? "Foreground" : "Background";
  co_return co_await delete_object(node.identity, version, std::move(policy));
}

Task<Result<GarbageCollector::Owners>> GarbageCollector::classify(const Metadata& live) {
  Owners owners;
  for (const metav1::OwnerReference& ref : live.metadata.ownerReferences) {
    CO_TRY(Owner owner, co_await look_for(ref, live.metadata.namespace_));
    switch (owner) {
      case Owner::kInvalid:
        owners.invalid = true;
        break;
      case Owner::kAbsent:
        owners.dangling.push_back(ref);
        break;
      case Owner::kWaiting:
        (ref.blockOwnerDeletion.value_or(false) ? owners.waiting : owners.solid).push_back(ref);
        break;
      case Owner::kExists:
        owners.solid.push_back(ref);
        break;
    }
  }
  co_return owners;
}

Task<Result<GarbageCollector::Owner>> GarbageCollector::look_for(metav1::OwnerReference ref, std::string ns) {
  Identity identity;
  identity.api_version = ref.apiVersion;
  identity.kind = ref.kind;
  identity.ns = ns;
  if (!resolve(identity))
    co_return fail(errors::internal("unable to get REST mapping for " + ref.apiVersion + "/" + ref.kind));
  bool owner_namespaced = kinds_.at(kind_key(group_of(ref.apiVersion), ref.kind)).namespaced;
  if (ns.empty() && owner_namespaced) co_return Owner::kInvalid;
  auto owner = co_await rest_.get_metadata(Context(), identity.resource, identity.ns, ref.name);
  if (!owner && owner.error().is(reason::kNotFound)) co_return Owner::kAbsent;
  if (!owner) co_return fail(std::move(owner).error());
  if (owner->metadata.uid != ref.uid) co_return Owner::kAbsent;
  const auto& finalizers = owner->metadata.finalizers;
  bool waiting = owner->metadata.deletionTimestamp &&
                 std::find(finalizers.begin(), finalizers.end(), "foregroundDeletion") != finalizers.end();
  co_return waiting ? Owner::kWaiting : Owner::kExists;
}

Task<Result<void>> GarbageCollector::finish_foreground(gc::Node node) {
  std::vector<std::string> blocking = graph_.blocking_dependents(node);
  if (blocking.empty()) co_return co_await remove_finalizer(node.identity, "foregroundDeletion");
  for (const std::string& uid : blocking) {
    const gc::Node* dependent = graph_.find(uid);
    if (dependent != nullptr && !dependent->deleting_dependents()) delete_queue_.add(uid);
  }
  co_return Result<void>();
}

// Dependents lose the owner, then the owner its finalizer.
Task<Result<void>> GarbageCollector::attempt_to_orphan(std::string uid) {
  const gc::Node* found = graph_.find(uid);
  if (found == nullptr) co_return Result<void>();
  gc::Node owner = *found;
  metav1::OwnerReference ref;
  ref.uid = uid;
  std::vector<metav1::OwnerReference> refs = {ref};
  const std::set<std::string> dependents = graph_.dependents(uid);
  for (const std::string& dependent_uid : dependents) {
    const gc::Node* dependent = graph_.find(dependent_uid);
    if (dependent == nullptr) continue;
    Identity identity = dependent->identity;
    CO_TRY_VOID(co_await drop_owners(identity, refs));
  }
  co_return co_await remove_finalizer(owner.identity, "orphan");
}

Task<Result<void>> GarbageCollector::drop_owners(const Identity& identity,
                                                 const std::vector<metav1::OwnerReference>& refs) {
  return edit_owners(identity, [refs](metav1::OwnerReference& owner) {
    return std::none_of(refs.begin(), refs.end(), [&](const auto& ref) { return same(ref, owner); });
  });
}

Task<Result<void>> GarbageCollector::let_owners_go(const Identity& identity) {
  return edit_owners(identity, [](metav1::OwnerReference& owner) {
    owner.blockOwnerDeletion = false;
    return true;
  });
}

// `keep` may change a reference, and says whether it stays.
Task<Result<void>> GarbageCollector::edit_owners(Identity identity,
                                                 std::function<bool(metav1::OwnerReference&)> keep) {
  MetadataEdit edit =
      [keep = std::move(keep)](const metav1::ObjectMeta& live) -> Result<std::optional<codec::ValueList>> {
    codec::ValueList kept;
    bool changed = false;
    for (metav1::OwnerReference owner : live.ownerReferences) {
      metav1::OwnerReference before = owner;
      bool stays = keep(owner);
      changed |= !stays || owner != before;
      if (!stays) continue;
      std::string text;
      codec::append_json(api::type_of<metav1::OwnerReference>(), &owner, "", "", text);
      TRY(codec::Value value, codec::parse_json(text));
      kept.push_back(std::move(value));
    }
    if (!changed) return std::nullopt;
    return kept;
  };
  return edit_list(std::move(identity), "ownerReferences", std::move(edit));
}

Task<Result<void>> GarbageCollector::remove_finalizer(const Identity& identity, std::string finalizer) {
  MetadataEdit edit = [finalizer = std::move(finalizer)](
                          const metav1::ObjectMeta& live) -> Result<std::optional<codec::ValueList>> {
    codec::ValueList kept;
    for (const std::string& name : live.finalizers) {
      if (name != finalizer) kept.emplace_back(name);
    }
    if (kept.size() == live.finalizers.size()) return std::nullopt;
    return kept;
  };
  return edit_list(identity, "finalizers", std::move(edit));
}

// Read, change, write: lists in metadata have no merge keys in a JSON merge patch. Retried on conflict.
Task<Result<void>> GarbageCollector::edit_list(Identity identity, std::string_view field, MetadataEdit edit) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    auto live = co_await rest_.get_metadata(Context(), identity.resource, identity.ns, identity.name);
    bool gone = (!live && live.error().is(reason::kNotFound)) || (live && live->metadata.uid != identity.uid);
    if (gone) co_return Result<void>();
    if (!live) co_return fail(std::move(live).error());
    CO_TRY(std::optional<codec::ValueList> list, edit(live->metadata));
    if (!list) co_return Result<void>();
    codec::ValueMap meta;
    meta.set("uid", identity.uid);
    meta.set("resourceVersion", live->metadata.resourceVersion);
    meta.set(field, *std::move(list));
    codec::ValueMap patch;
    patch.set("metadata", std::move(meta));
    auto patched = co_await rest_.patch_metadata(Context(), identity.resource, identity.ns, identity.name,
                                                 client::PatchType::kMerge,
                                                 codec::to_json(codec::Value(std::move(patch))));
    if (patched || patched.error().is(reason::kNotFound)) co_return Result<void>();
    if (!patched.error().is(reason::kConflict)) co_return fail(std::move(patched).error());
  }
  co_return fail(errors::internal(std::string(field) + " of " + identity.name + " keep changing"));
}

// Only the state that was judged is deleted: an owner may have been added meanwhile. A conflict is looked at
// again.
Task<Result<void>> GarbageCollector::delete_object(const Identity& identity, std::string resource_version,
                                                   std::string policy) {
  env_.logger.info(
      "Deleting an object without owners",
      {{"kind", identity.kind}, {"name", identity.ns + "/" + identity.name}, {"policy", policy}});
  client::DeleteOptions options;
  options.uid = identity.uid;
  options.resource_version = std::move(resource_version);
  options.propagation_policy = std::move(policy);
  auto deleted = co_await rest_.delete_resource(Context(), identity.resource, identity.ns, identity.name,
                                                std::move(options));
  if (!deleted && !deleted.error().is(reason::kNotFound)) co_return fail(std::move(deleted).error());
  co_return Result<void>();
}

}  // namespace xebec::controllers
