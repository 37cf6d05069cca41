// Any text is a time or duration, or not; what is one writes to a fixed point. Times from the wire, which are
// any number, have a text too.
#include "api/time.h"

#include <cstring>

#include "tests/fuzz/fuzz.h"

namespace xebec::api {

XEBEC_FUZZ(time) {
  if (auto time = Time::parse(input)) {
    auto again = Time::parse(time->str());
    // Offsets lead out of the years that have a text: 0000-01-01T00:00:00+01:00.
    FUZZ_CHECK(!again || *again == *time);
  }
  if (auto time = MicroTime::parse(input)) {
    FUZZ_CHECK(time->nanos >= 0 && time->nanos < 1000000000);
    auto again = MicroTime::parse(time->str());
    FUZZ_CHECK(!again || *again == *time);
  }
  if (auto duration = Duration::parse(input)) {
    auto again = Duration::parse(duration->str());
    FUZZ_CHECK(again && *again == *duration);
  }
  if (input.size() == sizeof(int64_t)) {
    int64_t number = 0;
    std::memcpy(&number, input.data(), sizeof number);
    (void)Time::from_unix(number).str();
    (void)MicroTime::from_unix_micros(number).str();
    auto duration = Duration::parse(Duration{number}.str());
    FUZZ_CHECK(duration && duration->nanos == number);
  }
}

}  // namespace xebec::api
