// Which fields an object has, which ones a change added, modified or removed, and merging and removing by
// field set: structured-merge-diff's typed package over View and MergeType. metadata.managedFields never
// counts.
#pragma once

#include "base/result.h"
#include "codec/field_filter.h"
#include "codec/fields_v1.h"
#include "codec/merge_type.h"
#include "codec/view.h"

namespace xebec::codec {

struct Comparison {
  FieldSet removed, modified, added;
  bool same() const { return removed.empty() && modified.empty() && added.empty(); }
  // What remains of it.
  Comparison filtered(const FieldFilter& filter) const;
};

// Error: an element of an associative list that cannot be addressed.
Result<Comparison> compare_fields(const MergeType& type, const View& before, const View& after);
// All leaves of the object (and elements of associative lists and free maps). Error as above.
Result<FieldSet> field_set(const MergeType& type, const View& object);

// `config` laid over `live`: maps and associative lists are merged, everything else replaced.
// Error: an element of `config` that cannot be addressed, or duplicates in it.
Result<Value> merge_fields(const MergeType& type, const Value& live, const Value& config);
// The object without the members of the set and what is below them.
Value remove_fields(const MergeType& type, const Value& object, const FieldSet& set);

}  // namespace xebec::codec
