// Which fields of a write count for managedFields (structured-merge-diff's fieldpath.Filter). Values;
// thread-safe once made.
#pragma once

#include <string_view>
#include <vector>

#include "codec/fields_v1.h"

namespace xebec::codec {

class FieldFilter {
 public:
  // A path of field names; "*" is any one step.
  using Pattern = std::vector<std::string_view>;

  FieldFilter() = default;  // everything counts
  // The members of the set and what is below them do not count.
  static FieldFilter excluding(FieldSet set);
  // Nothing counts but what is on the way to the paths, or below them. The names must outlive the filter.
  static FieldFilter including(std::vector<Pattern> paths);

  FieldSet apply(const FieldSet& set) const;

 private:
  FieldSet excluded_;
  std::vector<Pattern> included_;  // empty: no such restriction
};

}  // namespace xebec::codec
