// Between the API's UserInfo and the process's own.
#pragma once

#include "api/gen/authenticationv1.h"
#include "base/context.h"

namespace xebec::apiserver {

authenticationv1::UserInfo to_api(const UserInfo& user);

}  // namespace xebec::apiserver
