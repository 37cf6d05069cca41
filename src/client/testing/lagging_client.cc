#include "client/testing/lagging_client.h"

#include "base/sync.h"

namespace xebec::client::testing {
namespace {

Duration draw(Rng& rng, Duration most) {
  if (rng.next() % 5 != 0) return Duration::zero();
  return Duration(static_cast<Duration::rep>(rng.next() % static_cast<uint64_t>(most.count())));
}

class LaggingStream final : public http::BodyStream {
 public:
  LaggingStream(std::unique_ptr<http::BodyStream> inner, Rng& rng, Duration most, CancelToken token)
      : inner_(std::move(inner)), rng_(rng), most_(most), token_(std::move(token)) {}

  Task<Result<http::Buffer>> next() override {
    auto piece = co_await inner_->next();
    Duration lag = draw(rng_, most_);
    if (lag > Duration::zero()) co_await sleep_for(lag, token_);
    co_return piece;
  }

 private:
  std::unique_ptr<http::BodyStream> inner_;
  Rng& rng_;
  Duration most_;
  CancelToken token_;
};

}  // namespace

Task<Result<http::Response>> LaggingClient::send(Context context, http::Request request) {
  CancelToken token = context.cancel;
  auto response = co_await inner_->send(std::move(context), std::move(request));
  if (!response) co_return response;
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response->body))
    response->body = std::make_unique<LaggingStream>(std::move(*stream), rng_, most_, token);
  co_return response;
}

Task<Result<std::unique_ptr<http::ByteStream>>> LaggingClient::upgrade(Context context, http::Request request,
                                                                       http::Headers& answered) {
  return inner_->upgrade(std::move(context), std::move(request), answered);
}

}  // namespace xebec::client::testing
