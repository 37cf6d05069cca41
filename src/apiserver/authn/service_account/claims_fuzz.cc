// Any text is the claims of a service account or not; what is writes to a fixed point.
#include "apiserver/authn/service_account/claims.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver::service_account {

XEBEC_FUZZ(claims) {
  const Result<Claims> claims = parse_claims(input);
  if (!claims) return;
  FUZZ_CHECK(claims->subject.starts_with(kUserPrefix));
  const std::string once = to_json(*claims);
  const Result<Claims> again = parse_claims(once);
  FUZZ_CHECK(again && to_json(*again) == once);
}

}  // namespace xebec::apiserver::service_account
