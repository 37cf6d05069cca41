// Any Accept and Content-Type headers are answered, or refused, in one way.
#include "apiserver/http/negotiate.h"

#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {

XEBEC_FUZZ(negotiate) {
  fuzz::Pieces pieces(input);
  const uint8_t bits = pieces.byte();
  const Offered offered{
      .views = (bits & 1) != 0, .list = (bits & 2) != 0, .stream = (bits & 4) != 0, .yaml = (bits & 8) != 0};
  http::Request request;
  request.headers.add("Content-Type", pieces.part());
  request.query = pieces.part();
  while (!pieces.empty()) request.headers.add("Accept", pieces.part());
  const std::vector<AcceptClause> clauses = parse_accept(request.headers.get("Accept"));
  for (size_t i = 1; i < clauses.size(); ++i) FUZZ_CHECK(clauses[i - 1].q >= clauses[i].q);
  (void)body_media_type(request);
  const Result<Accepted> accepted = negotiate(request, offered);
  if (!accepted) return;
  FUZZ_CHECK(offered.views || accepted->view == View::kObject);
  FUZZ_CHECK((offered.yaml && !offered.stream) || accepted->type != MediaType::kYaml);
  FUZZ_CHECK((accepted->view == View::kObject) == accepted->view_version.empty());
}

}  // namespace xebec::apiserver
