#include "client/event_recorder.h"

#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "client/event_correlator.h"
#include "client/testing/sim.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;
using testing::FakeApi;
using testing::Sim;

class EventRecorderTest : public ::testing::Test {
 protected:
  EventRecorderTest() {
    pod_.metadata.name = "hue";
    pod_.metadata.namespace_ = "default";
    pod_.metadata.uid = "uid-1";
    sim_.scope.spawn(recorder_.run(sim_.scope.token()));
  }
  void TearDown() override {
    sim_.scope.cancel();
    sim_.run_for(1s);
  }
  std::vector<corev1::Event> events() {
    sim_.run_for(100ms);
    return sim_.api->list<corev1::Event>();
  }

  Sim sim_;
  EventRecorder recorder_{sim_.rest, sim_.env, "kubelet", "node-1"};
  corev1::Pod pod_;
};

TEST_F(EventRecorderTest, WritesAnEventAboutAnObject) {
  recorder_.event(reference_to(pod_, "spec.containers{hue}"), kEventNormal, "Started",
                  "Started container hue");
  std::vector<corev1::Event> all = events();
  ASSERT_EQ(all.size(), 1u);
  const corev1::Event& event = all[0];
  EXPECT_EQ(event.metadata.name, fmt::format("hue.{:x}", 1764460800000000000));
  EXPECT_EQ(event.metadata.namespace_, "default");
  EXPECT_EQ(event.involvedObject.kind, "Pod");
  EXPECT_EQ(event.involvedObject.apiVersion, "v1");
  EXPECT_EQ(event.involvedObject.fieldPath, "spec.containers{hue}");
  EXPECT_EQ(event.involvedObject.uid, "uid-1");
  EXPECT_EQ(event.type, "Normal");
  EXPECT_EQ(event.count, 1);
  EXPECT_EQ(event.source.component, "kubelet");
  EXPECT_EQ(event.source.host, "node-1");
  EXPECT_EQ(event.reportingComponent, "kubelet");
}

TEST_F(EventRecorderTest, TheSameEventIsCounted) {
  for (int i = 0; i < 3; ++i) {
    recorder_.event(pod_, kEventWarning, "BackOff", "Back-off restarting failed container");
    sim_.run_for(10s);
  }
  std::vector<corev1::Event> all = events();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].count, 3);
  EXPECT_EQ(all[0].lastTimestamp.seconds - all[0].firstTimestamp.seconds, 20);
}

TEST_F(EventRecorderTest, ACountedEventThatIsGoneIsMadeAgain) {
  recorder_.event(pod_, kEventNormal, "Pulled", "again");
  ASSERT_EQ(events().size(), 1u);
  sim_.api->remove<corev1::Event>("default", events()[0].metadata.name);
  recorder_.event(pod_, kEventNormal, "Pulled", "again");
  ASSERT_EQ(events().size(), 1u);
  EXPECT_EQ(events()[0].count, 2);
}

TEST_F(EventRecorderTest, ManySimilarEventsAreCombined) {
  for (int i = 0; i < 15; ++i) recorder_.event(pod_, kEventWarning, "FailedMount", fmt::format("try {}", i));
  std::vector<corev1::Event> all = events();
  ASSERT_EQ(all.size(), 10u);
  int combined = 0;
  for (const corev1::Event& event : all) {
    if (!event.message.starts_with("(combined from similar events): ")) continue;
    ++combined;
    EXPECT_EQ(event.message, "(combined from similar events): try 14");
    EXPECT_EQ(event.count, 6);
  }
  EXPECT_EQ(combined, 1);
}

TEST_F(EventRecorderTest, ASpammerIsSilenced) {
  for (int i = 0; i < 40; ++i) recorder_.event(pod_, kEventNormal, fmt::format("Reason{}", i), "text");
  EXPECT_EQ(events().size(), 25u);
  sim_.run_for(5min);
  recorder_.event(pod_, kEventNormal, "Later", "text");
  recorder_.event(pod_, kEventNormal, "TooMuch", "text");
  EXPECT_EQ(events().size(), 26u);
}

TEST_F(EventRecorderTest, TransportFailuresAreTriedAgainAndRefusalsAreNot) {
  int asked = 0;
  sim_.api->set_hook([&](const http::Request&) -> std::optional<http::Response> {
    if (++asked > 2) return std::nullopt;
    return FakeApi::error_response(errors::service_unavailable("away"));
  });
  recorder_.event(pod_, kEventNormal, "A", "text");
  sim_.run_for(60s);
  EXPECT_EQ(events().size(), 1u);
  asked = -1000;
  sim_.api->set_hook([&](const http::Request&) -> std::optional<http::Response> {
    ++asked;
    return FakeApi::error_response(errors::forbidden({"", "events"}, "x", "no"));
  });
  recorder_.event(pod_, kEventNormal, "B", "text");
  sim_.run_for(60s);
  EXPECT_EQ(asked, -999);
}

TEST_F(EventRecorderTest, AFullQueueDropsEvents) {
  for (int i = 0; i < 1500; ++i) recorder_.event(pod_, kEventNormal, "R", std::to_string(i));
  EXPECT_EQ(recorder_.pending(), 1000u);
}

}  // namespace
}  // namespace xebec::client
