#include "apiserver/registry/own_identity.h"

namespace xebec::apiserver {

Context own_context() {
  UserInfo user;
  user.name = "system:apiserver";
  user.groups = {"system:masters", "system:authenticated"};
  Context context;
  context.user = std::make_shared<const UserInfo>(std::move(user));
  return context;
}

}  // namespace xebec::apiserver
