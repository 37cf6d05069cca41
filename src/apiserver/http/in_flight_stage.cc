#include "apiserver/http/in_flight_stage.h"

#include <algorithm>

#include "apiserver/http/held_stream.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

// So powerful that they always get an answer.
bool is_privileged(const Context& context) {
  return context.user &&
         std::ranges::find(context.user->groups, "system:masters") != context.user->groups.end();
}

bool is_mutating(const RequestInfo& info) {
  return info.verb != "get" && info.verb != "list" && info.verb != "watch";
}

}  // namespace

// One of those that are worked on.
class InFlightStage::Place {
 public:
  Place(Kind& kind, RequestMetrics& metrics) : kind_(kind), metrics_(metrics) {}
  Place(const Place&) = delete;
  ~Place() {
    if (taken_) metrics_.in_flight(kind_.mutating, kind_.count.fetch_sub(1) - 1);
  }
  // False when there is none left; `always`: takes one all the same.
  bool take(bool always) {
    const int count = kind_.count.fetch_add(1) + 1;
    if (kind_.limit > 0 && count > kind_.limit && !always) {
      kind_.count.fetch_sub(1);
      return false;
    }
    metrics_.in_flight(kind_.mutating, count);
    taken_ = true;
    return true;
  }

 private:
  Kind& kind_;
  RequestMetrics& metrics_;
  bool taken_ = false;
};

InFlightStage::InFlightStage(const RequestLimits& limits, RequestMetrics& metrics,
                             std::unique_ptr<Stage> next)
    : metrics_(metrics), next_(std::move(next)) {
  reads_.limit = limits.max_in_flight;
  writes_.limit = limits.max_mutating_in_flight;
  writes_.mutating = true;
}

Task<http::Response> InFlightStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (is_long_running(exchange->info))
    co_return co_await next_->handle(std::move(context), std::move(exchange));
  const bool mutating = is_mutating(exchange->info);
  auto place = std::make_unique<Place>(mutating ? writes_ : reads_, metrics_);
  if (!place->take(is_privileged(context))) {
    metrics_.dropped(mutating);
    metrics_.terminated(*exchange, 429);
    http::Response response = http_error(429, "Too many requests, please try again later.");
    response.headers.add("Retry-After", "1");
    co_return response;
  }
  http::Response response = co_await next_->handle(std::move(context), std::move(exchange));
  hold_while_streamed(response, std::move(place));
  co_return response;
}

}  // namespace xebec::apiserver
