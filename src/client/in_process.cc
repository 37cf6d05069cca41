#include "client/in_process.h"

namespace xebec::client {
namespace {

// A handler's stream, which goes before the handler does.
struct Served {
  std::shared_ptr<http::Handler> handler;
  std::unique_ptr<http::BodyStream> stream;
};

// Pieces of a streamed answer, made on the server's executor. Dropping it tells the handler, and frees the
// handler's stream where it lives.
class ForeignStream final : public http::BodyStream {
 public:
  ForeignStream(Served served, Executor& server, CancelSource source)
      : served_(std::move(served)), server_(server), source_(std::move(source)) {}
  ~ForeignStream() override {
    source_.cancel();
    server_.post([served = std::move(served_)]() mutable { served.stream.reset(); });
  }

  Task<Result<http::Buffer>> next() override {
    Executor* home = Executor::current();
    if (home == &server_) co_return co_await served_.stream->next();
    co_await server_.schedule();
    Result<http::Buffer> piece = co_await served_.stream->next();
    co_await home->schedule();
    co_return piece;
  }

 private:
  Served served_;
  Executor& server_;
  CancelSource source_;
};

}  // namespace

InProcessClient::InProcessClient(std::shared_ptr<http::Handler> handler, Executor& server,
                                 std::shared_ptr<const UserInfo> identity)
    : handler_(std::move(handler)), server_(server), identity_(std::move(identity)) {}

Task<Result<http::Response>> InProcessClient::send(Context context, http::Request request) {
  Executor* home = Executor::current();
  CancelSource source(context.cancel);
  context.cancel = source.token();
  context.user = identity_;
  auto connection = std::make_shared<http::Connection>();
  connection->protocol = "in-process";
  request.connection = std::move(connection);

  if (home != &server_) co_await server_.schedule();
  http::Response response = co_await handler_->handle(std::move(context), std::move(request));
  if (home != &server_) co_await home->schedule();

  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    Served served{handler_, std::move(*stream)};
    response.body = std::make_unique<ForeignStream>(std::move(served), server_, std::move(source));
  } else if (std::holds_alternative<std::unique_ptr<http::Upgrade>>(response.body)) {
    co_return fail(Status(501, reason::kUnknown, "connections cannot be upgraded inside the process"));
  }
  co_return response;
}

Task<Result<std::unique_ptr<http::ByteStream>>> InProcessClient::upgrade(Context, http::Request,
                                                                         http::Headers&) {
  co_return fail(Status(501, reason::kUnknown, "connections cannot be upgraded inside the process"));
}

}  // namespace xebec::client
