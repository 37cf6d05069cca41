// One unary gRPC call as a coroutine.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/sync.h"
#include "base/task.h"
#include "rpc/in_flight.h"

namespace xebec::rpc {

// The response is valid when the status is OK.
template <class Response>
struct Answer {
  grpc::Status status;
  Response response;
};

// A callback method of a generated async stub.
template <class Async, class Request, class Response>
using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                               std::function<void(grpc::Status)>);

// The call keeps itself and `owner` (the channel) alive until gRPC is done with it, even when the waiting
// coroutine is gone. CANCELLED without a call after in_flight->cancel_all(). The answer is shared: nothing is
// copied on its way.
template <class Async, class Request, class Response>
Task<std::shared_ptr<Answer<Response>>> unary(std::shared_ptr<InFlight> in_flight,
                                              std::shared_ptr<void> owner, Async* async,
                                              Method<Async, Request, Response> method,
                                              std::shared_ptr<const Request> request,
                                              std::optional<Duration> timeout) {
  using Shared = std::shared_ptr<Answer<Response>>;
  struct Call {
    grpc::ClientContext context;
    std::shared_ptr<const Request> request;
    Shared answer = std::make_shared<Answer<Response>>();
    OneShot<Shared> done;
  };
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  if (timeout) {
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::duration_cast<std::chrono::system_clock::duration>(*timeout));
  }
  if (!in_flight->add(&call->context)) {
    call->answer->status = grpc::Status(grpc::StatusCode::CANCELLED, "the client is closed");
    co_return call->answer;
  }
  (async->*method)(&call->context, call->request.get(), &call->answer->response,
                   [call, in_flight, owner](grpc::Status status) {
                     in_flight->remove(&call->context);
                     call->answer->status = std::move(status);
                     call->done.set(call->answer);
                   });
  OneShot<Shared> done = call->done;
  call.reset();
  owner.reset();
  co_return co_await done;
}

}  // namespace xebec::rpc
