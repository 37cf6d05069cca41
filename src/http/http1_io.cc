#include "http/http1_io.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace xebec::http {
namespace {

class Upgraded final : public ByteStream {
 public:
  explicit Upgraded(Input input) : input_(std::move(input)) {}
  ~Upgraded() override { close(); }

  Task<Result<size_t>> read(std::span<char> into) override {
    if (input_.bytes.empty()) return input_.transport->read(into);
    return take(into);
  }
  Task<Result<void>> write(std::string_view bytes) override { return input_.transport->write(bytes); }
  Task<Result<void>> shutdown_write() override { return input_.transport->shutdown_write(); }
  void close() override { input_.transport->close(); }

 private:
  Task<Result<size_t>> take(std::span<char> into) {
    size_t count = std::min(into.size(), input_.bytes.size());
    std::memcpy(into.data(), input_.bytes.data(), count);
    input_.bytes.erase(0, count);
    co_return count;
  }

  Input input_;
};

}  // namespace

ssize_t Input::fill() {
  std::array<char, 16 << 10> buffer;
  ssize_t count = transport->try_read(buffer);
  if (count > 0) bytes.append(buffer.data(), static_cast<size_t>(count));
  return count;
}

Task<bool> Input::more() {
  for (;;) {
    ssize_t count = fill();
    if (count > 0) co_return true;
    if (count != Transport::kWouldBlock) co_return false;
    bool ready = co_await transport->readable();
    if (!ready) co_return false;
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  size_t start = out.size();
  out += value;
  for (size_t i = start; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n') out[i] = ' ';
  }
  out += "\r\n";
}

std::string chunk(const Buffer& piece) {
  if (piece == nullptr) return "0\r\n\r\n";
  std::string out = fmt::format("{:x}\r\n", piece->size());
  out.reserve(out.size() + piece->size() + 2);
  out += *piece;
  out += "\r\n";
  return out;
}

std::unique_ptr<ByteStream> make_upgraded(Input input) {
  return std::make_unique<Upgraded>(std::move(input));
}

}  // namespace xebec::http
