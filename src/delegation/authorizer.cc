#include "delegation/authorizer.h"

#include "codec/json.h"

namespace xebec::delegation {

Task<Result<bool>> Authorizer::allowed(Context context, std::shared_ptr<const UserInfo> user,
                                       authorizationv1::SubjectAccessReviewSpec what) {
  authorizationv1::SubjectAccessReview review;
  review.spec = std::move(what);
  review.spec.user = user->name;
  review.spec.uid = user->uid;
  review.spec.groups = user->groups;
  for (const auto& [name, values] : user->extra) review.spec.extra[name].items = values;
  // Everything the answer depends on.
  std::string key =
      codec::encode_json(authorizationv1::SubjectAccessReviewSpec::kDescriptor, &review.spec, "", "");
  if (std::optional<bool> known = decisions_.find(key, clock_.now())) co_return *known;
  CO_TRY(authorizationv1::SubjectAccessReview answer, co_await rest_.create(std::move(context), review));
  bool yes = answer.status.allowed;
  decisions_.keep(key, yes, clock_.now(), yes ? times_.allowed : times_.denied);
  co_return yes;
}

}  // namespace xebec::delegation
