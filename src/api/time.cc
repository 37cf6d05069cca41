#include "api/time.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace xebec::api {
namespace {

struct Instant {
  int64_t seconds;
  int32_t nanos;
};

Status invalid_time(std::string_view text) {
  std::string quoted = "\"" + std::string(text) + "\"";
  return errors::bad_request("parsing time " + quoted + " as \"2006-01-02T15:04:05Z07:00\": cannot parse " +
                             quoted + " as RFC 3339");
}

// Digits at `pos`; -1 when they are none.
int digits(std::string_view text, std::size_t pos, std::size_t n) {
  if (pos + n > text.size()) return -1;
  int value = 0;
  for (std::size_t i = pos; i < pos + n; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool is_at(std::string_view text, std::size_t pos, char c) { return pos < text.size() && text[pos] == c; }

// The fraction after a '.', in nanoseconds; moves pos behind it.
int32_t fraction(std::string_view text, std::size_t& pos) {
  int32_t nanos = 0, unit = 100000000;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
    nanos += (text[pos] - '0') * unit;
    unit /= 10;
    ++pos;
  }
  return nanos;
}

// "Z" or "+hh:mm" to the end of the text, as seconds east.
bool zone(std::string_view text, std::size_t pos, int& offset) {
  offset = 0;
  if (is_at(text, pos, 'Z')) return pos + 1 == text.size();
  if (pos + 6 != text.size() || (text[pos] != '+' && text[pos] != '-') || text[pos + 3] != ':') return false;
  const int hours = digits(text, pos + 1, 2), minutes = digits(text, pos + 4, 2);
  if (hours < 0 || hours > 24 || minutes < 0 || minutes > 60) return false;
  offset = (hours * 60 + minutes) * 60 * (text[pos] == '-' ? -1 : 1);
  return true;
}

Result<Instant> parse_rfc3339(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const bool shaped = is_at(text, 4, '-') && is_at(text, 7, '-') && is_at(text, 10, 'T') &&
                      is_at(text, 13, ':') && is_at(text, 16, ':');
  if (!shaped || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return fail(invalid_time(text));
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (month < 1 || day < 1 || !date.ok()) return fail(invalid_time(text));
  std::size_t pos = 19;
  int32_t nanos = 0;
  if (is_at(text, pos, '.') && digits(text, pos + 1, 1) >= 0) nanos = fraction(text, ++pos);
  int offset = 0;
  if (!zone(text, pos, offset)) return fail(invalid_time(text));
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return Instant{days * 86400 + hour * 3600 + minute * 60 + second - offset, nanos};
}

// "2006-01-02T15:04:05" into out.
void append_date(std::string& out, int64_t seconds) {
  // Any number of seconds comes off the wire: nothing here may overflow.
  constexpr int64_t kDay = 86400;
  const int64_t cut = seconds % kDay, rest = cut < 0 ? cut + kDay : cut;
  const std::chrono::sys_days day(std::chrono::days(seconds / kDay - (cut < 0 ? 1 : 0)));
  const std::chrono::year_month_day date(day);
  char text[32];
  const int n = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d",
                              static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                              static_cast<unsigned>(date.day()), static_cast<int>(rest / 3600),
                              static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  out.append(text, static_cast<std::size_t>(n));
}

}  // namespace

std::string Time::str() const {
  std::string out;
  append_date(out, seconds);
  return out += 'Z';
}

Result<Time> Time::parse(std::string_view text) {
  TRY(Instant t, parse_rfc3339(text));
  return Time{t.seconds};
}

MicroTime MicroTime::from_unix_micros(int64_t micros) {
  int64_t seconds = micros / 1000000, rest = micros % 1000000;
  if (rest < 0) {
    rest += 1000000;
    --seconds;
  }
  return MicroTime{seconds, static_cast<int32_t>(rest * 1000)};
}

std::string MicroTime::str() const {
  std::string out;
  append_date(out, seconds);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", nanos / 1000 % 1000000);
  return out += fraction;
}

Result<MicroTime> MicroTime::parse(std::string_view text) {
  TRY(Instant t, parse_rfc3339(text));
  return MicroTime{t.seconds, t.nanos / 1000 * 1000};
}

std::string Duration::str() const {
  if (nanos == 0) return "0s";
  std::string out = nanos < 0 ? "-" : "";
  const uint64_t n = nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  // The whole part and the fraction without trailing zeros, of `unit` nanoseconds.
  auto decimal = [&](uint64_t value, uint64_t unit, int width) {
    out += std::to_string(value / unit);
    if (value % unit == 0) return;
    std::string digits = std::to_string(value % unit);
    digits.insert(0, static_cast<std::size_t>(width) - digits.size(), '0');
    digits.erase(digits.find_last_not_of('0') + 1);
    out += "." + digits;
  };
  if (n < 1000) return out += std::to_string(n) + "ns";
  if (n < 1000000) return decimal(n, 1000, 3), out += "µs";
  if (n < 1000000000) return decimal(n, 1000000, 6), out += "ms";
  const uint64_t minute = 60000000000, hour = 60 * minute;
  if (n >= hour) out += std::to_string(n / hour) + "h";
  if (n >= minute) out += std::to_string(n / minute % 60) + "m";
  decimal(n % minute, 1000000000, 9);
  return out += "s";
}

Result<Duration> Duration::parse(std::string_view text) {
  auto invalid = [&] {
    return fail(errors::bad_request("time: invalid duration \"" + std::string(text) + "\""));
  };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{};
  if (rest.empty()) return invalid();
  static constexpr std::array<std::pair<std::string_view, int64_t>, 8> kUnits = {{{"ns", 1},
                                                                                  {"us", 1000},
                                                                                  {"µs", 1000},
                                                                                  {"μs", 1000},
                                                                                  {"ms", 1000000},
                                                                                  {"s", 1000000000},
                                                                                  {"m", 60000000000},
                                                                                  {"h", 3600000000000}}};
  const __int128 limit = static_cast<__int128>(1) << 63;
  __int128 total = 0;
  while (!rest.empty()) {
    __int128 whole = 0, part = 0, scale = 1;
    std::size_t i = 0, seen = 0;
    for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i, ++seen) {
      whole = whole * 10 + (rest[i] - '0');
      if (whole > limit) return invalid();
    }
    if (i < rest.size() && rest[i] == '.') {
      for (++i; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i, ++seen) {
        if (scale >= static_cast<__int128>(1000000000) * 1000000000) continue;
        part = part * 10 + (rest[i] - '0');
        scale *= 10;
      }
    }
    if (seen == 0) return invalid();
    std::size_t end = i;
    while (end < rest.size() && rest[end] != '.' && (rest[end] < '0' || rest[end] > '9')) ++end;
    const std::string_view name = rest.substr(i, end - i);
    if (name.empty())
      return fail(errors::bad_request("time: missing unit in duration \"" + std::string(text) + "\""));
    int64_t unit = 0;
    for (const auto& [known, nanos] : kUnits)
      if (known == name) unit = nanos;
    if (unit == 0)
      return fail(errors::bad_request("time: unknown unit \"" + std::string(name) + "\" in duration \"" +
                                      std::string(text) + "\""));
    total += whole * unit + part * unit / scale;
    if (total > limit) return invalid();
    rest.remove_prefix(end);
  }
  if (negative) return Duration{static_cast<int64_t>(-total)};
  if (total == limit) return invalid();
  return Duration{static_cast<int64_t>(total)};
}

}  // namespace xebec::api
