// Schedules of CronJobs: five fields, or a word such as @daily (the standard parser of github.com/robfig/cron
// v3). What they mean for the clock is the controller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/time.h"
#include "base/result.h"

namespace xebec::api {

struct CronSchedule {
  // Bit n of a field: it matches n. Days count from 1, months from 1, weekdays from Sunday, 0.
  uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;
  // A field given as `*`: a day matches by both of them when one is open, by either when none is.
  bool any_day = false, any_weekday = false;
  // "@every 1h30m": the fields are empty then.
  std::optional<Duration> every;
  // Of a leading TZ= or CRON_TZ=; not looked up.
  std::string time_zone;
};

// Errors are in the parser's words.
Result<CronSchedule> parse_cron(std::string_view text);

}  // namespace xebec::api
