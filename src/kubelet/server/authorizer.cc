#include "kubelet/server/authorizer.h"

#include <fmt/format.h>

#include "api/gen/authorizationv1.h"

namespace xebec::kubelet {
namespace {

constexpr Duration kAllowedTime = std::chrono::minutes(5);
constexpr Duration kDeniedTime = std::chrono::seconds(30);

// Everything the answer depends on.
std::string key_of(const UserInfo& user, std::string_view verb, std::string_view subresource) {
  std::string key;
  auto add = [&key](std::string_view part) { key += fmt::format("{}:{},", part.size(), part); };
  add(verb);
  add(subresource);
  add(user.name);
  add(user.uid);
  for (const std::string& group : user.groups) add(group);
  for (const auto& [name, values] : user.extra) {
    key += '/';
    add(name);
    for (const std::string& value : values) add(value);
  }
  return key;
}

}  // namespace

ServerAuthorizer::ServerAuthorizer(std::string node_name, client::Rest rest, const Clock& clock)
    : node_name_(std::move(node_name)), rest_(std::move(rest)), clock_(clock) {}

Task<Result<void>> ServerAuthorizer::authorize(Context context, std::shared_ptr<const UserInfo> user,
                                               NodeAttributes attributes) {
  for (const std::string& subresource : attributes.subresources) {
    Result<bool> answer = co_await allowed(context, user, attributes.verb, subresource);
    if (!answer) {
      co_return fail(
          Status(500, reason::kInternalError,
                 fmt::format("Authorization error (user={}, verb={}, resource=nodes, subresource={})",
                             user->name, attributes.verb, subresource)));
    }
    if (*answer) co_return Result<void>();
  }
  co_return fail(Status(403, reason::kForbidden,
                        fmt::format("Forbidden (user={}, verb={}, resource=nodes, subresource(s)=[{}])",
                                    user->name, attributes.verb, fmt::join(attributes.subresources, " "))));
}

Task<Result<bool>> ServerAuthorizer::allowed(Context context, std::shared_ptr<const UserInfo> user,
                                             std::string verb, std::string subresource) {
  std::string key = key_of(*user, verb, subresource);
  if (std::optional<bool> known = decisions_.find(key, clock_.now())) co_return *known;
  authorizationv1::SubjectAccessReview review;
  review.spec.user = user->name;
  review.spec.uid = user->uid;
  review.spec.groups = user->groups;
  for (const auto& [name, values] : user->extra) review.spec.extra[name].items = values;
  authorizationv1::ResourceAttributes& resource = review.spec.resourceAttributes.emplace();
  resource.verb = std::move(verb);
  resource.version = "v1";
  resource.resource = "nodes";
  resource.subresource = std::move(subresource);
  resource.name = node_name_;
  CO_TRY(authorizationv1::SubjectAccessReview answer, co_await rest_.create(std::move(context), review));
  bool yes = answer.status.allowed;
  decisions_.keep(key, yes, clock_.now(), yes ? kAllowedTime : kDeniedTime);
  co_return yes;
}

}  // namespace xebec::kubelet
