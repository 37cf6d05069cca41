// Any text is an address or a range, or not.
#include "apiserver/allocators/ip_range.h"

#include "base/clock.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {

XEBEC_FUZZ(ip_range) {
  fuzz::Pieces pieces(input);
  const std::string_view text = pieces.part();
  // Leading zeros are read, as upstream does, and not written.
  if (auto address = parse_ipv4(text)) FUZZ_CHECK(parse_ipv4(format_ipv4(*address)) == address);
  Result<IpRange> range = IpRange::parse(text);
  if (!range) return;
  Result<IpRange> again = IpRange::parse(range->cidr());
  FUZZ_CHECK(again && again->cidr() == range->cidr());
  if (auto address = parse_ipv4(pieces.part())) {
    FUZZ_CHECK(range->take(*address).has_value() == range->contains(*address));
    FUZZ_CHECK(!range->take(*address));
  }
  static const std::unique_ptr<Rng> rng = make_seeded_rng(1);
  if (auto address = range->take_any(*rng)) FUZZ_CHECK(range->contains(*address));
}

}  // namespace xebec::apiserver
