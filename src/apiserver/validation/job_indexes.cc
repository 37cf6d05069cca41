#include <fmt/format.h>

#include <charconv>

#include "apiserver/validation/batch.h"
#include "base/status.h"

namespace xebec::apiserver::validation {
namespace {

struct Interval {
  int64_t first = 0, last = 0;
};

Result<int64_t> parse_index(std::string_view text, int32_t completions) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(errors::bad_request("cannot convert string to integer for index: " + field::quote(text)));
  if (value >= completions) return fail(errors::bad_request("too large index: " + field::quote(text)));
  return value;
}

Result<Interval> parse_interval(std::string_view text, int32_t completions) {
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos && text.find('-', dash + 1) != std::string_view::npos) {
    return fail(errors::bad_request(fmt::format(
        "the fragment {} violates the requirement that an index interval can have at most two parts "
        "separated by '-'",
        field::quote(text))));
  }
  TRY(const int64_t first, parse_index(text.substr(0, dash), completions));
  if (dash == std::string_view::npos) return Interval{first, first};
  TRY(const int64_t last, parse_index(text.substr(dash + 1), completions));
  if (first >= last) {
    return fail(
        errors::bad_request(fmt::format("non-increasing order, previous: {}, current: {}", first, last)));
  }
  return Interval{first, last};
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t begin = 0;;) {
    const size_t end = text.find(',', begin);
    out.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return out;
    begin = end + 1;
  }
}

// Those that can be read: the others have their error from count_indexes.
std::vector<Interval> intervals(std::string_view text, int32_t completions) {
  std::vector<Interval> out;
  for (std::string_view part : split(text)) {
    if (Result<Interval> interval = parse_interval(part, completions)) out.push_back(*interval);
  }
  return out;
}

}  // namespace

Result<int64_t> count_indexes(std::string_view text, int32_t completions) {
  if (text.empty()) return 0;
  std::optional<int64_t> last;
  int64_t total = 0;
  for (std::string_view part : split(text)) {
    TRY(const Interval interval, parse_interval(part, completions));
    if (last && *last >= interval.first) {
      return fail(errors::bad_request(
          fmt::format("non-increasing order, previous: {}, current: {}", *last, interval.first)));
    }
    total += interval.last - interval.first + 1;
    last = interval.last;
  }
  return total;
}

std::optional<int64_t> first_common_index(std::string_view completed, std::string_view failed,
                                          int32_t completions) {
  if (completed.empty() || failed.empty()) return {};
  const std::vector<Interval> a = intervals(completed, completions), b = intervals(failed, completions);
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].first <= b[j].last && b[j].first <= a[i].last) return std::max(a[i].first, b[j].first);
    if (a[i].first <= b[j].first) {
      ++i;
    } else {
      ++j;
    }
  }
  return {};
}

}  // namespace xebec::apiserver::validation
