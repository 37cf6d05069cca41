// A patch and a document: every patch format applies or fails cleanly, and a merge patch made from two
// documents turns one into the other.
#include "codec/patch.h"

#include <algorithm>

#include "api/gen/corev1.h"
#include "codec/json.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::codec {
namespace {

// What a merge patch cannot say: nulls are deletions.
bool has_null(const Value& value) {
  if (value.is_null()) return true;
  if (const ValueMap* map = value.as_map()) {
    return std::any_of(map->begin(), map->end(), [](const ValueMember& m) { return has_null(m.value); });
  }
  if (const ValueList* list = value.as_list()) return std::any_of(list->begin(), list->end(), has_null);
  return false;
}

}  // namespace

XEBEC_FUZZ(patch) {
  fuzz::Pieces pieces(input);
  const std::string_view patch = pieces.part();
  Result<Value> document = parse_json(pieces.part());
  if (!document || !document->is_map()) return;
  std::vector<std::string> duplicates;
  Value a = *document, b = *document, c = *document;
  (void)apply_json_patch(patch, a, &duplicates);
  const bool merged = apply_merge_patch(patch, b, &duplicates).has_value();
  (void)apply_strategic_merge_patch(api::type_of<corev1::Pod>(), patch, c, &duplicates);
  if (!merged || has_null(*document) || has_null(b) || !b.is_map()) return;
  Value back = *document;
  merge_patch(create_merge_patch(*document, b), back);
  FUZZ_CHECK(equal_numeric(back, b));
}

}  // namespace xebec::codec
