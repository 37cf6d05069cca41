// What a Transcoder has prepared of every message: the fields in the order of the wire with slots for what is
// found there, and in the order of JSON with what to write of each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/descriptor.h"

namespace xebec::api {
class Scheme;
}

namespace xebec::codec {

inline constexpr uint16_t kNoSlot = 0xFFFF;

struct TranscodePlan;

// A field on the wire: a leaf with a slot for what was found, or an embedded struct whose fields are
// promoted.
struct WireStep {
  uint32_t tag = 0;
  uint16_t slot = kNoSlot;
  const std::vector<WireStep>* embedded = nullptr;
};

// The facts of a Field that are needed for every object, close together.
struct JsonStep {
  const api::Field* field = nullptr;
  const TranscodePlan* plan = nullptr;  // Kind::Message of Form::Object
  std::string key;                      // `,"name":`
  uint16_t slot = kNoSlot;
  api::Kind kind = api::Kind::String;
  api::Rep rep = api::Rep::Value;
  bool omitempty = false, omitzero = false;
  bool omit_absent = false;  // nothing is written when nothing was found
};

struct TranscodePlan {
  const api::Message* message = nullptr;
  std::vector<WireStep> wire;  // ascending numbers
  std::vector<std::unique_ptr<std::vector<WireStep>>> embedded;
  std::vector<JsonStep> json;  // in the order of the output
  uint16_t slots = 0;
  uint16_t metadata = kNoSlot, resource_version = kNoSlot;  // positions in `json`
};

// Immutable once built; safe from any thread.
class TranscodePlans {
 public:
  // Of every message of the scheme that has a protobuf form; the scheme must outlive this.
  explicit TranscodePlans(const api::Scheme& scheme);
  // null when there is none.
  const TranscodePlan* find(const api::Message* message) const {
    auto it = by_message_.find(message);
    return it == by_message_.end() ? nullptr : it->second.get();
  }

 private:
  std::unordered_map<const api::Message*, std::unique_ptr<TranscodePlan>> by_message_;
};

}  // namespace xebec::codec
