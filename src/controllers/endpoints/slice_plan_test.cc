#include "controllers/endpoints/slice_controller.h"

#include <fmt/format.h>

namespace xebec::controllers {
namespace {

SliceGroup group_of(int from, int to) {
  SliceGroup group;
  discoveryv1::EndpointPort& port = group.ports.emplace_back();
  port.name = "http";
  port.port = 80;
  for (int i = from; i < to; ++i) {
    discoveryv1::Endpoint& endpoint = group.endpoints.emplace_back();
    endpoint.addresses = {fmt::format("10.0.{}.{}", i / 250, i % 250)};
  }
  return group;
}

std::vector<SlicePtr> stored(const std::vector<discoveryv1::EndpointSlice>& slices) {
  std::vector<SlicePtr> out;
  for (const auto& slice : slices) out.push_back(std::make_shared<const discoveryv1::EndpointSlice>(slice));
  return out;
}

SlicePlan plan(SliceGroup group, const std::vector<SlicePtr>& existing) {
  std::vector<SliceGroup> groups;
  groups.push_back(std::move(group));
  return plan_slices(std::move(groups), existing, {});
}

TEST(SlicePlan, ASliceHoldsAtMostAHundredEndpoints) {
  SlicePlan first = plan(group_of(0, 250), {});
  ASSERT_EQ(first.create.size(), 3u);
  EXPECT_EQ(first.create[0].endpoints.size(), 100u);
  EXPECT_EQ(first.create[2].endpoints.size(), 50u);
}

TEST(SlicePlan, OneEndpointMoreChangesOneSlice) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 150), {}).create);
  SlicePlan next = plan(group_of(0, 151), existing);
  EXPECT_TRUE(next.create.empty());
  EXPECT_TRUE(next.remove.empty());
  ASSERT_EQ(next.update.size(), 1u);
  EXPECT_EQ(next.update[0].endpoints.size(), 51u);
}

TEST(SlicePlan, NothingChangesWhenNothingHasChanged) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 150), {}).create);
  SlicePlan next = plan(group_of(0, 150), existing);
  EXPECT_TRUE(next.create.empty() && next.update.empty() && next.remove.empty());
}

TEST(SlicePlan, AServiceWithoutEndpointsKeepsOneEmptySlice) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 150), {}).create);
  SlicePlan next = plan(group_of(0, 0), existing);
  EXPECT_EQ(next.remove.size(), 1u);
  ASSERT_EQ(next.update.size(), 1u);
  EXPECT_TRUE(next.update[0].endpoints.empty());
}

}  // namespace
}  // namespace xebec::controllers
