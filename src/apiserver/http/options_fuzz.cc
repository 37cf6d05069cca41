// Any query is a set of options or an error, and continue tokens come back as they went.
#include "apiserver/http/options.h"

#include "apiserver/registry/list_options.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kPrefix = "/registry/pods/";

void check_token(std::string_view text) {
  Result<ContinueToken> token = ContinueToken::decode(text, kPrefix);
  if (!token) return;
  FUZZ_CHECK(token->start_key.starts_with(kPrefix) && token->start_key.find("/../") == std::string::npos);
  Result<ContinueToken> again = ContinueToken::decode(token->encode(kPrefix), kPrefix);
  FUZZ_CHECK(again && again->start_key == token->start_key && again->revision == token->revision);
}

}  // namespace

XEBEC_FUZZ(options) {
  http::Request request;
  request.query = input;
  for (bool watch : {false, true}) {
    Result<ListOptions> options = parse_list_options(request, watch);
    if (!options) continue;
    check_token(options->continue_);
    ListRequest list;
    list.limit = options->limit;
    list.continue_ = options->continue_;
    list.resource_version = options->resource_version;
    list.resource_version_match = options->resource_version_match;
    (void)validate_list(list);
    WatchRequest request_to_watch;
    request_to_watch.resource_version = options->resource_version;
    request_to_watch.resource_version_match = options->resource_version_match;
    request_to_watch.send_initial_events = options->send_initial_events;
    (void)validate_watch(request_to_watch);
    (void)parse_resource_version(options->resource_version);
  }
  (void)parse_include_object(request);
  for (WriteKind kind : {WriteKind::kCreate, WriteKind::kUpdate, WriteKind::kPatch}) {
    for (bool apply : {false, true}) (void)parse_write_query(request, kind, apply);
  }
  (void)parse_delete_options(request);
  check_token(input);
}

}  // namespace xebec::apiserver
