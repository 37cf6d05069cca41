// What is written for which pod, in plain folders that look like control groups.
#include "kubelet/cgroups/cgroup_manager.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/gen/corev1.h"

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;

class CgroupsTest : public ::testing::Test {
 protected:
  CgroupsTest() {
    char name[] = "/tmp/xebec-cg-XXXXXX";
    base_ = mkdtemp(name);
  }
  ~CgroupsTest() override { fs::remove_all(base_); }

  // A kernel would make these files.
  void add(const std::string& folder, std::initializer_list<const char*> files) {
    fs::create_directories(base_ + folder);
    for (const char* file : files) std::ofstream(base_ + folder + "/" + file) << "";
  }
  std::string read(const std::string& file) {
    std::ifstream in(base_ + file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void version1() {
    for (const char* path :
         {"", "/burstable", "/besteffort", "/burstable/podu1", "/burstable/podu2", "/podg"}) {
      add(std::string("/cpu/kubepods") + path, {"cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us"});
      add(std::string("/memory/kubepods") + path, {"memory.limit_in_bytes"});
      add(std::string("/pids/kubepods") + path, {"pids.max"});
      add(std::string("/hugetlb/kubepods") + path,
          {"hugetlb.2MB.limit_in_bytes", "hugetlb.1GB.limit_in_bytes"});
    }
  }
  void version2() {
    for (const char* path : {"", "/burstable", "/besteffort", "/burstable/podu1", "/podg"}) {
      add(std::string("/kubepods") + path,
          {"cpu.weight", "cpu.max", "memory.max", "pids.max", "hugetlb.2MB.max", "hugetlb.1GB.max"});
    }
  }
  std::unique_ptr<CgroupManager> make(bool unified) {
    CgroupOptions options;
    options.root = "/kubepods";
    options.mount_point = base_;
    options.pids_limit = 100;
    options.memory = 4 << 20;
    options.milli_cpu = 2000;
    options.huge_page_sizes = {2 << 20, 1 << 30};
    options.version2 = unified;
    return *make_cgroup_manager(options, Logger());
  }
  static corev1::Pod pod(std::string uid, const char* cpu_request, const char* cpu_limit,
                         const char* memory) {
    corev1::Pod out;
    out.metadata.uid = std::move(uid);
    corev1::Container& container = out.spec.containers.emplace_back();
    auto set = [](api::FlatMap<api::Quantity>& list, const char* name, const char* value) {
      if (*value != '\0') list[name] = api::Quantity::must_parse(value);
    };
    set(container.resources.requests, "cpu", cpu_request);
    set(container.resources.limits, "cpu", cpu_limit);
    set(container.resources.limits, "memory", memory);
    return out;
  }

  std::string base_;
};

TEST_F(CgroupsTest, Version1HoldsThePodsLimits) {
  version1();
  auto cgroups = make(false);
  EXPECT_FALSE(cgroups->unified());
  EXPECT_EQ(read("/cpu/kubepods/cpu.shares"), "2048");
  EXPECT_EQ(read("/memory/kubepods/memory.limit_in_bytes"), "4194304");
  EXPECT_EQ(read("/cpu/kubepods/besteffort/cpu.shares"), "2");
  ASSERT_TRUE(cgroups->ensure(pod("u1", "250m", "500m", "64Mi")));
  EXPECT_EQ(read("/cpu/kubepods/burstable/podu1/cpu.shares"), "256");
  EXPECT_EQ(read("/cpu/kubepods/burstable/podu1/cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(read("/cpu/kubepods/burstable/podu1/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(read("/memory/kubepods/burstable/podu1/memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(read("/pids/kubepods/burstable/podu1/pids.max"), "100");
}

TEST_F(CgroupsTest, TheBurstableClassWeighsWhatItsPodsDo) {
  version1();
  auto cgroups = make(false);
  ASSERT_TRUE(cgroups->ensure(pod("u1", "250m", "", "")));
  ASSERT_TRUE(cgroups->ensure(pod("u2", "500m", "", "")));
  ASSERT_TRUE(cgroups->ensure(pod("g", "", "1", "64Mi")));
  EXPECT_EQ(read("/cpu/kubepods/burstable/cpu.shares"), "768");
  fs::remove_all(base_ + "/cpu/kubepods/burstable/podu2");
  (void)cgroups->remove("u2");
  EXPECT_EQ(read("/cpu/kubepods/burstable/cpu.shares"), "256");
}

TEST_F(CgroupsTest, WithoutALimitOnEveryContainerThePodHasNone) {
  version1();
  auto cgroups = make(false);
  corev1::Pod half = pod("u1", "250m", "500m", "64Mi");
  half.spec.containers.emplace_back();
  ASSERT_TRUE(cgroups->ensure(half));
  EXPECT_EQ(read("/cpu/kubepods/burstable/podu1/cpu.cfs_quota_us"), "-1");
  EXPECT_EQ(read("/memory/kubepods/burstable/podu1/memory.limit_in_bytes"), "-1");
}

TEST_F(CgroupsTest, APodGetsTheHugePagesItAsksForAndNoOthers) {
  version1();
  corev1::Pod with = pod("u1", "250m", "", "");
  with.spec.containers[0].resources.limits["hugepages-2Mi"] = api::Quantity::must_parse("4Mi");
  ASSERT_TRUE(make(false)->ensure(with));
  EXPECT_EQ(read("/hugetlb/kubepods/burstable/podu1/hugetlb.2MB.limit_in_bytes"), "4194304");
  EXPECT_EQ(read("/hugetlb/kubepods/burstable/podu1/hugetlb.1GB.limit_in_bytes"), "0");
  version2();
  ASSERT_TRUE(make(true)->ensure(with));
  EXPECT_EQ(read("/kubepods/burstable/podu1/hugetlb.2MB.max"), "4194304");
  EXPECT_EQ(read("/kubepods/burstable/podu1/hugetlb.1GB.max"), "0");
}

TEST_F(CgroupsTest, Version2UsesWeightsAndMaxima) {
  version2();
  auto cgroups = make(true);
  EXPECT_TRUE(cgroups->unified());
  EXPECT_EQ(read("/kubepods/memory.max"), "4194304");
  EXPECT_EQ(read("/kubepods/cpu.weight"), "79");
  ASSERT_TRUE(cgroups->ensure(pod("u1", "1", "", "")));
  EXPECT_EQ(read("/kubepods/burstable/podu1/cpu.weight"), "39");
  EXPECT_EQ(read("/kubepods/burstable/podu1/cpu.max"), "max 100000");
  EXPECT_EQ(read("/kubepods/burstable/podu1/memory.max"), "max");
  ASSERT_TRUE(cgroups->ensure(pod("g", "", "1500m", "64Mi")));
  EXPECT_EQ(read("/kubepods/podg/cpu.max"), "150000 100000");
  EXPECT_EQ(read("/kubepods/podg/memory.max"), "67108864");
  EXPECT_EQ(cgroups->pods(), std::vector<std::string>()) << "names too short to be of pods";
}

}  // namespace
}  // namespace xebec::kubelet
