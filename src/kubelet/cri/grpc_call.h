// One call of the CRI as a coroutine.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "kubelet/cri/grpc_status.h"
#include "rpc/unary.h"

namespace xebec::cri {

// rpc::unary with the errors of this module.
template <class Async, class Request, class Response>
Task<Result<Response>> unary(std::shared_ptr<rpc::InFlight> in_flight, std::shared_ptr<void> owner,
                             Async* async, rpc::Method<Async, Request, Response> method, Request request,
                             std::optional<Duration> timeout) {
  auto shared = std::make_shared<const Request>(std::move(request));
  auto answer = co_await rpc::unary(in_flight, owner, async, method, shared, timeout);
  if (!answer->status.ok())
    co_return fail(in_flight->closed() ? errors::cancelled() : to_status(answer->status));
  co_return std::move(answer->response);
}

}  // namespace xebec::cri
