// From the bytes of a CRI log file to what a reader sees: parts of lines joined, streams and old lines left
// out, timestamps where wanted, never more than the limit.
#pragma once

#include <string>
#include <string_view>

#include "kubelet/server/logs/log_options.h"

namespace xebec::kubelet {

class LogFormatter {
 public:
  explicit LogFormatter(const LogOptions& options);

  // Appends what has become readable to `out`. Pieces may end anywhere.
  void feed(std::string_view bytes, std::string& out);
  // The file ends here: a last line without a newline counts.
  void end_of_file(std::string& out);
  // The limit is reached: nothing more comes out.
  bool full() const { return limited_ && left_ == 0; }

 private:
  void line(std::string_view line, std::string& out);
  void emit(std::string_view text, std::string& out);

  const bool timestamps_, want_stdout_, want_stderr_;
  std::optional<WallTime> since_;
  bool limited_;
  size_t left_;
  bool at_line_start_ = true;
  std::string pending_;  // the beginning of a line
};

}  // namespace xebec::kubelet
