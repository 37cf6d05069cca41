// A connection whose peer has said everything already, and takes all that is written.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "http/message.h"

namespace xebec::http::test {

class MemoryStream final : public ByteStream {
 public:
  // At most `step` bytes come at once.
  MemoryStream(std::string incoming, size_t step) : incoming_(std::move(incoming)), step_(step) {}

  Task<Result<size_t>> read(std::span<char> into) override {
    if (closed_) co_return fail(errors::service_unavailable("closed"));
    const size_t count = std::min({into.size(), step_, incoming_.size() - taken_});
    std::memcpy(into.data(), incoming_.data() + taken_, count);
    taken_ += count;
    co_return count;
  }
  Task<Result<void>> write(std::string_view bytes) override {
    if (closed_) co_return fail(errors::service_unavailable("closed"));
    written_ += bytes;
    co_return Result<void>();
  }
  Task<Result<void>> shutdown_write() override { co_return Result<void>(); }
  void close() override { closed_ = true; }

  const std::string& written() const { return written_; }

 private:
  const std::string incoming_;
  const size_t step_;
  size_t taken_ = 0;
  std::string written_;
  bool closed_ = false;
};

}  // namespace xebec::http::test
