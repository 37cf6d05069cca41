// Defaulting: what upstream's SetDefaults_* functions fill into an object of one version after it was decoded
// (k8s.io/kubernetes/pkg/apis/*/*/defaults.go). Runs in the version of the request and again on objects from
// storage.
//
// One file a group under api/defaults/, which ends with the types that have them. List kinds are not among
// these: their items are defaulted one by one.
#pragma once

#include <span>

#include "api/descriptor.h"
#include "api/object.h"

namespace xebec::api {

struct DefaultsEntry {
  const Message* type;
  void (*apply)(void* object);
};

// Every type that has defaults. In api/defaults/table.cc.
std::span<const DefaultsEntry> defaults_table();

// Does nothing for types without defaults. Idempotent.
void apply_defaults(const Message& type, void* object);
inline void apply_defaults(Object& object) {
  if (object) apply_defaults(object.type(), object.data());
}

}  // namespace xebec::api
