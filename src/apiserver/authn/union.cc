#include "apiserver/authn/authenticator.h"

namespace xebec::apiserver {
namespace {

class UnionAuthenticator final : public Authenticator {
 public:
  UnionAuthenticator(std::vector<std::unique_ptr<Authenticator>> members, bool fail_on_error)
      : members_(std::move(members)), fail_on_error_(fail_on_error) {}

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context& context,
                                                             const http::Request& request) override {
    std::optional<Status> failure;
    for (const auto& member : members_) {
      Result<std::shared_ptr<const UserInfo>> user = co_await member->authenticate(context, request);
      if (user && *user) co_return user;
      if (!user && fail_on_error_) co_return user;
      if (!user && !failure) failure = std::move(user).error();
    }
    if (failure) co_return fail(std::move(*failure));
    co_return std::shared_ptr<const UserInfo>();
  }

 private:
  std::vector<std::unique_ptr<Authenticator>> members_;
  bool fail_on_error_;
};

}  // namespace

std::unique_ptr<Authenticator> make_union_authenticator(std::vector<std::unique_ptr<Authenticator>> members,
                                                        bool fail_on_error) {
  return std::make_unique<UnionAuthenticator>(std::move(members), fail_on_error);
}

}  // namespace xebec::apiserver
