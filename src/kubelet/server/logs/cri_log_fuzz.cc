// The logs that containers write: any bytes give the same text wherever they are cut, and no more than was
// asked for.
#include <algorithm>

#include "kubelet/server/logs/cri_line.h"
#include "kubelet/server/logs/log_formatter.h"
#include "kubelet/server/logs/log_options.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::kubelet {
namespace {

std::string formatted(const LogOptions& options, std::string_view bytes, size_t step) {
  LogFormatter formatter(options);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += step) formatter.feed(bytes.substr(at, step), out);
  formatter.end_of_file(out);
  return out;
}

}  // namespace

XEBEC_FUZZ(cri_log) {
  fuzz::Pieces pieces(input);
  const size_t step = pieces.byte() + 1U;
  http::Request request;
  request.query = pieces.part();
  const std::string_view bytes = pieces.rest();
  if (auto line = parse_cri_line(bytes)) {
    const std::string fixed = fixed_nanos(line->timestamp);
    FUZZ_CHECK(fixed.size() >= 29);
    FUZZ_CHECK(parse_log_time(line->timestamp) == parse_log_time(fixed));
  }
  const Result<LogOptions> options = parse_log_options(request, WallTime(std::chrono::seconds(1800000000)));
  if (!options) return;
  const std::string text = formatted(*options, bytes, step);
  FUZZ_CHECK(text == formatted(*options, bytes, std::max<size_t>(1, bytes.size())));
  if (options->limit_bytes) FUZZ_CHECK(text.size() <= static_cast<size_t>(*options->limit_bytes));
}

}  // namespace xebec::kubelet
