#include "api/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "base/status.h"

namespace xebec::api {
namespace {

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Bounds {
  uint64_t min, max;
  std::span<const std::string_view> names;  // the first stands for `min`
};
constexpr Bounds kMinutes{0, 59, {}}, kHours{0, 23, {}}, kDaysOfMonth{1, 31, {}},
    kMonthsOfYear{1, 12, kMonths}, kDaysOfWeek{0, 6, kDays};

struct Bits {
  uint64_t bits = 0;
  bool star = false;
};

template <class... Args>
std::unexpected<Status> refused(fmt::format_string<Args...> text, Args&&... args) {
  return fail(errors::bad_request(fmt::format(text, std::forward<Args>(args)...)));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    out.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return out;
    begin = end + 1;
  }
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && is_space(text[i])) ++i;
    const size_t begin = i;
    while (i < text.size() && !is_space(text[i])) ++i;
    if (i > begin) out.push_back(text.substr(begin, i - begin));
  }
  return out;
}

// As strconv.Atoi says it.
Result<uint64_t> parse_number(std::string_view text) {
  int64_t value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool signs = text.starts_with("+-");
  if (error == std::errc::result_out_of_range)
    return refused("failed to parse int from {0}: strconv.Atoi: parsing \"{0}\": value out of range", text);
  if (error != std::errc() || end != digits.data() + digits.size() || signs)
    return refused("failed to parse int from {0}: strconv.Atoi: parsing \"{0}\": invalid syntax", text);
  if (value < 0) return refused("negative number ({}) not allowed: {}", value, text);
  return static_cast<uint64_t>(value);
}

Result<uint64_t> parse_number_or_name(std::string_view text, const Bounds& bounds) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (size_t i = 0; i < bounds.names.size(); ++i)
    if (bounds.names[i] == lower) return bounds.min + i;
  return parse_number(text);
}

struct Range {
  uint64_t first = 0, last = 0;
  bool star = false;
};

Result<Range> parse_limits(std::string_view text, std::string_view expression, const Bounds& bounds) {
  const std::vector<std::string_view> parts = split(text, '-');
  if (parts[0] == "*" || parts[0] == "?") return Range{bounds.min, bounds.max, true};
  TRY(const uint64_t first, parse_number_or_name(parts[0], bounds));
  if (parts.size() > 2) return refused("too many hyphens: {}", expression);
  if (parts.size() == 1) return Range{first, first, false};
  TRY(const uint64_t last, parse_number_or_name(parts[1], bounds));
  return Range{first, last, false};
}

// number | number "-" number [ "/" number ]
Result<Bits> parse_range(std::string_view expression, const Bounds& bounds) {
  const std::vector<std::string_view> parts = split(expression, '/');
  TRY(Range range, parse_limits(parts[0], expression, bounds));
  uint64_t step = 1;
  if (parts.size() > 2) return refused("too many slashes: {}", expression);
  if (parts.size() == 2) {
    TRY(step, parse_number(parts[1]));
    // "N/step" goes to the end.
    if (parts[0].find('-') == std::string_view::npos) range.last = bounds.max;
    if (step > 1) range.star = false;
  }
  if (range.first < bounds.min)
    return refused("beginning of range ({}) below minimum ({}): {}", range.first, bounds.min, expression);
  if (range.last > bounds.max)
    return refused("end of range ({}) above maximum ({}): {}", range.last, bounds.max, expression);
  if (range.first > range.last) {
    return refused("beginning of range ({}) beyond end of range ({}): {}", range.first, range.last,
                   expression);
  }
  if (step == 0) return refused("step of range should be a positive number: {}", expression);
  Bits out{0, range.star};
  for (uint64_t i = range.first; i <= range.last; i += std::min<uint64_t>(step, 64)) out.bits |= 1ull << i;
  return out;
}

Result<Bits> parse_field(std::string_view text, const Bounds& bounds) {
  Bits out;
  for (std::string_view expression : split(text, ',')) {
    if (expression.empty()) continue;
    TRY(const Bits range, parse_range(expression, bounds));
    out.bits |= range.bits;
    out.star = out.star || range.star;
  }
  return out;
}

uint64_t every(const Bounds& bounds) { return (1ull << (bounds.max + 1)) - (1ull << bounds.min); }

Result<CronSchedule> parse_word(std::string_view text) {
  CronSchedule out;
  constexpr std::string_view kEvery = "@every ";
  if (text.starts_with(kEvery)) {
    Result<Duration> duration = Duration::parse(text.substr(kEvery.size()));
    if (!duration) return refused("failed to parse duration {}: {}", text, duration.error().message);
    out.every = *duration;
    return out;
  }
  const bool yearly = text == "@yearly" || text == "@annually", monthly = text == "@monthly";
  const bool weekly = text == "@weekly", hourly = text == "@hourly";
  if (!yearly && !monthly && !weekly && !hourly && text != "@daily" && text != "@midnight")
    return refused("unrecognized descriptor: {}", text);
  out.minutes = 1;
  out.hours = hourly ? every(kHours) : 1;
  out.any_day = !yearly && !monthly;
  out.days = out.any_day ? every(kDaysOfMonth) : 1ull << kDaysOfMonth.min;
  out.months = yearly ? 1ull << kMonthsOfYear.min : every(kMonthsOfYear);
  out.any_weekday = !weekly;
  out.weekdays = weekly ? 1 : every(kDaysOfWeek);
  return out;
}

Result<CronSchedule> parse_fields(std::string_view text) {
  const std::vector<std::string_view> fields = words(text);
  if (fields.size() != 5)
    return refused("expected exactly 5 fields, found {}: [{}]", fields.size(), fmt::join(fields, " "));
  CronSchedule out;
  TRY(const Bits minutes, parse_field(fields[0], kMinutes));
  TRY(const Bits hours, parse_field(fields[1], kHours));
  TRY(const Bits days, parse_field(fields[2], kDaysOfMonth));
  TRY(const Bits months, parse_field(fields[3], kMonthsOfYear));
  TRY(const Bits weekdays, parse_field(fields[4], kDaysOfWeek));
  out.minutes = minutes.bits;
  out.hours = hours.bits;
  out.days = days.bits;
  out.months = months.bits;
  out.weekdays = weekdays.bits;
  out.any_day = days.star;
  out.any_weekday = weekdays.star;
  return out;
}

}  // namespace

Result<CronSchedule> parse_cron(std::string_view text) {
  if (text.empty()) return refused("empty spec string");
  std::string zone;
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const size_t begin = text.find('=') + 1, end = std::min(text.find(' '), text.size());
    zone = text.substr(begin, end - begin);
    text.remove_prefix(end);
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  }
  Result<CronSchedule> out = text.starts_with('@') ? parse_word(text) : parse_fields(text);
  if (out) out->time_zone = std::move(zone);
  return out;
}

}  // namespace xebec::api
