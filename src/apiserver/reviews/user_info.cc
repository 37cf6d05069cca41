#include "apiserver/reviews/user_info.h"

namespace xebec::apiserver {

authenticationv1::UserInfo to_api(const UserInfo& user) {
  authenticationv1::UserInfo out;
  out.username = user.name;
  out.uid = user.uid;
  out.groups = user.groups;
  for (const auto& [key, values] : user.extra) out.extra[key].items = values;
  return out;
}

}  // namespace xebec::apiserver
