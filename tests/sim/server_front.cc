#include "sim/server_front.h"

#include "base/sync.h"

namespace xebec::sim {
namespace {

http::Response refused() {
  http::Response response;
  response.status = 503;
  response.headers.add("Content-Type", "application/json");
  response.set_body(R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"connection refused",)"
                    R"("reason":"ServiceUnavailable","code":503})");
  return response;
}

// Cancels what the server does for a client when the connection is cut.
struct Cut {
  Cut(const CancelToken& client, const CancelToken& connection)
      : both(client), registration(connection.on_cancel([this] { both.cancel(); })) {}
  CancelSource both;
  CancelRegistration registration;
};

// A stream of the server that breaks when its connection does.
class CutStream final : public http::BodyStream {
 public:
  CutStream(std::unique_ptr<http::BodyStream> inner, CancelToken connection, std::unique_ptr<Cut> cut)
      : inner_(std::move(inner)), connection_(std::move(connection)), cut_(std::move(cut)) {}

  Task<Result<http::Buffer>> next() override {
    auto piece = co_await inner_->next();
    if (connection_.cancelled()) co_return fail(errors::service_unavailable("connection reset by peer"));
    co_return piece;
  }

 private:
  std::unique_ptr<http::BodyStream> inner_;
  CancelToken connection_;
  std::unique_ptr<Cut> cut_;
};

}  // namespace

void ServerFront::set_server(http::Handler* server) {
  connections_.cancel();
  connections_ = CancelSource();
  ++generation_;
  server_ = server;
}

Task<http::Response> ServerFront::handle(Context context, http::Request request) {
  if (server_ == nullptr) co_return refused();
  uint64_t generation = generation_;
  CancelToken connection = connections_.token();
  auto cut = std::make_unique<Cut>(context.cancel, connection);
  context.cancel = cut->both.token();
  http::Response response = co_await server_->handle(std::move(context), std::move(request));
  // The answer may say that all is well: it does not arrive.
  if (generation != generation_) co_return refused();
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body))
    response.body = std::make_unique<CutStream>(std::move(*stream), connection, std::move(cut));
  co_return response;
}

}  // namespace xebec::sim
