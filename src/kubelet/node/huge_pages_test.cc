#include "kubelet/node/huge_pages.h"

#include <gtest/gtest.h>

#include "api/gen/corev1.h"

namespace xebec::kubelet {
namespace {

TEST(HugePages, HaveANameForEachPlace) {
  EXPECT_EQ(huge_page_resource(2 << 20), "hugepages-2Mi");
  EXPECT_EQ(huge_page_resource(1 << 30), "hugepages-1Gi");
  EXPECT_EQ(huge_page_cgroup_name(2 << 20), "2MB");
  EXPECT_EQ(huge_page_cgroup_name(1 << 30), "1GB");
  EXPECT_EQ(huge_page_cgroup_name(64 << 10), "64KB");
  EXPECT_EQ(huge_page_size("hugepages-1Gi"), 1 << 30);
  EXPECT_FALSE(huge_page_size("memory"));
  EXPECT_FALSE(huge_page_size("hugepages-x"));
}

TEST(HugePages, AMediumWithoutASizeTakesTheOneThatContainersAskFor) {
  corev1::Pod pod;
  auto why = [&](const char* medium) { return huge_page_size_of_medium(pod, medium).error().message; };
  corev1::Container& container = pod.spec.containers.emplace_back();
  EXPECT_EQ(why("HugePages"),
            "medium HugePages: hugePages storage requested, but there is no resource request for huge pages");
  container.resources.requests["hugepages-2Mi"] = api::Quantity::must_parse("4Mi");
  EXPECT_EQ(huge_page_size_of_medium(pod, "HugePages").value(), 2 << 20);
  EXPECT_EQ(huge_page_size_of_medium(pod, "HugePages-2Mi").value(), 2 << 20);
  EXPECT_EQ(why("HugePages-1Gi"),
            "medium HugePages-1Gi: hugePages storage requested, but there is no resource request for huge "
            "pages");
  container.resources.requests["hugepages-1Gi"] = api::Quantity::must_parse("1Gi");
  EXPECT_EQ(why("HugePages"),
            "medium: HugePages can't be used if container requests multiple huge page sizes");
  EXPECT_EQ(huge_page_size_of_medium(pod, "HugePages-1Gi").value(), 1 << 30);
  EXPECT_EQ(why("HugePages-"), "unknown storage medium \"HugePages-\"");
}

}  // namespace
}  // namespace xebec::kubelet
