// The `traceparent` field of W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace a request
// belongs to, and which part of it asks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace xebec {
class Rng;
}

namespace xebec::http {

class Headers;

struct TraceParent {
  std::string trace_id;   // 32 digits, lower-case hex
  std::string parent_id;  // 16
  std::string flags;      // 2

  // Nothing for what the specification tells to ignore.
  static std::optional<TraceParent> parse(std::string_view text);
  std::string str() const { return "00-" + trace_id + "-" + parent_id + "-" + flags; }
};

// Takes the request into its trace: from here on its parent is this server. The trace's id; empty, and
// without a traceparent that nobody could read, when the request has none.
std::string enter_trace(Headers& headers, Rng& rng);

}  // namespace xebec::http
