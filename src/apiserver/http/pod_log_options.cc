#include "apiserver/http/pod_log_options.h"

#include <fmt/format.h>

#include <charconv>

#include "api/field_error.h"

namespace xebec::apiserver {
namespace {

// Nothing when it is not asked for.
Result<std::optional<int64_t>> number(const http::Request& request, std::string_view name) {
  const std::optional<std::string> text = request.param(name);
  if (!text || text->empty()) return std::optional<int64_t>();
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size())
    return fail(errors::bad_request(
        fmt::format("strconv.ParseInt: parsing {}: invalid syntax", field::quote(*text))));
  return std::optional<int64_t>(out);
}

}  // namespace

Result<void> check_log_options(const http::Request& request, const std::string& pod) {
  TRY(const std::optional<int64_t> tail, number(request, "tailLines"));
  TRY(const std::optional<int64_t> limit, number(request, "limitBytes"));
  TRY(const std::optional<int64_t> seconds, number(request, "sinceSeconds"));
  field::Errors wrong;
  if (tail.value_or(0) < 0)
    wrong.push_back(
        field::invalid_int(field::Path("tailLines"), *tail, "must be greater than or equal to 0"));
  if (limit.value_or(1) < 1)
    wrong.push_back(field::invalid_int(field::Path("limitBytes"), *limit, "must be greater than 0"));
  if (seconds && request.param("sinceTime"))
    wrong.push_back(
        field::forbidden(field::Path(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  else if (seconds.value_or(1) < 1)
    wrong.push_back(field::invalid_int(field::Path("sinceSeconds"), *seconds, "must be greater than 0"));
  if (request.param("stream"))  // gate PodLogsQuerySplitStreams
    wrong.push_back(field::forbidden(field::Path("stream"), "may not be specified"));
  if (wrong.empty()) return {};
  return fail(errors::invalid(KindName{"", "PodLogOptions"}, pod, field::causes(wrong)));
}

}  // namespace xebec::apiserver
