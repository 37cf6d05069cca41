#include "apiserver/authz/modes.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

AuthorizationAttributes of_groups(std::vector<std::string> groups) {
  AuthorizationAttributes out;
  auto user = std::make_shared<UserInfo>();
  user->groups = std::move(groups);
  out.user = std::move(user);
  return out;
}

std::string error_of(std::vector<std::string> modes) {
  Result<void> checked = check_authorization_modes(modes);
  return checked ? "" : checked.error().message;
}

TEST(AuthorizationModes, AreKnownAndGivenOnce) {
  EXPECT_EQ(error_of({"Node", "RBAC"}), "");
  EXPECT_EQ(error_of({"AlwaysAllow"}), "");
  EXPECT_EQ(error_of({}), "at least one authorization-mode must be passed");
  EXPECT_EQ(error_of({"Rbac"}), "authorization-mode \"Rbac\" is not a valid mode");
  EXPECT_EQ(error_of({"RBAC", "RBAC"}), "authorization-mode \"RBAC\" has mode specified more than once");
  EXPECT_EQ(error_of({"Node", "Webhook"}), "authorization-mode \"Webhook\" is not supported yet");
}

TEST(AuthorizationModes, NeedNoPolicy) {
  EXPECT_EQ(make_always_allow_authorizer()->authorize(of_groups({})).decision, Decision::kAllow);
  Verdict denied = make_always_deny_authorizer()->authorize(of_groups({}));
  EXPECT_EQ(denied.decision, Decision::kNoOpinion);
  EXPECT_EQ(denied.reason, "Everything is forbidden.");
  auto privileged = make_privileged_group_authorizer();
  EXPECT_EQ(privileged->authorize(of_groups({"a", "system:masters"})).decision, Decision::kAllow);
  EXPECT_EQ(privileged->authorize(of_groups({"system:nodes"})).decision, Decision::kNoOpinion);
}

}  // namespace
}  // namespace xebec::apiserver
