#include "echo.h"

#include <array>
#include <cctype>

namespace xebec::integration {
namespace {

class Echo final : public http::Upgrade {
 public:
  Task<void> run(Context, std::unique_ptr<http::ByteStream> stream) override {
    std::array<char, 256> buffer;
    for (;;) {
      std::span<char> into(buffer);
      Result<size_t> n = co_await stream->read(into);
      if (!n || *n == 0) break;
      std::string text(buffer.data(), *n);
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      Result<void> written = co_await stream->write(text);
      if (!written) break;
    }
  }
};

}  // namespace

http::Response echoing(const http::Request& request) {
  http::Response response;
  response.status = 101;
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Upgrade", request.headers.get("Upgrade"));
  response.body = std::make_unique<Echo>();
  return response;
}

Task<Result<std::string>> hear_echo(http::Client* client, http::Request request) {
  http::Headers answered;
  Context context;
  CO_TRY(std::unique_ptr<http::ByteStream> stream,
         co_await client->upgrade(context, std::move(request), answered));
  CO_TRY_VOID(co_await stream->write("hello"));
  std::string got;
  std::array<char, 64> buffer;
  while (got.size() < 5) {
    std::span<char> into(buffer);
    CO_TRY(size_t n, co_await stream->read(into));
    if (n == 0) break;
    got.append(buffer.data(), n);
  }
  stream->close();
  co_return got;
}

}  // namespace xebec::integration
