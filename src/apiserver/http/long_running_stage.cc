#include "apiserver/http/long_running_stage.h"

#include "apiserver/http/held_stream.h"
#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

// Cancelled when the client goes or when the server ends.
class Link {
 public:
  Link(const CancelToken& client, Lifecycle& server, bool is_watch)
      : source_(client),
        watch_(is_watch ? std::make_unique<Lifecycle::Watch>(server) : nullptr),
        registration_(server.long_running().on_cancel([this] { source_.cancel(); })) {
    if (watch_) watch_registration_ = watch_->token().on_cancel([this] { source_.cancel(); });
  }
  Link(const Link&) = delete;
  CancelToken token() const { return source_.token(); }

 private:
  CancelSource source_;
  const std::unique_ptr<const Lifecycle::Watch> watch_;
  CancelRegistration registration_, watch_registration_;
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
  const bool watch = exchange->info.verb == "watch";
  if (watch && lifecycle_.refuses_watches()) {
    http::Response response =
        error_response(exchange->request, errors::service_unavailable("apiserver is shutting down"));
    response.headers.add("Retry-After", "1");
    co_return response;
  }
  auto link = std::make_shared<const Link>(context.cancel, lifecycle_, watch);
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
