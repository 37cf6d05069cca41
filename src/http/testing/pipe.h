// Connections in memory for tests of what is said over them.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "base/sync.h"
#include "http/message.h"

namespace xebec::http::test {

struct Pipe {
  std::string bytes;
  bool ended = false;
  Signal changed;
};

class PipeEnd final : public ByteStream {
 public:
  PipeEnd(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, size_t most, size_t room)
      : in_(in), out_(out), most_(most), room_(room) {}
  ~PipeEnd() override { close(); }
  Task<Result<size_t>> read(std::span<char> into) override {
    auto in = in_;
    while (in->bytes.empty() && !in->ended) co_await in->changed.wait();
    size_t count = std::min({into.size(), in->bytes.size(), most_});
    std::memcpy(into.data(), in->bytes.data(), count);
    in->bytes.erase(0, count);
    in->changed.notify_all();
    co_return count;
  }
  Task<Result<void>> write(std::string_view bytes) override {
    auto out = out_;
    while (out->bytes.size() > room_ && !out->ended) co_await out->changed.wait();
    if (out->ended) co_return fail(errors::service_unavailable("pipe closed"));
    out->bytes += bytes;
    out->changed.notify_all();
    co_return Result<void>();
  }
  Task<Result<void>> shutdown_write() override {
    out_->ended = true;
    out_->changed.notify_all();
    co_return Result<void>();
  }
  void close() override {
    for (const auto& pipe : {in_, out_}) {
      pipe->ended = true;
      pipe->changed.notify_all();
    }
  }

 private:
  std::shared_ptr<Pipe> in_, out_;
  const size_t most_, room_;
};

// Two ends. A read gets `most` bytes at once; a writer waits for its reader when more than `room` bytes are
// there.
inline std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> make_pipe(size_t most = SIZE_MAX,
                                                                                     size_t room = SIZE_MAX) {
  auto a = std::make_shared<Pipe>();
  auto b = std::make_shared<Pipe>();
  return {std::make_unique<PipeEnd>(a, b, most, room), std::make_unique<PipeEnd>(b, a, most, room)};
}

}  // namespace xebec::http::test
