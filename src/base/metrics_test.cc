#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xebec {
namespace {

using testing::HasSubstr;

TEST(Metrics, CountersAndGaugesAreWrittenWithTheirLabels) {
  Metrics metrics;
  metrics.counter("requests_total", "Requests.", {"verb", "code"}).with({"GET", "200"}).add(2);
  metrics.gauge("queue_depth", "Depth.").with({}).set(1.5);
  EXPECT_EQ(metrics.text(),
            "# HELP queue_depth Depth.\n# TYPE queue_depth gauge\nqueue_depth 1.5\n"
            "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
            "requests_total{verb=\"GET\",code=\"200\"} 2\n");
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  static constexpr double kBounds[] = {0.1, 1};
  Metrics metrics;
  Histogram& series = metrics.histogram("seconds", "Time.", kBounds, {"verb"}).with({"GET"});
  series.observe(0.1);
  series.observe(0.5);
  series.observe(7);
  std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("seconds_bucket{verb=\"GET\",le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{verb=\"GET\",le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{verb=\"GET\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("seconds_sum{verb=\"GET\"} 7.6\n"));
  EXPECT_THAT(text, HasSubstr("seconds_count{verb=\"GET\"} 3\n"));
}

TEST(Metrics, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.counter("c", "C.", {"l"}).with({"a\"b\\\n"}).add();
  EXPECT_THAT(metrics.text(), HasSubstr("c{l=\"a\\\"b\\\\\\n\"} 1\n"));
}

TEST(Metrics, ProcessMetricsAreReadOnExposition) {
  Metrics metrics;
  register_process_metrics(metrics);
  EXPECT_THAT(metrics.text(), HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_GT(metrics.gauge("process_resident_memory_bytes", "").with({}).value(), 0);
  EXPECT_GT(metrics.gauge("process_start_time_seconds", "").with({}).value(), 0);
}

}  // namespace
}  // namespace xebec
