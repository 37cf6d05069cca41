// Client: calls to whichever of the etcd servers answers. It stays with one server until that fails, then
// takes the next. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>
#include <vector>

#include "rpc/unary.h"
#include "storage/etcd/endpoint.h"
#include "storage/etcd/etcd_status.h"

namespace xebec::storage::etcd {

class Client {
 public:
  static constexpr Duration kLongestPause = std::chrono::seconds(1);

  Client(std::vector<std::shared_ptr<Endpoint>> endpoints, Logger logger)
      : endpoints_(std::move(endpoints)), logger_(std::move(logger)) {}

  // The server to use now, for streams; failed() when it does not answer.
  std::shared_ptr<Endpoint> endpoint() const { return endpoints_[current_ % endpoints_.size()]; }
  void failed(const Endpoint& endpoint, std::string_view why);

  // Repeats until a server has answered or `timeout` is over; the answer's status is that of the last
  // attempt. With `repeat_unknown` (reads) also after attempts whose outcome is not known.
  template <class Stub, class Async, class Request, class Response>
  Task<std::shared_ptr<rpc::Answer<Response>>> call(
      std::unique_ptr<Stub> Endpoint::*stub, rpc::Method<Async, Request, Response> method,
      std::shared_ptr<const std::type_identity_t<Request>> request, Duration timeout, bool repeat_unknown) {
    const MonotonicTime end = Executor::current()->now() + timeout;
    for (size_t attempt = 1;; ++attempt) {
      std::shared_ptr<Endpoint> endpoint = this->endpoint();
      const Duration left = end - Executor::current()->now();
      Async* async = ((*endpoint).*stub)->async();
      // A server that says nothing must leave time for the others.
      const Duration limit = repeat_unknown ? std::max(left / 2, std::min(left, kShortestAttempt)) : left;
      auto answer = co_await rpc::unary(in_flight_, endpoint, async, method, request, limit);
      const Outcome outcome = outcome_of(answer->status);
      if (outcome == Outcome::kDone || outcome == Outcome::kRefused || in_flight_->closed()) co_return answer;
      failed(*endpoint, answer->status.error_message());
      if (outcome == Outcome::kUnknown && !repeat_unknown) co_return answer;
      const Duration pause = pause_after(attempt);
      if (Executor::current()->now() + pause >= end) co_return answer;
      if (pause > Duration::zero()) co_await sleep_for(pause);
    }
  }

  // Ends all calls, and refuses new ones.
  void close() { in_flight_->cancel_all(); }
  const std::shared_ptr<rpc::InFlight>& in_flight() const { return in_flight_; }
  size_t servers() const { return endpoints_.size(); }

  // How long to wait after so many failures in a row: not at all before every server has been tried.
  Duration pause_after(size_t failures) const;

 private:
  static constexpr Duration kShortestAttempt = std::chrono::seconds(2);

  const std::vector<std::shared_ptr<Endpoint>> endpoints_;
  const Logger logger_;
  const std::shared_ptr<rpc::InFlight> in_flight_ = std::make_shared<rpc::InFlight>();
  std::atomic<size_t> current_{0};
};

}  // namespace xebec::storage::etcd
