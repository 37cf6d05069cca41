// Any text is an address or a range, or not.
#include "apiserver/allocators/ip_range.h"

#include "base/clock.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {

XEBEC_FUZZ(ip_range) {
  fuzz::Pieces pieces(input);
  const std::string_view text = pieces.part();
  // Leading zeros are read, as upstream does, and not written.
  if (auto address = Address::parse(text)) FUZZ_CHECK(Address::parse(address->str()) == address);
  Result<IpRange> range = IpRange::parse(text);
  if (!range) return;
  Result<IpRange> again = IpRange::parse(range->cidr());
  FUZZ_CHECK(again && again->cidr() == range->cidr());
  const auto first = Address::parse(pieces.part());
  static const std::unique_ptr<Rng> rng = make_seeded_rng(1);
  const auto picked = range->pick(*rng, [&](const Address& address) { return address == first; });
  FUZZ_CHECK(picked && range->contains(*picked) && picked != first);
}

}  // namespace xebec::apiserver
