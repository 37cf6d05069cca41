// Connections in memory for tests of what is said over them.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "base/sync.h"
#include "http/message.h"

namespace xebec::kubelet {

inline constexpr size_t kPipeRoom = 100'000;  // a writer waits for its reader beyond this

struct Pipe {
  std::string bytes;
  bool ended = false;
  Signal changed;
};

class PipeEnd final : public http::ByteStream {
 public:
  PipeEnd(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out) : in_(in), out_(out) {}
  ~PipeEnd() override { close(); }
  Task<Result<size_t>> read(std::span<char> into) override {
    auto in = in_;
    while (in->bytes.empty() && !in->ended) co_await in->changed.wait();
    size_t count = std::min(into.size(), in->bytes.size());
    std::memcpy(into.data(), in->bytes.data(), count);
    in->bytes.erase(0, count);
    in->changed.notify_all();
    co_return count;
  }
  Task<Result<void>> write(std::string_view bytes) override {
    auto out = out_;
    while (out->bytes.size() > kPipeRoom && !out->ended) co_await out->changed.wait();
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
};

inline std::pair<std::unique_ptr<http::ByteStream>, std::unique_ptr<http::ByteStream>> make_pipe() {
  auto a = std::make_shared<Pipe>();
  auto b = std::make_shared<Pipe>();
  return {std::make_unique<PipeEnd>(a, b), std::make_unique<PipeEnd>(b, a)};
}

}  // namespace xebec::kubelet
