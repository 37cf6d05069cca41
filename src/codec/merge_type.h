// MergeType: what a schema says about ownership and merging at one place of an object: struct, map or list,
// granular or atomic, and the keys of associative lists. From the field tables, a custom resource's
// structural schema, or nothing (then maps are granular and lists atomic). A small value that points into the
// schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/descriptor.h"
#include "codec/fields_v1.h"
#include "codec/value.h"
#include "codec/view.h"

namespace xebec::codec {

class MergeType {
 public:
  // Without a schema.
  MergeType() = default;
  static MergeType of(const api::Message& message);
  // `schema` is an openAPIV3Schema; it must outlive this.
  static MergeType of_schema(const Value& schema);

  // A list or map here is one leaf.
  bool atomic_list() const;
  bool atomic_map() const;
  // Of a list that is not atomic: the keys of its elements; none for a set.
  std::vector<std::string_view> keys() const;
  MergeType element() const;
  MergeType member(std::string_view key) const;
  // A declared field, rather than a key of a map.
  bool declares(std::string_view key) const;
  // Whether such a member may be there: everything may where nothing is declared.
  bool allows(std::string_view key) const;
  // The default of a declared field; null when it has none.
  Value default_of(std::string_view key) const;
  // What a value here must be, beside null.
  enum class Wants : uint8_t { kAnything, kMap, kList, kNumber, kString, kBool, kScalar };
  Wants wants() const;
  // How an element of a list that is not atomic is addressed. Error: it has no key, is null, ...
  Result<PathElement> address(const View& element) const;

 private:
  static MergeType of_field(const api::Field& field);
  static MergeType of_value(const api::Field& field);
  enum class Source : uint8_t { Deduced, Atomic, Struct, ListField, MapField, Schema };
  Source source_ = Source::Deduced;
  bool atomic_ = false;  // of the field that holds this
  Wants scalar_ = Wants::kAnything;
  const api::Message* message_ = nullptr;
  const api::Field* field_ = nullptr;
  const Value* schema_ = nullptr;
};

}  // namespace xebec::codec
