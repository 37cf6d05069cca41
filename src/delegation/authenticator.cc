#include "delegation/authenticator.h"

#include "api/gen/authenticationv1.h"
#include "security/pki/digest.h"

namespace xebec::delegation {
namespace {

constexpr Duration kTokenTime = std::chrono::minutes(2);

std::string bearer_token(const http::Request& request) {
  std::string_view value = request.headers.get("authorization");
  if (value.size() < 8 || !std::ranges::equal(value.substr(0, 7), std::string_view("bearer "),
                                              [](char a, char b) { return std::tolower(a) == b; })) {
    return {};
  }
  value.remove_prefix(7);
  return std::string(value.substr(0, value.find(' ')));
}

std::shared_ptr<const UserInfo> user_of(const authenticationv1::UserInfo& info) {
  auto user = std::make_shared<UserInfo>();
  user->name = info.username;
  user->uid = info.uid;
  user->groups = info.groups;
  for (const auto& [key, value] : info.extra) user->extra[key] = value.items;
  if (std::ranges::find(user->groups, "system:authenticated") == user->groups.end()) {
    user->groups.emplace_back("system:authenticated");
  }
  return user;
}

}  // namespace

Authenticator::Authenticator(std::optional<pki::CertPool> roots, std::optional<client::Rest> rest,
                             const Clock& clock)
    : rest_(std::move(rest)), clock_(clock) {
  if (roots) certificates_ = std::make_unique<pki::X509Identities>(std::move(*roots), clock);
}
Authenticator::~Authenticator() = default;

Task<Result<Authenticator::User>> Authenticator::identify(Context context, const http::Request& request) {
  std::string token = bearer_token(request);
  std::optional<Status> refused;
  if (certificates_ && request.connection) {
    Result<User> user = certificates_->identify(request.connection->peer_chain);
    if (user && *user) co_return std::move(*user);
    if (!user) refused = user.error();
  }
  if (!token.empty()) {
    CO_TRY(User user, co_await review(std::move(context), std::move(token)));
    if (user) co_return user;
    if (!refused) refused = errors::unauthorized();
  }
  if (refused) co_return fail(*refused);
  co_return User();
}

Task<Result<Authenticator::User>> Authenticator::authenticate(Context context, const http::Request& request) {
  CO_TRY(User user, co_await identify(std::move(context), request));
  if (!user) co_return fail(errors::unauthorized());
  co_return user;
}

Task<Result<Authenticator::User>> Authenticator::review(Context context, std::string token) {
  if (!rest_) co_return User();
  std::string key = pki::sha256(token);
  if (std::optional<User> known = tokens_.find(key, clock_.now())) co_return *known;
  authenticationv1::TokenReview review;
  review.spec.token = std::move(token);
  CO_TRY(authenticationv1::TokenReview answer, co_await rest_->create(std::move(context), review));
  User user;
  if (answer.status.authenticated) user = user_of(answer.status.user);
  tokens_.keep(key, user, clock_.now(), kTokenTime);
  co_return user;
}

}  // namespace xebec::delegation
