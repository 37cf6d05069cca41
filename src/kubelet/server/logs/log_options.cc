#include "kubelet/server/logs/log_options.h"
#include "http/query_flag.h"

#include <algorithm>
#include <charconv>

#include "kubelet/server/logs/cri_line.h"

namespace xebec::kubelet {
namespace {

Status undecodable() { return errors::bad_request(R"({"message": "Unable to decode query."})"); }
Status nonsense() { return Status(422, reason::kInvalid, R"({"message": "Invalid request."})"); }

Result<std::optional<int64_t>> number(const http::Request& request, std::string_view name, int64_t least) {
  std::optional<std::string> text = request.param(name);
  if (!text || text->empty()) return std::optional<int64_t>();
  int64_t value = 0;
  auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size()) return fail(undecodable());
  if (value < least) return fail(nonsense());
  return std::optional<int64_t>(value);
}

Result<void> choose_stream(const http::Request& request, LogOptions& options) {
  std::optional<std::string> stream = request.param("stream");
  if (!stream || stream->empty() || *stream == "All") return {};
  if (options.tail_lines || (*stream != "Stdout" && *stream != "Stderr")) return fail(nonsense());
  options.want_stdout = *stream == "Stdout";
  options.want_stderr = *stream == "Stderr";
  return {};
}

}  // namespace

Result<LogOptions> parse_log_options(const http::Request& request, WallTime now) {
  LogOptions options;
  options.follow = http::query_flag(request, "follow");
  options.previous = http::query_flag(request, "previous");
  options.timestamps = http::query_flag(request, "timestamps");
  TRY(options.tail_lines, number(request, "tailLines", 0));
  TRY(options.limit_bytes, number(request, "limitBytes", 1));
  TRY(std::optional<int64_t> since_seconds, number(request, "sinceSeconds", 1));
  std::optional<std::string> since_time = request.param("sinceTime");
  if (since_time && since_time->empty()) since_time.reset();
  if (since_seconds && since_time) return fail(nonsense());
  // More seconds than there were since 1970 mean everything.
  const int64_t since_epoch = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (since_seconds) options.since = now - std::chrono::seconds(std::min(*since_seconds, since_epoch));
  if (since_time) {
    options.since = parse_log_time(*since_time);
    if (!options.since) return fail(undecodable());
  }
  TRY_VOID(choose_stream(request, options));
  return options;
}

}  // namespace xebec::kubelet
