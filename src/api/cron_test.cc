#include "api/cron.h"

#include <gtest/gtest.h>

namespace xebec::api {
namespace {

std::string refusal(std::string_view text) {
  Result<CronSchedule> parsed = parse_cron(text);
  return parsed ? "(none)" : parsed.error().message;
}

TEST(Cron, FieldsAreSetsOfNumbers) {
  Result<CronSchedule> parsed = parse_cron("*/20 1-3,5 1 JAN,dec sun-tue");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->minutes, 1ull << 0 | 1ull << 20 | 1ull << 40);
  EXPECT_EQ(parsed->hours, 0b101110u);
  EXPECT_EQ(parsed->days, 1u << 1);
  EXPECT_EQ(parsed->months, 1u << 1 | 1u << 12);
  EXPECT_EQ(parsed->weekdays, 0b111u);
  EXPECT_FALSE(parsed->any_day);
}

TEST(Cron, AStepFromANumberGoesToTheEnd) {
  EXPECT_EQ(parse_cron("45/5 0 * * *")->minutes, 1ull << 45 | 1ull << 50 | 1ull << 55);
}

TEST(Cron, AStarIsOpenUnlessItSteps) {
  Result<CronSchedule> parsed = parse_cron("0 0 */2 * ?");
  EXPECT_FALSE(parsed->any_day);
  EXPECT_TRUE(parsed->any_weekday);
  EXPECT_EQ(parsed->weekdays, 0b1111111u);
}

TEST(Cron, WordsStandForFields) {
  Result<CronSchedule> weekly = parse_cron("@weekly");
  EXPECT_EQ(weekly->weekdays, 1u);
  EXPECT_TRUE(weekly->any_day);
  EXPECT_EQ(parse_cron("@hourly")->hours, (1u << 24) - 1);
  EXPECT_EQ(parse_cron("@yearly")->months, 2u);
  EXPECT_EQ(parse_cron("@every 1h30m")->every->nanos, 5400'000'000'000);
}

TEST(Cron, ATimeZoneMayLead) {
  Result<CronSchedule> parsed = parse_cron("CRON_TZ=Asia/Tokyo  1 2 * * *");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->time_zone, "Asia/Tokyo");
  EXPECT_EQ(parsed->minutes, 2u);
}

TEST(Cron, RefusalsAreTheParsers) {
  EXPECT_EQ(refusal(""), "empty spec string");
  EXPECT_EQ(refusal("* * * *"), "expected exactly 5 fields, found 4: [* * * *]");
  EXPECT_EQ(refusal("x * * * *"), "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
  EXPECT_EQ(refusal("* 24 * * *"), "end of range (24) above maximum (23): 24");
  EXPECT_EQ(refusal("* * 0 * *"), "beginning of range (0) below minimum (1): 0");
  EXPECT_EQ(refusal("5-3 * * * *"), "beginning of range (5) beyond end of range (3): 5-3");
  EXPECT_EQ(refusal("1-2-3 * * * *"), "too many hyphens: 1-2-3");
  EXPECT_EQ(refusal("1/2/3 * * * *"), "too many slashes: 1/2/3");
  EXPECT_EQ(refusal("*/0 * * * *"), "step of range should be a positive number: */0");
  EXPECT_EQ(refusal("@every x"), "failed to parse duration @every x: time: invalid duration \"x\"");
}

TEST(Cron, AHugeStepIsOneValue) { EXPECT_EQ(parse_cron("3/9000000000000000000 * * * *")->minutes, 8u); }

}  // namespace
}  // namespace xebec::api
