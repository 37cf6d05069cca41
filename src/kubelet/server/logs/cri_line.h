// A line of a container's log file as CRI runtimes write it:
//   2016-10-06T00:17:09.669794202Z stdout P text of the line's first part
// P marks a part of a longer line, F its last part (kubernetes/design-proposals kubelet-cri-logging).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace xebec::kubelet {

struct CriLine {
  std::string_view timestamp;  // as written
  bool error_stream = false;   // stderr
  bool partial = false;
  std::string_view text;
};

// `line` is without its newline. Nothing when it is not of this form.
std::optional<CriLine> parse_cri_line(std::string_view line);

// The moment an RFC 3339 timestamp names, to the nanosecond.
std::optional<WallTime> parse_log_time(std::string_view timestamp);
// The timestamp with all nine digits of the fraction.
std::string fixed_nanos(std::string_view timestamp);

}  // namespace xebec::kubelet
