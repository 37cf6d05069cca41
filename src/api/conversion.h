// Conversion between the versions of a kind (k8s.io/kubernetes/pkg/apis/*/*/conversion.go). Lossless: what
// the other version has no field for travels in upstream's annotations.
//
// One file a kind under api/conversion/ (module `conversion`: it needs codec), registered once in
// api/conversion/table.cc; versions without an entry convert field by field (same names, same meaning).
#pragma once

#include <span>

#include "api/object.h"
#include "api/scheme.h"
#include "base/result.h"

namespace xebec::api {

struct ConversionEntry {
  const Message* from;
  const Message* to;
  Result<void> (*convert)(const void* from, void* to);
};

std::span<const ConversionEntry> conversion_table();

// Copies every field that both types have under the same JSON name, recursively.
void convert_fields(const Message& from, const void* source, const Message& to, void* target);
template <class From, class To>
void convert_fields(const From& source, To& target) {
  convert_fields(type_of<From>(), &source, type_of<To>(), &target);
}

// Both versions have the same fields with the same numbers and no conversion of their own, so their encodings
// are interchangeable (kind and apiVersion aside).
bool same_shape(const Message& a, const Message& b);

Result<Object> convert(const Object& object, const Message& to);
// Like convert, but hands `object` back when it already has the type.
Result<Object> convert(Object&& object, const Message& to);

// The in-memory type of a resource: the one its registry, admission and controllers work on, whatever version
// a request speaks. nullptr when the resource is not stored.
const Message* hub_message(const Scheme& scheme, const Resource& resource);
// The served resource whose version and storage path are those of the stored objects, e.g.
// networking.k8s.io/v1 ingresses for extensions/v1beta1 ingresses; nullptr when the resource is not stored.
const Resource* stored_resource(const Scheme& scheme, const Resource& resource);

}  // namespace xebec::api
