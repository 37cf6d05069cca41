#include "apiserver/http/deadline_stage.h"

#include <fmt/format.h>

#include "api/time.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

// Cancels a source at a time, unless destroyed before.
class Alarm {
 public:
  Alarm(MonotonicTime when, std::shared_ptr<CancelSource> source) : executor_(*Executor::current()) {
    id_ = executor_.post_at(when, [source = std::move(source)] { source->cancel(); });
  }
  Alarm(const Alarm&) = delete;
  ~Alarm() { executor_.cancel_timer(id_); }

 private:
  Executor& executor_;
  uint64_t id_;
};

// The time a request may take, as it asks for.
Result<Duration> time_allowed(const http::Request& request, Duration longest) {
  std::optional<std::string> asked = request.param("timeout");
  if (!asked || asked->empty()) return longest;
  Result<api::Duration> parsed = api::Duration::parse(*asked);
  if (!parsed) {
    return fail(errors::bad_request(
        fmt::format("invalid timeout specified in the request URL - {}", parsed.error().message)));
  }
  if (parsed->nanos <= 0) return longest;
  return std::min(longest, Duration(std::chrono::nanoseconds(parsed->nanos)));
}

// An answer of which parts are still to be made. Its status is sent, so that what is late can only be broken
// off.
class TimedStream final : public http::BodyStream {
 public:
  TimedStream(MonotonicTime deadline, std::unique_ptr<http::BodyStream> inner)
      : deadline_(deadline), inner_(std::move(inner)) {}
  Task<Result<http::Buffer>> next() override {
    if (Executor::current()->now() >= deadline_)
      co_return fail(errors::timeout("the client did not read its answer within the time of a request", 0));
    co_return co_await inner_->next();
  }

 private:
  const MonotonicTime deadline_;
  const std::unique_ptr<http::BodyStream> inner_;
};

}  // namespace

Task<http::Response> DeadlineStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (is_long_running(exchange->info))
    co_return co_await next_->handle(std::move(context), std::move(exchange));
  Result<Duration> allowed = time_allowed(exchange->request, longest_);
  if (!allowed) co_return error_response(exchange->request, allowed.error());

  MonotonicTime deadline = Executor::current()->now() + *allowed;
  auto source = std::make_shared<CancelSource>(context.cancel);
  Alarm alarm(deadline, source);
  context.deadline = deadline;
  context.cancel = source->token();
  http::Response response = co_await next_->handle(std::move(context), exchange);
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    std::unique_ptr<http::BodyStream> timed = std::make_unique<TimedStream>(deadline, std::move(*stream));
    *stream = std::move(timed);
  }
  if (response.status == 504 && source->token().cancelled()) metrics_.terminated(*exchange, 504);
  co_return response;
}

}  // namespace xebec::apiserver
