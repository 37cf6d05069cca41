// Any text is a label or field selector, or not; what is a label selector writes to a fixed point and matches
// the same labels.
#include "api/selectors.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::api {

XEBEC_FUZZ(selectors) {
  fuzz::Pieces pieces(input);
  const std::string_view text = pieces.part();
  if (auto fields = FieldSelector::parse(text)) {
    for (const FieldSelector::Term& term : fields->terms()) (void)term.field;
  }
  Result<LabelSelector> selector = LabelSelector::parse(text);
  if (!selector) return;
  Result<LabelSelector> again = LabelSelector::parse(selector->str());
  FUZZ_CHECK(again && again->str() == selector->str());
  FlatMap<std::string> labels;
  while (!pieces.empty()) {
    const std::string_view pair = pieces.part();
    const size_t equals = pair.find('=');
    if (equals != pair.npos) labels[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  FUZZ_CHECK(selector->matches(labels) == again->matches(labels));
  FUZZ_CHECK(LabelSelector::of_map(labels).matches(labels));
}

}  // namespace xebec::api
