// How a server ends (k8s.io/apiserver/pkg/server lifecycle_signals): first it says that it is not ready, so
// that nobody is sent to it any more; then it ends what would go on for ever; what is short is finished.
// Thread-safe.
#pragma once

#include <atomic>

#include "base/cancel.h"
#include "base/result.h"

namespace xebec::apiserver {

class Lifecycle {
 public:
  // /readyz fails from now on.
  void begin_shutdown() { shutting_down_ = true; }
  // Watches, logs and open connections to containers end.
  void end_long_running() { long_running_.cancel(); }

  // The check `shutdown` of /readyz.
  Result<void> check() const {
    if (shutting_down_) return fail(Status(500, reason::kInternalError, "process is shutting down"));
    return {};
  }
  // Cancelled by end_long_running().
  CancelToken long_running() const { return long_running_.token(); }

 private:
  std::atomic<bool> shutting_down_ = false;
  CancelSource long_running_;
};

}  // namespace xebec::apiserver
