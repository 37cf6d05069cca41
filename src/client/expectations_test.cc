#include "client/expectations.h"

#include "base/sim_executor.h"

namespace xebec::client {
namespace {

using namespace std::chrono_literals;

TEST(Expectations, AreSatisfiedWhenAllWasSeen) {
  SimExecutor executor;
  ControllerExpectations expectations(executor);
  EXPECT_TRUE(expectations.satisfied("ns/a"));
  expectations.expect_creations("ns/a", 2);
  EXPECT_FALSE(expectations.satisfied("ns/a"));
  expectations.creation_observed("ns/a");
  EXPECT_FALSE(expectations.satisfied("ns/a"));
  expectations.creation_observed("ns/a");
  EXPECT_TRUE(expectations.satisfied("ns/a"));
  expectations.creation_observed("ns/other");  // of nobody
}

TEST(Expectations, ExpireAfterFiveMinutes) {
  SimExecutor executor;
  ControllerExpectations expectations(executor);
  expectations.expect_deletions("ns/a", 1);
  executor.run_for(5min);
  EXPECT_FALSE(expectations.satisfied("ns/a"));
  executor.run_for(1s);
  EXPECT_TRUE(expectations.satisfied("ns/a"));
}

TEST(Expectations, ADeletionSeenTwiceCountsOnce) {
  SimExecutor executor;
  UidTrackingExpectations expectations(executor);
  expectations.expect_deletions("ns/a", {"uid-1", "uid-2"});
  expectations.deletion_observed("ns/a", "uid-1");
  expectations.deletion_observed("ns/a", "uid-1");
  expectations.deletion_observed("ns/a", "uid-9");
  EXPECT_FALSE(expectations.satisfied("ns/a"));
  expectations.deletion_observed("ns/a", "uid-2");
  EXPECT_TRUE(expectations.satisfied("ns/a"));
}

}  // namespace
}  // namespace xebec::client
