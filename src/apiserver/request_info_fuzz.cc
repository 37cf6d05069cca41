// Any method and target is a request of some kind, and its parts are those of the path.
#include "apiserver/request_info.h"

#include "http/server_detail.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {

XEBEC_FUZZ(request_info) {
  fuzz::Pieces pieces(input);
  http::Request request;
  request.method = pieces.part();
  http::split_target(pieces.rest(), request);
  const RequestInfo info = parse_request_info(request);
  FUZZ_CHECK(info.path == http::percent_decode(request.path, false));
  if (!info.is_resource) {
    FUZZ_CHECK(info.resource.empty() && info.namespace_.empty());
    return;
  }
  FUZZ_CHECK(info.api_prefix == "api" || info.api_prefix == "apis");
  FUZZ_CHECK(info.api_prefix == "apis" || info.group.empty());
  for (const std::string* part : {&info.version, &info.namespace_, &info.resource, &info.subresource})
    FUZZ_CHECK(part->find('/') == part->npos);
}

}  // namespace xebec::apiserver
