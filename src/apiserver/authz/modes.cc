#include "apiserver/authz/modes.h"

#include <fmt/format.h>

#include <algorithm>

namespace xebec::apiserver {
namespace {

class PrivilegedGroup final : public Authorizer {
 public:
  Verdict authorize(const AuthorizationAttributes& attributes) override {
    Verdict verdict;
    if (!attributes.user) return verdict;
    for (const std::string& group : attributes.user->groups) {
      if (group == "system:masters") verdict.decision = Decision::kAllow;
    }
    return verdict;
  }
};

class Always final : public Authorizer {
 public:
  explicit Always(Verdict verdict) : verdict_(std::move(verdict)) {}
  Verdict authorize(const AuthorizationAttributes&) override { return verdict_; }

 private:
  const Verdict verdict_;
};

bool contains(std::initializer_list<std::string_view> list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

}  // namespace

std::unique_ptr<Authorizer> make_privileged_group_authorizer() { return std::make_unique<PrivilegedGroup>(); }

std::unique_ptr<Authorizer> make_always_allow_authorizer() {
  Verdict verdict;
  verdict.decision = Decision::kAllow;
  return std::make_unique<Always>(std::move(verdict));
}

std::unique_ptr<Authorizer> make_always_deny_authorizer() {
  Verdict verdict;
  verdict.reason = "Everything is forbidden.";
  return std::make_unique<Always>(std::move(verdict));
}

Result<void> check_authorization_modes(std::span<const std::string> modes) {
  if (modes.empty()) return fail(errors::bad_request("at least one authorization-mode must be passed"));
  for (auto mode = modes.begin(); mode != modes.end(); ++mode) {
    if (contains({"ABAC", "Webhook"}, *mode))
      return fail(errors::bad_request(fmt::format("authorization-mode \"{}\" is not supported yet", *mode)));
    if (!contains({"AlwaysAllow", "AlwaysDeny", "Node", "RBAC"}, *mode))
      return fail(errors::bad_request(fmt::format("authorization-mode \"{}\" is not a valid mode", *mode)));
    if (std::find(modes.begin(), mode, *mode) != mode) {
      return fail(errors::bad_request(
          fmt::format("authorization-mode \"{}\" has mode specified more than once", *mode)));
    }
  }
  return {};
}

}  // namespace xebec::apiserver
