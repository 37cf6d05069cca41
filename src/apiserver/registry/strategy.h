// Strategy: what is particular to a kind in the one generic registry (k8s.io/apiserver/pkg/registry/rest).
// One file a kind under registry/strategies/, one registration line each in registry/strategies/all.cc.
// All methods work on hub types, are thread-safe and do not block.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"
#include "api/object.h"
#include "base/context.h"
#include "base/result.h"

namespace xebec {
class Clock;
class Rng;
}  // namespace xebec

namespace xebec::apiserver {

// What a selector may ask of an object beside its labels: "metadata.name", "status.phase", ...
using SelectableFields = std::vector<std::pair<std::string, std::string>>;

class Strategy {
 public:
  virtual ~Strategy() = default;

  // Fills table and hand-written defaults of the hub version (SetDefaults_*). Runs after every decode.
  virtual void set_defaults(api::Object& object) const;

  // --- create ---
  // Clears status, sets generation 1, and whatever upstream's PrepareForCreate does.
  virtual void prepare_for_create(const Context& context, api::Object& object) const;
  virtual field::Errors validate(const Context& context, const api::Object& object) const = 0;
  virtual std::vector<std::string> warnings_on_create(const api::Object& object) const;

  // --- update of the main resource ---
  // Keeps status of the old object, bumps generation when the spec changed, ...
  virtual void prepare_for_update(const Context& context, api::Object& object, const api::Object& old) const;
  virtual field::Errors validate_update(const Context& context, const api::Object& object, const api::Object& old) const = 0;
  virtual std::vector<std::string> warnings_on_update(const api::Object& object, const api::Object& old) const;
  // An update without resourceVersion overwrites what is there.
  virtual bool allow_unconditional_update() const { return true; }
  // A PUT to a name that does not exist creates it (Lease, Event, ...).
  virtual bool allow_create_on_update() const { return false; }

  // --- update of /status ---
  virtual void prepare_for_status_update(api::Object& object, const api::Object& old) const;
  virtual field::Errors validate_status_update(const api::Object& object, const api::Object& old) const;

  // --- delete ---
  // Seconds the object stays with a deletionTimestamp before it goes (Pods); nothing: it goes at once.
  // `requested` is DeleteOptions.gracePeriodSeconds.
  virtual std::optional<int64_t> graceful_seconds(const api::Object& object, std::optional<int64_t> requested) const;
  // "orphan", "background" or "foreground": what DELETE means when it does not say, for a request's version.
  virtual std::string_view default_propagation(std::string_view request_version) const { return "background"; }

  // --- select ---
  virtual SelectableFields selectable_fields(const api::Object& object) const;
  // Seconds an object lives in storage; 0: for ever (Events: 3600).
  virtual int64_t ttl_seconds(const api::Object& object) const { return 0; }
};

}  // namespace xebec::apiserver
