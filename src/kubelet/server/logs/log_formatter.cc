#include "kubelet/server/logs/log_formatter.h"

#include "kubelet/server/logs/cri_line.h"

namespace xebec::kubelet {
namespace {

// Runtimes cut lines at 16 KB: what goes on for longer is no log.
constexpr size_t kLongestLine = 1 << 20;

}  // namespace

LogFormatter::LogFormatter(const LogOptions& options)
    : timestamps_(options.timestamps),
      want_stdout_(options.want_stdout),
      want_stderr_(options.want_stderr),
      since_(options.since),
      limited_(options.limit_bytes.has_value()),
      left_(static_cast<size_t>(options.limit_bytes.value_or(0))) {}

void LogFormatter::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty() && !full()) {
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      if (pending_.size() < kLongestLine) pending_ += bytes;
      return;
    }
    if (pending_.empty()) {
      line(bytes.substr(0, end), out);
    } else {
      pending_ += bytes.substr(0, end);
      std::string whole = std::exchange(pending_, {});
      line(whole, out);
    }
    bytes.remove_prefix(end + 1);
  }
}

void LogFormatter::end_of_file(std::string& out) {
  std::string rest = std::exchange(pending_, {});
  if (!rest.empty() && !full()) line(rest, out);
}

void LogFormatter::line(std::string_view text, std::string& out) {
  // Lines that are not the runtime's are passed over, as upstream does.
  std::optional<CriLine> parsed = parse_cri_line(text);
  if (!parsed || !(parsed->error_stream ? want_stderr_ : want_stdout_)) return;
  if (since_) {
    std::optional<WallTime> when = parse_log_time(parsed->timestamp);
    if (!when || *when < *since_) return;
    // Times only rise from here on.
    since_.reset();
  }
  if (timestamps_ && at_line_start_) {
    emit(fixed_nanos(parsed->timestamp), out);
    emit(" ", out);
  }
  emit(parsed->text, out);
  if (!parsed->partial) emit("\n", out);
  at_line_start_ = !parsed->partial;
}

void LogFormatter::emit(std::string_view text, std::string& out) {
  if (limited_) {
    text = text.substr(0, left_);
    left_ -= text.size();
  }
  out += text;
}

}  // namespace xebec::kubelet
