// One unary gRPC call as a coroutine, and the set of calls in flight, so that they can all be ended.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/sync.h"
#include "kubelet/cri/grpc_status.h"

namespace xebec::cri {

// Thread-safe.
class InFlight {
 public:
  // False after cancel_all.
  bool add(grpc::ClientContext* context) {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    contexts_.insert(context);
    return true;
  }
  void remove(grpc::ClientContext* context) {
    std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }
  void cancel_all() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (grpc::ClientContext* context : contexts_) context->TryCancel();
  }

 private:
  std::mutex mutex_;
  std::set<grpc::ClientContext*> contexts_;
  bool closed_ = false;
};

// `method` is a callback method of a generated async stub. The call keeps itself and `owner` (the channel)
// alive until gRPC is done with it, even when the waiting coroutine is gone.
template <class Async, class Request, class Response>
Task<Result<Response>> unary(std::shared_ptr<InFlight> in_flight, std::shared_ptr<void> owner, Async* async,
                             void (Async::*method)(grpc::ClientContext*, const Request*, Response*,
                                                   std::function<void(grpc::Status)>),
                             Request request, std::optional<Duration> timeout) {
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
    OneShot<Result<Response>> done;
  };
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  if (timeout) {
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::duration_cast<std::chrono::system_clock::duration>(*timeout));
  }
  if (!in_flight->add(&call->context)) co_return fail(errors::cancelled());
  (async->*method)(&call->context, &call->request, &call->response,
                   [call, in_flight, owner](const grpc::Status& status) {
                     in_flight->remove(&call->context);
                     if (status.ok()) {
                       call->done.set(std::move(call->response));
                     } else {
                       call->done.set(fail(to_status(status)));
                     }
                   });
  OneShot<Result<Response>> done = call->done;
  call.reset();
  owner.reset();
  co_return co_await done;
}

}  // namespace xebec::cri
