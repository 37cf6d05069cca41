// Request targets and queries: any bytes come apart, and what is encoded comes back.
#include "http/message.h"
#include "http/server_detail.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http {

XEBEC_FUZZ(url) {
  const std::string encoded = percent_encode(input);
  FUZZ_CHECK(percent_decode(encoded, false) == input);
  FUZZ_CHECK(percent_decode(encoded, true) == input);
  FUZZ_CHECK(percent_decode(input, true).size() <= input.size());

  fuzz::Pieces pieces(input);
  Request request;
  split_target(pieces.part(), request);
  FUZZ_CHECK(!request.path.empty() && request.path.find('?') == request.path.npos);
  const std::string_view name = pieces.part(), value = pieces.part();
  const std::vector<std::string> before = request.params(name);
  FUZZ_CHECK(request.param(name).has_value() == !before.empty());
  if (!before.empty()) FUZZ_CHECK(*request.param(name) == before.front());
  request.query += "&" + percent_encode(name) + "=" + percent_encode(value);
  const std::vector<std::string> after = request.params(name);
  FUZZ_CHECK(after.size() == before.size() + 1 && after.back() == value);
}

}  // namespace xebec::http
