// Times and durations as the API shows them.
#pragma once

#include <string>

#include "api/time.h"
#include "base/clock.h"

namespace xebec::kubelet {

inline api::Time now_time(const Clock& clock) {
  return api::Time::from_unix(
      std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count());
}
// From the runtime's nanoseconds; 0 is the zero time.
inline api::Time time_of_nanos(int64_t nanos) {
  return nanos == 0 ? api::Time() : api::Time::from_unix(nanos / 1'000'000'000);
}
inline int64_t now_nanos(const Clock& clock) { return clock.now().time_since_epoch().count(); }
// As Go prints a time.Duration: "1m20s", "1.5s", "250ms".
inline std::string go_duration(std::chrono::nanoseconds d) { return api::Duration{d.count()}.str(); }

}  // namespace xebec::kubelet
