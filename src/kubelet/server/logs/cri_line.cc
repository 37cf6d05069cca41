#include "kubelet/server/logs/cri_line.h"

#include <limits>
#include <utility>

#include "api/time.h"

namespace xebec::kubelet {
namespace {

// The word up to the next space, which is taken off too.
std::optional<std::string_view> next_word(std::string_view& text) {
  size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::string_view word = text.substr(0, space);
  text.remove_prefix(space + 1);
  return word;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr size_t kWholeSeconds = 19;  // length of "2006-01-02T15:04:05"

// Digits after the point, without it.
std::string_view fraction_of(std::string_view timestamp) {
  if (timestamp.size() <= kWholeSeconds || timestamp[kWholeSeconds] != '.') return {};
  size_t end = kWholeSeconds + 1;
  while (end < timestamp.size() && is_digit(timestamp[end])) ++end;
  return timestamp.substr(kWholeSeconds + 1, end - kWholeSeconds - 1);
}

// Go would take an hour of one digit and a comma before the fraction, which no runtime writes: here
// everything has its place.
std::optional<api::Time> seconds_of(std::string_view timestamp) {
  constexpr size_t kAfterHour = std::string_view("2006-01-02T15").size();
  if (timestamp.size() <= kWholeSeconds || timestamp[kAfterHour] != ':' || timestamp[kWholeSeconds] == ',')
    return std::nullopt;
  Result<api::Time> seconds = api::Time::parse(timestamp);
  return seconds ? std::optional<api::Time>(*seconds) : std::nullopt;
}

std::string nine_digits(std::string_view fraction) {
  std::string digits(fraction.substr(0, 9));
  digits.resize(9, '0');
  return digits;
}

}  // namespace

std::optional<CriLine> parse_cri_line(std::string_view line) {
  CriLine out;
  auto timestamp = next_word(line);
  auto stream = next_word(line);
  if (!timestamp || !seconds_of(*timestamp) || !stream || (*stream != "stdout" && *stream != "stderr")) {
    return std::nullopt;
  }
  out.timestamp = *timestamp;
  out.error_stream = *stream == "stderr";
  // Tags are separated by colons, the first tells whether the line goes on. An empty text may lack its space.
  auto tags = next_word(line);
  if (!tags) tags = std::exchange(line, std::string_view());
  std::string_view first = tags->substr(0, tags->find(':'));
  if (first != "P" && first != "F") return std::nullopt;
  out.partial = first == "P";
  out.text = line;
  return out;
}

std::optional<WallTime> parse_log_time(std::string_view timestamp) {
  const std::optional<api::Time> seconds = seconds_of(timestamp);
  // Years beyond what nanoseconds can count do not come from a runtime.
  constexpr int64_t kFarthest = std::numeric_limits<int64_t>::max() / 1'000'000'000 - 1;
  if (!seconds || seconds->unix_seconds() > kFarthest || seconds->unix_seconds() < -kFarthest)
    return std::nullopt;
  int64_t nanos = 0;
  for (char c : nine_digits(fraction_of(timestamp))) nanos = nanos * 10 + (c - '0');
  return WallTime(std::chrono::seconds(seconds->unix_seconds()) + std::chrono::nanoseconds(nanos));
}

std::string fixed_nanos(std::string_view timestamp) {
  std::string_view fraction = fraction_of(timestamp);
  size_t zone = kWholeSeconds + (fraction.empty() ? 0 : fraction.size() + 1);
  std::string out(timestamp.substr(0, kWholeSeconds));
  out += '.';
  out += nine_digits(fraction);
  out += timestamp.substr(zone);
  return out;
}

}  // namespace xebec::kubelet
