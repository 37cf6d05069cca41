// The storage format of built-in kinds: `k8s\0` + runtime.Unknown{typeMeta, raw protobuf message}
// (k8s.io/apimachinery/pkg/runtime/serializer/protobuf).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/cache/entry.h"

namespace xebec::apiserver {

// A field a field selector may name. `path` is where its value is in the stored object, by JSON names;
// several paths separated by '|' are tried until one has a value; empty: always "" (accepted, never set).
struct SelectableField {
  std::string_view label;
  std::string_view path;
};

struct FormatOptions {
  const api::Message* stored = nullptr;  // type of the storage version
  const api::Message* hub = nullptr;     // type the registry works on; may equal `stored`
  bool namespaced = false;
  // Beside metadata.name and metadata.namespace, which every kind has.
  std::vector<SelectableField> selectable;
  // Types of other storage versions an existing database may hold.
  std::vector<const api::Message*> older;
};

std::shared_ptr<const EntryFormat> make_builtin_format(FormatOptions options);

}  // namespace xebec::apiserver
