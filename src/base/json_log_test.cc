#include "base/json_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "base/clock.h"

namespace xebec {
namespace {

class FixedClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::nanoseconds(1'580'306'777'047'280'000)); }
};

// What a logger writes to a pipe.
template <class Log>
std::string written(Log log) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  log(Logger(make_json_sink(ends[1]), std::make_shared<FixedClock>(), LogLevel::kDebug).named("kubelet"));
  close(ends[1]);
  std::string out(4096, '\0');
  ssize_t count = read(ends[0], out.data(), out.size());
  close(ends[0]);
  out.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return out;
}

TEST(JsonLog, AnEntryIsAnObjectOnALine) {
  EXPECT_EQ(written([](const Logger& logger) {
              logger.info("Started \"it\"", {{"pod", "default/hue"}, {"lines", "a\nb"}, {"n", 3}});
            }),
            "{\"ts\":1580306777047.280,\"logger\":\"kubelet\",\"msg\":\"Started \\\"it\\\"\",\"v\":0,"
            "\"pod\":\"default/hue\",\"lines\":\"a\\u000ab\",\"n\":\"3\"}\n");
}

TEST(JsonLog, DetailsHaveTheirVerbosityAndErrorsHaveNone) {
  EXPECT_EQ(written([](const Logger& logger) { logger.debug("d"); }),
            "{\"ts\":1580306777047.280,\"logger\":\"kubelet\",\"msg\":\"d\",\"v\":4}\n");
  EXPECT_EQ(written([](const Logger& logger) {
              logger.error("e", {{"err", "why"}});
            }),
            "{\"ts\":1580306777047.280,\"logger\":\"kubelet\",\"msg\":\"e\",\"err\":\"why\"}\n");
}

}  // namespace
}  // namespace xebec
