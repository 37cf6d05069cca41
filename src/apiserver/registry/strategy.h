// Strategy: what is particular to a kind in the one generic registry (k8s.io/apiserver/pkg/registry/rest).
// Most kinds are a line in the table of strategies/all.cc (table_strategy.h does the work); a kind with rules
// of its own has a file under registry/strategies/. All methods work on hub types, are thread-safe and do not
// block.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"
#include "api/names.h"
#include "api/object.h"
#include "apiserver/cache/format.h"
#include "base/context.h"
#include "base/result.h"
#include "storage/store.h"

namespace xebec {
class AsyncMutex;
class Clock;
class Rng;
}  // namespace xebec

namespace xebec::apiserver {

// Something a write has taken from a shared pool (a cluster IP, a node port). Given back when the write
// fails: the destructor of a reservation that was not committed releases it.
class Reservation {
 public:
  virtual ~Reservation() = default;
  // Held from guard() to the end of the write; nullptr: nothing is.
  virtual AsyncMutex* exclusive() const { return nullptr; }
  // Adds to the write what says who has it, and what makes it fail when another server was faster.
  virtual void guard(storage::Txn& txn) const {}
  // The write has been done, at this revision.
  virtual void commit(int64_t revision) = 0;
};

// Who deletes what when DELETE does not say.
enum class Propagation { kBackground, kOrphan, kUnsupported };

// How a write takes from pools.
struct PoolUse {
  bool dry_run = false;
  bool counted = true;  // in the metrics, when it is refused: it is not tried again
};

class Strategy {
 public:
  virtual ~Strategy() = default;

  // --- names ---
  virtual api::NameRule name_rule() const { return api::name_is_dns_subdomain; }

  // --- create ---
  // Clears status, sets generation 1, and whatever upstream's PrepareForCreate does.
  virtual void prepare_for_create(const Context& context, api::Object& object) const = 0;
  // Everything but metadata, which the registry validates itself.
  virtual field::Errors validate(const Context& context, const api::Object& object) const = 0;
  virtual std::vector<std::string> warnings_on_create(const api::Object& object) const { return {}; }
  // Its objects take something from pools of the whole cluster.
  virtual bool takes_from_pools() const { return false; }
  // What the version of the request decides, before anything else; `old` is nullptr when the object is new.
  virtual void prepare_request(const api::GroupVersionKind& request, api::Object& object,
                               const api::Object* old) const {}
  // Called right before validation; may fill the object (a Service gets its cluster IP). nullptr: nothing was
  // taken.
  virtual Result<std::unique_ptr<Reservation>> begin_create(const Context& context, api::Object& object,
                                                            PoolUse use) const;

  // --- update ---
  // `subresource` is "" for the main resource. Keeps what the subresource must not change; bumps generation.
  virtual void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                                  const api::Object& old) const = 0;
  virtual field::Errors validate_update(const Context& context, std::string_view subresource,
                                        const api::Object& object, const api::Object& old) const = 0;
  virtual std::vector<std::string> warnings_on_update(const api::Object& object,
                                                      const api::Object& old) const {
    return {};
  }
  virtual Result<std::unique_ptr<Reservation>> begin_update(const Context& context, api::Object& object,
                                                            const api::Object& old, PoolUse use) const;
  // What only requests through one of several versions must meet (Events of events.k8s.io/v1); `old` is
  // nullptr when the object is new. Beside validate() and validate_update().
  virtual field::Errors validate_request(const api::GroupVersionKind& request, const api::Object& object,
                                         const api::Object* old) const {
    return {};
  }
  // An update without resourceVersion overwrites what is there.
  virtual bool allow_unconditional_update() const { return true; }
  // A PUT to a name that does not exist creates it (Lease, Event, ...).
  virtual bool allow_create_on_update() const { return false; }

  // --- delete ---
  // Seconds the object stays with a deletionTimestamp before it goes (Pods); nothing: it goes at once.
  // `requested` is DeleteOptions.gracePeriodSeconds.
  virtual std::optional<int64_t> graceful_seconds(const api::Object& object,
                                                  std::optional<int64_t> requested) const {
    return std::nullopt;
  }
  // For a request's group and version.
  virtual Propagation default_propagation(std::string_view group, std::string_view version) const {
    return Propagation::kBackground;
  }
  // Whether the object with its finalizers gone may be removed (a Namespace also waits for spec.finalizers).
  virtual bool may_remove(const api::Object& object) const { return true; }
  // Refuses a deletion that has not begun (403, 409); called after preconditions.
  virtual Result<void> check_delete(const api::Object& object) const { return {}; }
  // The answer to DELETE is the object itself, not a Status.
  virtual bool returns_deleted_object() const { return false; }
  // Marks the object on its way out (a Namespace's phase becomes Terminating).
  virtual void on_deleting(api::Object& object) const {}
  // The object is about to go from storage: gives back what it holds of pools.
  virtual std::unique_ptr<Reservation> begin_delete(const api::Object& object, bool dry_run) const;

  // Upstream reads it from a watch cache: any version may be an old one, all of it in one page, and a later
  // one is waited for. Without one (Events) every read is of what is stored.
  virtual bool read_from_cache() const { return true; }

  // --- select ---
  // Beside metadata.name and metadata.namespace.
  virtual std::vector<SelectableField> selectable_fields() const { return {}; }
  // Upstream's words for a field label that is none of them, e.g. "field label not supported: %s".
  virtual std::string unsupported_field(std::string_view label, bool namespaced) const;

  // Seconds an object lives in storage; 0: for ever (Events: 3600).
  virtual int64_t ttl_seconds(const api::Object& object) const { return 0; }
};

}  // namespace xebec::apiserver
