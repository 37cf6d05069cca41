// Any bytes parse as a field set or fail cleanly; what parses writes to a fixed point; the set operations are
// those of sets.
#include "codec/fields_v1.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::codec {

XEBEC_FUZZ(fields_v1) {
  fuzz::Pieces pieces(input);
  Result<FieldSet> a = FieldSet::parse(pieces.part());
  if (!a) return;
  Result<FieldSet> again = FieldSet::parse(a->serialize());
  FUZZ_CHECK(again && *again == *a);
  FUZZ_CHECK(a->difference(*again).empty());
  for (const Path& path : a->paths()) FUZZ_CHECK(a->has(path));

  Result<FieldSet> b = FieldSet::parse(pieces.part());
  if (!b) return;
  const FieldSet both = a->union_with(*b), shared = a->intersection(*b), rest = a->difference(*b);
  FUZZ_CHECK(both == b->union_with(*a));
  FUZZ_CHECK(shared == b->intersection(*a));
  FUZZ_CHECK(rest.union_with(shared) == *a);
  FUZZ_CHECK(rest.intersection(*b).empty());
  FUZZ_CHECK(a->recursive_difference(*b).difference(rest).empty());
}

}  // namespace xebec::codec
