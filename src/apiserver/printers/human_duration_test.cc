#include "apiserver/printers/human_duration.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

TEST(HumanDuration, ChoosesUnitsAsUpstream) {
  constexpr int64_t kMinute = 60, kHour = 3600, kDay = 24 * kHour, kYear = 365 * kDay;
  EXPECT_EQ(human_duration(-2), "<invalid>");
  EXPECT_EQ(human_duration(-1), "0s");
  EXPECT_EQ(human_duration(0), "0s");
  EXPECT_EQ(human_duration(119), "119s");
  EXPECT_EQ(human_duration(2 * kMinute), "2m");
  EXPECT_EQ(human_duration(2 * kMinute + 5), "2m5s");
  EXPECT_EQ(human_duration(10 * kMinute + 5), "10m");
  EXPECT_EQ(human_duration(3 * kHour - 1), "179m");
  EXPECT_EQ(human_duration(3 * kHour + kMinute), "3h1m");
  EXPECT_EQ(human_duration(8 * kHour + kMinute), "8h");
  EXPECT_EQ(human_duration(47 * kHour), "47h");
  EXPECT_EQ(human_duration(2 * kDay), "2d");
  EXPECT_EQ(human_duration(2 * kDay + kHour), "2d1h");
  EXPECT_EQ(human_duration(8 * kDay + kHour), "8d");
  EXPECT_EQ(human_duration(2 * kYear), "2y");
  EXPECT_EQ(human_duration(2 * kYear + kDay), "2y1d");
  EXPECT_EQ(human_duration(8 * kYear + kDay), "8y");
}

TEST(HumanDuration, AgeOfTheZeroTimeIsUnknown) {
  EXPECT_EQ(human_age(api::Time{}, 1000), "<unknown>");
  EXPECT_EQ(human_age(api::Time::from_unix(990), 1000), "10s");
}

}  // namespace
}  // namespace xebec::apiserver
