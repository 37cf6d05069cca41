// ResourcePoolStatusRequests: answered once.
#include "apiserver/validation/conditions.h"
#include "apiserver/validation/devices.h"

namespace xebec::apiserver::validation {

Errors validate_pool_status_update(const PoolStatusRequest& request, const PoolStatusRequest& old) {
  Errors errors;
  const Path status("status");
  if (old.status) {
    check_immutable(errors, status, request.status && *request.status == *old.status,
                    go_json(request.status));
  } else if (request.status) {
    check_conditions(errors, status.child("conditions"), request.status->conditions);
  }
  return errors;
}

}  // namespace xebec::apiserver::validation
