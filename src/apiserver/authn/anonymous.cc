#include "apiserver/authn/anonymous.h"

namespace xebec::apiserver {
namespace {

class AnonymousAuthenticator final : public Authenticator {
 public:
  AnonymousAuthenticator() {
    UserInfo user;
    user.name = kAnonymous;
    user.groups.emplace_back(kAllUnauthenticated);
    user_ = std::make_shared<const UserInfo>(std::move(user));
  }

  Task<Result<std::shared_ptr<const UserInfo>>> authenticate(const Context&, const http::Request&) override {
    co_return user_;
  }

 private:
  std::shared_ptr<const UserInfo> user_;
};

}  // namespace

std::shared_ptr<const UserInfo> with_authenticated_group(UserInfo user) {
  user.groups.emplace_back(kAllAuthenticated);
  return std::make_shared<const UserInfo>(std::move(user));
}

std::unique_ptr<Authenticator> make_anonymous_authenticator() {
  return std::make_unique<AnonymousAuthenticator>();
}

}  // namespace xebec::apiserver
