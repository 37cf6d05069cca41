#include "apiserver/cache/filter.h"

namespace xebec::apiserver {

bool EntryFilter::matches_content(const Entry& entry) const {
  for (const FieldTerm& term : fields)
    if ((entry.selectable(term.field) == term.value) != term.equal) return false;
  if (labels.empty()) return true;
  return labels.matches([&entry](std::string_view key, std::string_view& value) {
    const LabelView* label = entry.meta().label(key);
    if (label != nullptr) value = label->value;
    return label != nullptr;
  });
}

}  // namespace xebec::apiserver
