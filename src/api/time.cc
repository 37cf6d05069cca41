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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Go's time.Parse for RFC 3339, piece by piece, since what it says of a bad text names the piece.
class GoParser {
 public:
  // `fraction`: exactly six digits are wanted, where else any may be.
  GoParser(std::string_view text, bool fraction) : text_(text), rest_(text), fraction_(fraction) {}

  Result<Instant> parse() {
    const bool read = number(4, "2006", year_) && skip('-') && ranged("01", month_, 1, 12, "month") &&
                      skip('-') && number(2, "02", day_) && skip('T') && hour() && skip(':') &&
                      ranged("04", minute_, 0, 59, "minute") && skip(':') &&
                      ranged("05", second_, 0, 59, "second") && nanoseconds() && zone();
    if (!read) return fail(errors::bad_request(problem_));
    if (!rest_.empty()) return fail(errors::bad_request(about("extra text: " + quoted(rest_))));
    const std::chrono::year_month_day date(std::chrono::year(year_),
                                           std::chrono::month(static_cast<unsigned>(month_)),
                                           std::chrono::day(static_cast<unsigned>(day_)));
    if (day_ < 1 || !date.ok()) return fail(errors::bad_request(about("day out of range")));
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return Instant{days * 86400 + hour_ * 3600 + minute_ * 60 + second_ - offset_, nanos_};
  }

 private:
  static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
  std::string about(std::string_view what) const {
    return "parsing time " + quoted(text_) + ": " + std::string(what);
  }
  bool bad(std::string_view value, std::string_view piece) {
    problem_ = "parsing time " + quoted(text_) + " as \"2006-01-02T15:04:05" + (fraction_ ? ".000000" : "") +
               "Z07:00\": cannot parse " + quoted(value) + " as " + quoted(piece);
    return false;
  }
  bool out_of_range(std::string_view what) {
    problem_ = about(std::string(what) + " out of range");
    return false;
  }
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return bad(rest_, std::string_view(&c, 1));
    rest_.remove_prefix(1);
    return true;
  }
  bool number(std::size_t width, std::string_view piece, int& out) {
    const bool enough = rest_.size() >= width;
    for (std::size_t i = 0; i < width; ++i) {
      if (!enough || !is_digit(rest_[i])) return bad(rest_, piece);
    }
    out = 0;
    for (char c : rest_.substr(0, width)) out = out * 10 + (c - '0');
    rest_.remove_prefix(width);
    return true;
  }
  bool ranged(std::string_view piece, int& out, int least, int most, std::string_view what) {
    if (!number(2, piece, out)) return false;
    return (out >= least && out <= most) || out_of_range(what);
  }
  // Of one digit, too.
  bool hour() {
    const std::size_t width = rest_.size() >= 2 && is_digit(rest_[1]) ? 2 : 1;
    return number(width, "15", hour_) && (hour_ < 24 || out_of_range("hour"));
  }
  bool nanoseconds() {
    const bool mark = !rest_.empty() && (rest_[0] == '.' || rest_[0] == ',');
    std::size_t end = 1;
    while (mark && end < rest_.size() && is_digit(rest_[end]) && (!fraction_ || end < 7)) ++end;
    if (fraction_ && end != 7) return bad(rest_, ".000000");
    if (end < 2) return true;
    int32_t unit = 100000000;
    for (char c : rest_.substr(1, end - 1)) {
      nanos_ += (c - '0') * unit;
      unit /= 10;
    }
    rest_.remove_prefix(end);
    return true;
  }
  // "Z" or "+hh:mm".
  bool zone() {
    const std::string_view at = rest_;
    if (at.starts_with('Z')) {
      rest_.remove_prefix(1);
      return true;
    }
    if (at.size() < 6 || at[3] != ':' || !is_digit(at[1]) || !is_digit(at[2]) || !is_digit(at[4]) ||
        !is_digit(at[5]))
      return bad(at, "Z07:00");
    const int hours = (at[1] - '0') * 10 + (at[2] - '0'), minutes = (at[4] - '0') * 10 + (at[5] - '0');
    // Go lets some people write offsets of 24 hours and 60 minutes.
    if (hours > 24) return out_of_range("time zone offset hour");
    if (minutes > 60) return out_of_range("time zone offset minute");
    if (at[0] != '+' && at[0] != '-') return bad(at, "Z07:00");
    offset_ = (hours * 60 + minutes) * 60 * (at[0] == '-' ? -1 : 1);
    rest_.remove_prefix(6);
    return true;
  }

  const std::string_view text_;
  std::string_view rest_;
  const bool fraction_;
  int year_ = 0, month_ = 0, day_ = 0, hour_ = 0, minute_ = 0, second_ = 0, offset_ = 0;
  int32_t nanos_ = 0;
  std::string problem_;
};

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
  TRY(Instant t, GoParser(text, false).parse());
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
  TRY(Instant t, GoParser(text, true).parse());
  return MicroTime{t.seconds, t.nanos};
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
