#include "kubelet/server/authorizer.h"

#include <fmt/format.h>

#include "api/gen/authorizationv1.h"

namespace xebec::kubelet {
namespace {

constexpr Duration kAllowedTime = std::chrono::minutes(5);
constexpr Duration kDeniedTime = std::chrono::seconds(30);

}  // namespace

ServerAuthorizer::ServerAuthorizer(std::string node_name, client::Rest rest, const Clock& clock)
    : node_name_(std::move(node_name)), reviews_(std::move(rest), clock, {kAllowedTime, kDeniedTime}) {}

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
  authorizationv1::SubjectAccessReviewSpec what;
  authorizationv1::ResourceAttributes& resource = what.resourceAttributes.emplace();
  resource.verb = std::move(verb);
  resource.version = "v1";
  resource.resource = "nodes";
  resource.subresource = std::move(subresource);
  resource.name = node_name_;
  co_return co_await reviews_.allowed(std::move(context), std::move(user), std::move(what));
}

}  // namespace xebec::kubelet
