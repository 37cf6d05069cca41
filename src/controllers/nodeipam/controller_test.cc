#include "controllers/nodeipam/controller.h"

#include "controllers/testing/harness.h"

namespace xebec::controllers {
namespace {

TEST(CidrPool, HandsOutTheLowestFreeBlocks) {
  CidrPool pool = *CidrPool::of("10.244.0.0/16");
  pool.occupy("10.244.1.0/24");
  EXPECT_EQ(*pool.take(), "10.244.0.0/24");
  EXPECT_EQ(*pool.take(), "10.244.2.0/24");
  pool.release("10.244.0.0/24");
  EXPECT_EQ(*pool.take(), "10.244.0.0/24");
}

TEST(CidrPool, IsExhaustedAfterTheLastBlock) {
  CidrPool pool = *CidrPool::of("10.0.0.0/23");
  EXPECT_TRUE(pool.take().has_value());
  EXPECT_TRUE(pool.take().has_value());
  EXPECT_FALSE(pool.take().has_value());
}

TEST(CidrPool, RefusesWhatIsNoRange) {
  EXPECT_FALSE(CidrPool::of("10.0.0.0").has_value());
  EXPECT_FALSE(CidrPool::of("10.0.0.0/30").has_value());
  EXPECT_FALSE(CidrPool::of("fd00::/64").has_value());
}

XEBEC_CONTROLLER_SUITE(NodeIpamControllerTest);

TEST_P(NodeIpamControllerTest, EveryNodeGetsARangeOfItsOwn) {
  ControllerOptions options;
  options.cluster_cidr = "10.244.0.0/16";
  testing::Harness<NodeIpamController> h(GetParam(), std::move(options));
  corev1::Node a, b;
  a.metadata.name = "a";
  b.metadata.name = "b";
  h.sim.api->put(a);
  h.sim.api->put(b);
  h.sim.run_for(std::chrono::seconds(30));
  std::string first = h.sim.api->get<corev1::Node>("", "a")->spec.podCIDR;
  std::string second = h.sim.api->get<corev1::Node>("", "b")->spec.podCIDR;
  EXPECT_FALSE(first.empty());
  EXPECT_FALSE(second.empty());
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace xebec::controllers
