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

}  // namespace xebec::integration
