// EntryFilter: what a list or a watch selects: a key prefix, labels, selectable fields. Immutable,
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "api/selectors.h"
#include "apiserver/cache/entry.h"

namespace xebec::apiserver {

struct EntryFilter {
  struct FieldTerm {
    size_t field;  // position in EntryFormat::selectable()
    std::string value;
    bool equal;
  };

  std::string prefix;  // of the key: the resource, a namespace, or with `single` one object's whole key
  bool single = false;
  api::LabelSelector labels;
  std::vector<FieldTerm> fields;

  bool selects_by_content() const { return !labels.empty() || !fields.empty(); }
  bool in_range(const Entry& entry) const {
    return single ? entry.key() == prefix : std::string_view(entry.key()).starts_with(prefix);
  }
  bool matches_content(const Entry& entry) const;
  bool matches(const Entry& entry) const { return in_range(entry) && matches_content(entry); }
};

}  // namespace xebec::apiserver
