#include "api/time.h"

#include <limits>

#include "api/int_or_string.h"

namespace xebec::api {
namespace {

TEST(Time, WritesRfc3339InUtc) {
  EXPECT_EQ(Time::from_unix(0).str(), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Time::from_unix(1700000000).str(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Time{}.str(), "0001-01-01T00:00:00Z");
  EXPECT_TRUE(Time{}.is_zero());
}

TEST(Time, ReadsOffsetsAndFractions) {
  EXPECT_EQ(Time::parse("2023-11-14T22:13:20Z")->seconds, 1700000000);
  EXPECT_EQ(Time::parse("2023-11-15T00:13:20+02:00")->seconds, 1700000000);
  EXPECT_EQ(Time::parse("2023-11-14T22:13:20.999Z")->seconds, 1700000000);
  EXPECT_TRUE(Time::parse("0001-01-01T00:00:00Z")->is_zero());
}

TEST(Time, RejectsWhatIsNoTime) {
  for (const char* bad :
       {"", "2023", "2023-11-14", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "2023-11-14T24:00:00Z",
        "2023-11-14T22:13:20", "2023-11-14T22:13:20Zx", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20."})
    EXPECT_FALSE(Time::parse(bad)) << bad;
}

TEST(Time, SaysWhatIsWrongAsGoDoes) {
  auto wrong = [](std::string_view text) { return Time::parse(text).error().message; };
  const std::string layout = " as \"2006-01-02T15:04:05Z07:00\": cannot parse ";
  EXPECT_EQ(wrong("foo"), "parsing time \"foo\"" + layout + "\"foo\" as \"2006\"");
  EXPECT_EQ(wrong(""), "parsing time \"\"" + layout + "\"\" as \"2006\"");
  EXPECT_EQ(wrong("2023/11"), "parsing time \"2023/11\"" + layout + "\"/11\" as \"-\"");
  EXPECT_EQ(wrong("2023-11-14 22:13:20Z"),
            "parsing time \"2023-11-14 22:13:20Z\"" + layout + "\" 22:13:20Z\" as \"T\"");
  EXPECT_EQ(wrong("2023-11-14T22:13:20"),
            "parsing time \"2023-11-14T22:13:20\"" + layout + "\"\" as \"Z07:00\"");
  EXPECT_EQ(wrong("2023-13-14T22:13:20Z"), "parsing time \"2023-13-14T22:13:20Z\": month out of range");
  EXPECT_EQ(wrong("2023-02-30T22:13:20Z"), "parsing time \"2023-02-30T22:13:20Z\": day out of range");
  EXPECT_EQ(wrong("2023-02-03T24:13:20Z"), "parsing time \"2023-02-03T24:13:20Z\": hour out of range");
  EXPECT_EQ(wrong("2023-02-03T22:13:20Zx"), "parsing time \"2023-02-03T22:13:20Zx\": extra text: \"x\"");
  // What it takes beyond the RFC.
  EXPECT_EQ(Time::parse("2023-11-14T1:13:20,5Z")->str(), "2023-11-14T01:13:20Z");
}

TEST(Time, AnyNumberOfSecondsHasAText) {
  EXPECT_EQ(Time::from_unix(-86401).str(), "1969-12-30T23:59:59Z");
  EXPECT_EQ(Time::from_unix(-86400).str(), "1969-12-31T00:00:00Z");
  for (int64_t seconds : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()})
    EXPECT_TRUE(Time::from_unix(seconds).str().ends_with('Z'));
}

TEST(MicroTime, HasSixDigits) {
  EXPECT_EQ(MicroTime::from_unix_micros(1700000000123456).str(), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(MicroTime::from_unix_micros(-1).str(), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(MicroTime::parse("2023-11-15T00:13:20.123456+02:00")->unix_micros(), 1700000000123456);
  auto wrong = [](std::string_view text) { return MicroTime::parse(text).error().message; };
  const std::string layout = " as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse ";
  EXPECT_EQ(wrong("2023-11-14T22:13:20Z"),
            "parsing time \"2023-11-14T22:13:20Z\"" + layout + "\"Z\" as \".000000\"");
  EXPECT_EQ(wrong("2023-11-14T22:13:20.1234567Z"),
            "parsing time \"2023-11-14T22:13:20.1234567Z\"" + layout + "\"7Z\" as \"Z07:00\"");
}

TEST(Duration, WritesAsGoDoes) {
  EXPECT_EQ(Duration{0}.str(), "0s");
  EXPECT_EQ(Duration::from_seconds(3723).str(), "1h2m3s");
  EXPECT_EQ(Duration::from_seconds(3600).str(), "1h0m0s");
  EXPECT_EQ(Duration{1500000000}.str(), "1.5s");
  EXPECT_EQ(Duration{1500000}.str(), "1.5ms");
  EXPECT_EQ(Duration{100}.str(), "100ns");
  EXPECT_EQ(Duration{-2500}.str(), "-2.5µs");
  EXPECT_EQ(Duration{60010000000}.str(), "1m0.01s");
}

TEST(Duration, ReadsWhatItWrites) {
  for (int64_t nanos : {int64_t{0}, int64_t{1}, int64_t{-2500}, int64_t{3723000000000}, int64_t{60010000000},
                        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min() + 1})
    EXPECT_EQ(Duration::parse(Duration{nanos}.str())->nanos, nanos);
  EXPECT_EQ(Duration::parse("1.5h")->nanos, 5400000000000);
  EXPECT_EQ(Duration::parse("+.5s")->nanos, 500000000);
}

TEST(Duration, RejectsWithGosWords) {
  EXPECT_EQ(Duration::parse("").error().message, "time: invalid duration \"\"");
  EXPECT_EQ(Duration::parse("3").error().message, "time: missing unit in duration \"3\"");
  EXPECT_EQ(Duration::parse("3x").error().message, "time: unknown unit \"x\" in duration \"3x\"");
  EXPECT_FALSE(Duration::parse("9999999999h"));
}

TEST(IntOrString, PercentagesScale) {
  EXPECT_EQ(*get_scaled_value(IntOrString(3), 10, true), 3);
  EXPECT_EQ(*get_scaled_value("25%", 10, true), 3);
  EXPECT_EQ(*get_scaled_value("25%", 10, false), 2);
  EXPECT_EQ(*get_scaled_value("100%", 7, false), 7);
  EXPECT_EQ(get_scaled_value("25", 10, false).error().message,
            "invalid value for IntOrString: invalid type: string is not a percentage");
  EXPECT_FALSE(get_scaled_value("x%", 10, false));
  EXPECT_EQ(IntOrString("80").int_value(), 80);
  EXPECT_EQ(IntOrString("http").int_value(), 0);
}

}  // namespace
}  // namespace xebec::api
