// Any text is a quantity or not; what is one keeps its value and its canonical text, and arithmetic on two of
// them is consistent.
#include "api/quantity.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::api {

XEBEC_FUZZ(quantity) {
  fuzz::Pieces pieces(input);
  Result<Quantity> a = Quantity::parse(pieces.part());
  if (!a) return;
  Result<Quantity> again = Quantity::parse(a->str());
  FUZZ_CHECK(again && again->str() == a->str() && *again == *a);
  (void)a->milli_value();
  (void)a->scaled_value(Quantity::kNano);
  (void)a->to_double();
  Quantity negative = *a;
  negative.neg();
  FUZZ_CHECK(negative.sign() == -a->sign());
  Quantity rounded = *a;
  rounded.round_up(Quantity::kUnit);
  FUZZ_CHECK(a->sign() < 0 ? rounded <= *a : rounded >= *a);

  Result<Quantity> b = Quantity::parse(pieces.part());
  if (!b) return;
  FUZZ_CHECK(a->cmp(*b) == -b->cmp(*a));
  Quantity one = *a, other = *b;
  one.add(*b);
  other.add(*a);
  // Binary sums are capped.
  if (a->format() != Quantity::Format::BinarySI && b->format() != Quantity::Format::BinarySI)
    FUZZ_CHECK(one == other);
  one.sub(*b);
  one.mul(3);
}

}  // namespace xebec::api
