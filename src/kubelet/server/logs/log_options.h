// PodLogOptions as the query of /containerLogs.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace xebec::kubelet {

struct LogOptions {
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  bool want_stdout = true, want_stderr = true;
  std::optional<int64_t> tail_lines;
  std::optional<int64_t> limit_bytes;
  std::optional<WallTime> since;
};

// BadRequest for what cannot be read, Invalid (422) for what makes no sense, both in the kubelet's words.
Result<LogOptions> parse_log_options(const http::Request& request, WallTime now);

}  // namespace xebec::kubelet
