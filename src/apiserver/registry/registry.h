// The generic registry: one instance a stored resource, all of its verbs (k8s.io/apiserver registry/generic).
// Everything above it (HTTP, versions, media types, tables) and below it (cache, store) meets here.
// Thread-safe; every call may be made from any executor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/object.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::api {
struct Resource;
}
namespace xebec::metav1 {
struct DeleteOptions;
}

namespace xebec::apiserver {

class Entry;  // cache/entry.h: one stored object: bytes, revision, extracted metadata, typed form on demand
class WatchCursor;  // cache/cursor.h
class Strategy;     // registry/strategy.h

struct GetRequest {
  std::string namespace_, name;
  std::string resource_version;  // "": most recent; "0": any
};

struct ListRequest {
  std::string namespace_;  // empty: all
  std::string label_selector, field_selector;
  int64_t limit = 0;
  std::string continue_;
  std::string resource_version, resource_version_match;
  std::optional<bool> send_initial_events;  // of watches only: an error here
};

struct ListPage {
  std::vector<std::shared_ptr<const Entry>> items;
  int64_t revision = 0;  // resourceVersion of the list
  std::string continue_;
  std::optional<int64_t> remaining_item_count;
};

struct WatchRequest {
  std::string namespace_, name;  // name set: a single object
  std::string label_selector, field_selector;
  std::string resource_version;
  bool allow_bookmarks = false;
  std::optional<bool> send_initial_events;
  std::string resource_version_match;
  std::string continue_;  // of lists only: an error beside resource_version_match
};

// What all writes have in common.
struct WriteOptions {
  bool dry_run = false;
  std::string field_manager;           // managedFields' manager
  api::GroupVersionKind request_kind;  // version of the request, for managedFields and admission
  api::GroupVersionResource request_resource;
  std::string subresource;  // "" or "status", "scale", ...
  std::vector<std::string>* warnings = nullptr;
  // False: the transform has set managedFields itself (server-side apply).
  bool track_fields = true;
  // False: whoever asks for the write has run admission himself, for what it is a part of (an eviction).
  bool admission = true;
  // False: what is known of pools may be old, so that a refusal does not count yet. Set by the registry.
  bool pools_fresh = true;
  // False: a patch, whose uid is no precondition but a change nobody may make.
  bool uid_is_precondition = true;
  // Asked once an update turns out to create; empty: it may.
  std::function<Result<void>()> authorize_create;
  // Asked before an object is deleted because it cannot be read; empty: it may.
  std::function<Result<void>()> authorize_unsafe_delete;
};

struct WriteResult {
  api::Object object;  // hub type, resourceVersion set
  bool created = false;
  // Delete only: false when the object is still there, waiting for finalizers or its grace period.
  bool deleted = false;
  // Delete only: the answer is `object`; otherwise a Status of success with its details.
  bool answer_object = false;
};

// Makes the new object from the current one: decoded and defaulted, as the client sent it
// (metadata.resourceVersion and uid included: they are the preconditions). Field tracking, admission,
// strategy and validation follow here. Called again after a conflict, with what is then stored. `current` is
// nullptr when nothing is stored and the strategy allows create on update.
using Transform = std::function<Task<Result<api::Object>>(const api::Object* current)>;

class Registry {
 public:
  virtual ~Registry() = default;
  virtual const api::Resource& resource() const = 0;
  // The type objects have here, whatever version a request speaks; api::convert leads there and back.
  virtual const api::Message& hub() const = 0;
  virtual const Strategy& strategy() const = 0;

  virtual Task<Result<std::shared_ptr<const Entry>>> get(Context context, GetRequest request) = 0;
  virtual Task<Result<ListPage>> list(Context context, ListRequest request) = 0;
  virtual Task<Result<std::unique_ptr<WatchCursor>>> watch(Context context, WatchRequest request) = 0;
  virtual Task<Result<WriteResult>> create(Context context, std::string namespace_, api::Object object,
                                           WriteOptions options) = 0;
  virtual Task<Result<WriteResult>> update(Context context, std::string namespace_, std::string name,
                                           Transform transform, WriteOptions options) = 0;
  virtual Task<Result<WriteResult>> remove(Context context, std::string namespace_, std::string name,
                                           std::shared_ptr<const metav1::DeleteOptions> delete_options,
                                           WriteOptions options) = 0;
  // Deletes everything the list request selects; returns what was deleted (or marked).
  virtual Task<Result<std::vector<api::Object>>> remove_collection(
      Context context, ListRequest selection, std::shared_ptr<const metav1::DeleteOptions> delete_options,
      WriteOptions options) = 0;
};

// All registries by the storage resource. Built once at start; custom resources add theirs later.
class RegistryMap {
 public:
  virtual ~RegistryMap() = default;
  // nullptr when the resource is not stored here. Resources that share a storage path share one registry.
  virtual Registry* find(std::string_view group, std::string_view resource) const = 0;
};

}  // namespace xebec::apiserver
