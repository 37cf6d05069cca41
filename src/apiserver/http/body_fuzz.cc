// Bodies of requests, in any form and of any kind: an object with its defaults, which defaulting again leaves
// alone, or an error.
#include "apiserver/http/body.h"

#include "api/defaults.h"
#include "codec/protobuf.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kForms[] = {"application/json", "application/yaml",
                                       "application/vnd.kubernetes.protobuf"};

}  // namespace

XEBEC_FUZZ(body) {
  static const api::Scheme scheme = api::Scheme::builtin();
  fuzz::Pieces pieces(input);
  http::Request request;
  request.headers.add("Content-Type", kForms[pieces.byte() % std::size(kForms)]);
  const auto strictness = static_cast<codec::Strictness>(pieces.byte() % 3);
  const std::string_view api_version = pieces.part(), kind = pieces.part();
  const api::GroupVersionKind gvk = api::GroupVersionKind::from(api_version, kind);
  const api::Message* type = scheme.find(gvk);
  if (type == nullptr) return;
  request.body = pieces.rest();
  (void)decode_delete_options(request);
  std::vector<std::string> warnings;
  const Expected expected{type, gvk};
  Result<api::Object> object = decode_body(request, expected, strictness, warnings);
  if (!object) {
    FUZZ_CHECK(object.error().code >= 400 && !object.error().message.empty());
    return;
  }
  const std::string once = codec::encode_protobuf_envelope(*object);
  api::apply_defaults(*object);
  FUZZ_CHECK(codec::encode_protobuf_envelope(*object) == once);
}

}  // namespace xebec::apiserver
