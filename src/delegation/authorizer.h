// Whether a user may do something: the API server reviews it, answers are kept for a while
// (k8s.io/apiserver/plugin/pkg/authorizer/webhook).
#pragma once

#include <memory>

#include "api/gen/authorizationv1.h"
#include "client/rest.h"
#include "delegation/expiring_cache.h"

namespace xebec::delegation {

struct DecisionTimes {
  // How long an answer is kept.
  Duration allowed = std::chrono::seconds(10);
  Duration denied = std::chrono::seconds(10);
};

// Thread-safe.
class Authorizer {
 public:
  // `clock` outlives this.
  Authorizer(client::Rest rest, const Clock& clock, DecisionTimes times = {})
      : rest_(std::move(rest)), clock_(clock), times_(times) {}

  // `what` has the attributes, the user is filled in. An error when the API server could not be asked.
  Task<Result<bool>> allowed(Context context, std::shared_ptr<const UserInfo> user,
                             authorizationv1::SubjectAccessReviewSpec what);

 private:
  client::Rest rest_;
  const Clock& clock_;
  const DecisionTimes times_;
  ExpiringCache<bool> decisions_;
};

}  // namespace xebec::delegation
