#include "apiserver/http/long_running_stage.h"

#include "apiserver/http/held_stream.h"

namespace xebec::apiserver {
namespace {

// Cancelled when the client goes or when the server ends.
class Link {
 public:
  Link(const CancelToken& client, const CancelToken& server)
      : source_(client), registration_(server.on_cancel([this] { source_.cancel(); })) {}
  Link(const Link&) = delete;
  CancelToken token() const { return source_.token(); }

 private:
  CancelSource source_;
  CancelRegistration registration_;
};

class LinkedUpgrade final : public http::Upgrade {
 public:
  LinkedUpgrade(std::shared_ptr<const Link> link, std::unique_ptr<http::Upgrade> inner)
      : link_(std::move(link)), inner_(std::move(inner)) {}
  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    context.cancel = link_->token();
    return inner_->run(std::move(context), std::move(stream));
  }

 private:
  const std::shared_ptr<const Link> link_;
  const std::unique_ptr<http::Upgrade> inner_;
};

}  // namespace

Task<http::Response> LongRunningStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (!is_long_running(exchange->info))
    co_return co_await next_->handle(std::move(context), std::move(exchange));
  auto link = std::make_shared<const Link>(context.cancel, lifecycle_.long_running());
  context.cancel = link->token();
  http::Response response = co_await next_->handle(std::move(context), std::move(exchange));
  if (auto* upgrade = std::get_if<std::unique_ptr<http::Upgrade>>(&response.body)) {
    std::unique_ptr<http::Upgrade> linked = std::make_unique<LinkedUpgrade>(link, std::move(*upgrade));
    response.body = std::move(linked);
  }
  hold_while_streamed(response, std::move(link));
  co_return response;
}

}  // namespace xebec::apiserver
