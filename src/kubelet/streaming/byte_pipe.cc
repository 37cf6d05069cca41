#include "kubelet/streaming/byte_pipe.h"

#include <array>

#include "base/scope.h"
#include "kubelet/streaming/linger.h"

namespace xebec::kubelet {
namespace {

constexpr size_t kCopyBytes = 32 << 10;

struct Ended {
  OneShot<bool> one;  // a direction is over, or all is cancelled
  OneShot<bool> both;
  int directions = 0;

  void count() {
    one.set(true);
    if (++directions == 2) both.set(true);
  }
};

Task<void> copy(http::ByteStream* from, http::ByteStream* to, Ended* ended) {
  auto buffer = std::make_unique<std::array<char, kCopyBytes>>();
  for (;;) {
    std::span<char> into(*buffer);
    Result<size_t> count = co_await from->read(into);
    if (!count || *count == 0) break;
    std::string_view bytes(buffer->data(), *count);
    Result<void> written = co_await to->write(bytes);
    if (!written) break;
  }
  (void)co_await to->shutdown_write();
  ended->count();
}

}  // namespace

Task<void> pipe(http::ByteStream& client, http::ByteStream& backend, CancelToken cancel) {
  Ended ended;
  OneShot<bool> one = ended.one;
  CancelRegistration registration = cancel.on_cancel([one] { one.set(false); });
  Scope scope(*Executor::current());
  scope.spawn(copy(&client, &backend, &ended));
  scope.spawn(copy(&backend, &client, &ended));
  bool orderly = co_await one;
  if (orderly) co_await linger(ended.both, cancel);
  client.close();
  backend.close();
  co_await scope.join();
}

}  // namespace xebec::kubelet
