// The anonymous user, and what every authenticated user has in common.
#pragma once

#include "apiserver/authn/authenticator.h"

namespace xebec::apiserver {

inline constexpr std::string_view kAllAuthenticated = "system:authenticated";
inline constexpr std::string_view kAllUnauthenticated = "system:unauthenticated";
inline constexpr std::string_view kAnonymous = "system:anonymous";

// For whoever showed no credentials. In a union with fail_on_error, so that bad ones do not end up here.
std::unique_ptr<Authenticator> make_anonymous_authenticator();

// The user with system:authenticated among the groups.
std::shared_ptr<const UserInfo> with_authenticated_group(UserInfo user);

}  // namespace xebec::apiserver
