// How a server ends (k8s.io/apiserver/pkg/server lifecycle_signals): first it says that it is not ready, so
// that nobody is sent to it any more; then it ends what would go on for ever; what is short is finished.
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::apiserver {

struct OpenRequests;

class Lifecycle {
 public:
  Lifecycle();
  // /readyz fails from now on.
  void begin_shutdown() { shutting_down_ = true; }
  // New requests are told to try again, on a new connection, which leads elsewhere.
  void refuse_requests() { refusing_ = true; }
  bool refusing() const { return refusing_; }
  // Ends all watches, spread over that time but no slower than 200 a second, so that not all clients come
  // back at once. New ones are refused.
  Task<void> end_watches(Duration within);
  // Watches, logs and open connections to containers end.
  void end_long_running() { long_running_.cancel(); }
  // Until no request is worked on that has an end of its own.
  Task<void> finish_requests(Duration within);

  // The check `shutdown` of /readyz.
  Result<void> check() const {
    if (shutting_down_) return fail(Status(500, reason::kInternalError, "process is shutting down"));
    return {};
  }
  // Cancelled by end_long_running().
  CancelToken long_running() const { return long_running_.token(); }

  // One that is open; end_watches() cancels it. May outlive the lifecycle.
  class Watch {
   public:
    explicit Watch(Lifecycle& lifecycle);
    ~Watch();
    Watch(const Watch&) = delete;
    CancelToken token() const { return source_->token(); }

   private:
    const std::shared_ptr<OpenRequests> open_;
    const std::shared_ptr<const CancelSource> source_ = std::make_shared<const CancelSource>();
    uint64_t number_ = 0;
  };
  bool refuses_watches() const { return ending_watches_; }

  // One that is worked on. May outlive the lifecycle.
  class Request {
   public:
    explicit Request(Lifecycle& lifecycle);
    ~Request();
    Request(const Request&) = delete;

   private:
    const std::shared_ptr<OpenRequests> open_;
  };

 private:
  size_t end_some(size_t count);

  std::atomic<bool> shutting_down_ = false, refusing_ = false, ending_watches_ = false;
  CancelSource long_running_;
  const std::shared_ptr<OpenRequests> open_;
};

}  // namespace xebec::apiserver
