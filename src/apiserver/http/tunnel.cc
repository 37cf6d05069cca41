#include "apiserver/http/tunnel.h"

#include <array>

#include "base/scope.h"

namespace xebec::apiserver {
namespace {

constexpr size_t kCopyBytes = 32 << 10;

// Copies until the end of one direction, then says so to the other side.
Task<void> copy(http::ByteStream* from, http::ByteStream* to) {
  auto buffer = std::make_unique<std::array<char, kCopyBytes>>();
  for (;;) {
    std::span<char> into(*buffer);
    Result<size_t> read = co_await from->read(into);
    if (!read || *read == 0) break;
    std::string_view bytes(buffer->data(), *read);
    Result<void> written = co_await to->write(bytes);
    if (!written) break;
  }
  Result<void> ended = co_await to->shutdown_write();
  if (!ended) to->close();
}

// The client's side has ended or broken: nothing more is worth sending to it.
Task<void> copy_then_close(http::ByteStream* from, http::ByteStream* to) {
  co_await copy(from, to);
  to->close();
  from->close();
}

// Both ends, for whoever wants to close them while they exist. Used on one executor only.
struct Ends {
  http::ByteStream* front = nullptr;
  http::ByteStream* back = nullptr;
};

class Tunnel final : public http::Upgrade {
 public:
  Tunnel(std::shared_ptr<http::Client> client, std::unique_ptr<http::ByteStream> backend)
      : client_(std::move(client)), backend_(std::move(backend)) {}

  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    Executor* executor = Executor::current();
    auto ends = std::make_shared<Ends>();
    ends->front = stream.get();
    ends->back = backend_.get();
    // Cancellation comes on any thread; streams are closed on their own.
    CancelRegistration registration =
        context.cancel.on_cancel([executor, ends] { executor->post([ends] { close(*ends); }); });
    Scope scope(*executor, context.cancel);
    scope.spawn(copy(ends->front, ends->back));
    // The kubelet ends last: it tells the exit status after the client has closed its side.
    scope.spawn(copy_then_close(ends->back, ends->front));
    co_await scope.join();
    *ends = Ends();
  }

 private:
  static void close(const Ends& ends) {
    if (ends.front) ends.front->close();
    if (ends.back) ends.back->close();
  }

  const std::shared_ptr<http::Client> client_;
  const std::unique_ptr<http::ByteStream> backend_;
};

// Keeps the client, and with it the connection, as long as the stream is read.
class HeldStream final : public http::BodyStream {
 public:
  HeldStream(std::shared_ptr<http::Client> client, std::unique_ptr<http::BodyStream> stream)
      : client_(std::move(client)), stream_(std::move(stream)) {}
  Task<Result<http::Buffer>> next() override { return stream_->next(); }

 private:
  const std::shared_ptr<http::Client> client_;
  const std::unique_ptr<http::BodyStream> stream_;
};

}  // namespace

Answer open_tunnel(Context context, std::shared_ptr<http::Client> client, http::Request request) {
  http::Headers answered;
  CO_TRY(std::unique_ptr<http::ByteStream> backend,
         co_await client->upgrade(std::move(context), std::move(request), answered));
  http::Response response;
  response.status = 101;
  response.headers = std::move(answered);
  std::unique_ptr<http::Upgrade> tunnel = std::make_unique<Tunnel>(std::move(client), std::move(backend));
  response.body = std::move(tunnel);
  co_return response;
}

http::Response pass_through(std::shared_ptr<http::Client> client, http::Response response) {
  // The length and the connection are this side's own matter.
  for (std::string_view name :
       {"Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Upgrade"}) {
    response.headers.erase(name);
  }
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    std::unique_ptr<http::BodyStream> held =
        std::make_unique<HeldStream>(std::move(client), std::move(*stream));
    response.body = std::move(held);
  }
  return response;
}

Answer pass_on(std::shared_ptr<http::Client> client, http::Response response) {
  if (response.status >= 400) {
    CO_TRY(std::string text, co_await response.read_body(64 << 10));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (response.status == 400) co_return fail(errors::bad_request(text));
    ResourceName resource{"", "pods"};
    co_return fail(errors::generic(response.status, "get", resource, "", text, 0));
  }
  http::Response out;
  out.status = response.status;
  std::string_view type = response.headers.get("Content-Type");
  out.headers.add("Content-Type", type.empty() ? "text/plain" : type);
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    std::unique_ptr<http::BodyStream> held =
        std::make_unique<HeldStream>(std::move(client), std::move(*stream));
    out.body = std::move(held);
  } else {
    out.body = std::move(response.body);
  }
  co_return out;
}

}  // namespace xebec::apiserver
