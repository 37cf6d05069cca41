#include "http/trace_context.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "http/message.h"

namespace xebec::http {
namespace {

constexpr std::string_view kField = "traceparent";
constexpr size_t kLength = 55;  // of version 00; later ones may go on

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

std::optional<TraceParent> TraceParent::parse(std::string_view text) {
  if (text.size() < kLength) return std::nullopt;
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32),
                         parent = text.substr(36, 16), flags = text.substr(53, 2);
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(flags)) return std::nullopt;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return std::nullopt;
  const bool goes_on = text.size() > kLength;
  if (goes_on && (version == "00" || text[kLength] != '-')) return std::nullopt;
  return TraceParent{std::string(trace), std::string(parent), std::string(flags)};
}

std::string enter_trace(Headers& headers, Rng& rng) {
  const std::vector<std::string_view> fields = headers.all(kField);
  if (fields.empty()) return {};
  std::optional<TraceParent> parent;
  if (fields.size() == 1) parent = TraceParent::parse(fields[0]);
  if (!parent) {
    headers.erase(kField);
    headers.erase("tracestate");
    return {};
  }
  uint64_t id = rng.next();
  if (id == 0) id = 1;
  parent->parent_id = fmt::format("{:016x}", id);
  headers.set(kField, parent->str());
  return parent->trace_id;
}

}  // namespace xebec::http
