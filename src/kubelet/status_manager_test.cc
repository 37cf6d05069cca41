#include "kubelet/status_manager.h"

#include <gtest/gtest.h>

namespace xebec::kubelet {
namespace {

corev1::PodCondition condition(const char* type, const char* status) {
  corev1::PodCondition c;
  c.type = type;
  c.status = status;
  return c;
}

TEST(StatusPatch, NothingChangedIsNoPatch) {
  corev1::PodStatus status;
  status.phase = "Running";
  status.conditions.push_back(condition("Ready", "True"));
  EXPECT_EQ(status_patch("u", status, status), "");
}

TEST(StatusPatch, HoldsTheUidAndOnlyWhatTheKubeletOwnsAndChanged) {
  corev1::PodStatus have, want;
  have.phase = "Pending";
  have.conditions = {condition("Ready", "False"), condition("PodScheduled", "True"),
                     condition("example.com/gate", "True")};
  want = have;
  want.phase = "Running";
  want.conditions[0].status = "True";
  want.conditions[2].status = "False";
  want.podIPs.emplace_back().ip = "10.0.0.1";
  std::string patch = status_patch("u", have, want);
  EXPECT_NE(patch.find(R"("metadata":{"uid":"u"})"), std::string::npos) << patch;
  EXPECT_NE(patch.find(R"("phase":"Running")"), std::string::npos) << patch;
  EXPECT_NE(patch.find(R"("type":"Ready")"), std::string::npos) << patch;
  EXPECT_EQ(patch.find("PodScheduled"), std::string::npos) << patch;
  EXPECT_EQ(patch.find("example.com"), std::string::npos) << patch;
  EXPECT_NE(patch.find(R"("podIPs":[{"$patch":"replace"},{"ip":"10.0.0.1"}])"), std::string::npos) << patch;
}

TEST(StatusPatch, WhatIsGoneIsNull) {
  corev1::PodStatus have, want;
  have.message = "old";
  EXPECT_NE(status_patch("u", have, want).find(R"("message":null)"), std::string::npos);
}

}  // namespace
}  // namespace xebec::kubelet
