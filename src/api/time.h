// The time scalars of meta/v1. Time has whole seconds, MicroTime microseconds; both are UTC. The zero value
// is Go's zero time (0001-01-01T00:00:00Z), which JSON writes as null and protobuf as an empty message. Where
// Go has *metav1.Time a field is std::optional<Time>.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::api {

inline constexpr int64_t kZeroTimeSeconds = -62135596800;  // 0001-01-01T00:00:00Z

struct Time {
  int64_t seconds = kZeroTimeSeconds;  // since 1970-01-01T00:00:00Z

  static Time from_unix(int64_t seconds) { return Time{seconds}; }
  bool is_zero() const { return seconds == kZeroTimeSeconds; }
  int64_t unix_seconds() const { return seconds; }
  // RFC 3339, "2006-01-02T15:04:05Z".
  std::string str() const;
  // Accepts any RFC 3339 offset and fraction (cut to seconds).
  static Result<Time> parse(std::string_view text);
  auto operator<=>(const Time&) const = default;
};

struct MicroTime {
  int64_t seconds = kZeroTimeSeconds;
  int32_t nanos = 0;  // a whole number of microseconds, 0 .. 999999000

  static MicroTime from_unix_micros(int64_t micros);
  bool is_zero() const { return seconds == kZeroTimeSeconds && nanos == 0; }
  int64_t unix_micros() const { return seconds * 1000000 + nanos / 1000; }
  // "2006-01-02T15:04:05.000000Z".
  std::string str() const;
  // As Go's layout has it: with six digits, no more and no fewer.
  static Result<MicroTime> parse(std::string_view text);
  auto operator<=>(const MicroTime&) const = default;
};

// meta/v1 Duration: text as Go's time.Duration ("1h2m3.5s").
struct Duration {
  int64_t nanos = 0;

  static Duration from_seconds(int64_t seconds) { return Duration{seconds * 1000000000}; }
  std::string str() const;
  static Result<Duration> parse(std::string_view text);
  auto operator<=>(const Duration&) const = default;
};

}  // namespace xebec::api
