#include "controllers/endpoints/slice_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

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
  EXPECT_TRUE(next.update[0].ports.empty());
  SlicePlan again = plan(group_of(0, 0), stored(next.update));
  EXPECT_TRUE(again.create.empty() && again.update.empty() && again.remove.empty());
}

// Every changed slice goes to every node of the cluster.
TEST(SlicePlan, NewEndpointsGoIntoSlicesThatChangeAnyway) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 190), {}).create);
  // Two of the first slice go, two others come: the second one, with room, stays as it is.
  SliceGroup group = group_of(2, 190);
  for (auto& endpoint : group_of(300, 302).endpoints) group.endpoints.push_back(endpoint);
  SlicePlan next = plan(std::move(group), existing);
  EXPECT_TRUE(next.create.empty() && next.remove.empty());
  ASSERT_EQ(next.update.size(), 1u);
  EXPECT_EQ(next.update[0].endpoints.size(), 100u);
}

TEST(SlicePlan, AnUnchangedSliceIsFilledOnlyWhenItHoldsAllThatIsLeft) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 90), {}).create);
  SlicePlan next = plan(group_of(0, 101), existing);
  ASSERT_EQ(next.create.size(), 1u);
  EXPECT_EQ(next.create[0].endpoints.size(), 11u);
  EXPECT_TRUE(next.update.empty());
}

TEST(SlicePlan, OtherPortsMakeUseOfTheSliceOfTheOldOnes) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 10), {}).create);
  SliceGroup group = group_of(0, 10);
  group.ports[0].port = 8080;
  SlicePlan next = plan(std::move(group), existing);
  EXPECT_TRUE(next.create.empty() && next.remove.empty());
  ASSERT_EQ(next.update.size(), 1u);
  EXPECT_EQ(next.update[0].ports[0].port, 8080);
  EXPECT_EQ(next.update[0].endpoints.size(), 10u);
}

TEST(SlicePlan, WithoutAPlaceholderNothingIsLeft) {
  std::vector<SlicePtr> existing = stored(plan(group_of(0, 10), {}).create);
  SliceRules rules;
  rules.placeholder = false;
  SlicePlan next = plan_slices({}, existing, {}, rules);
  EXPECT_EQ(next.remove.size(), 1u);
  EXPECT_TRUE(next.create.empty() && next.update.empty());
}

}  // namespace
}  // namespace xebec::controllers
