// SPDY/3.1 over a ByteStream, both roles: what kubectl, kubelets and containerd speak for exec, attach and
// port forwarding. Source: the SPDY/3.1 draft, and moby/spdystream for what its peers really do: they send no
// WINDOW_UPDATE, so by default windows are not enforced and TCP gives the back-pressure.
// Everything runs on the executor of the byte stream.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sync.h"
#include "base/task.h"
#include "http/message.h"

namespace xebec::http::spdy {

enum class Role { kServer, kClient };

struct Options {
  // Honour the peer's windows and send WINDOW_UPDATE; only where both ends are known to do so.
  bool flow_control = false;
  // Reading of the connection stops while a stream holds more than this unread.
  size_t stream_buffer = 256 << 10;
  size_t max_streams = 1000;
};

// RST_STREAM codes.
inline constexpr uint32_t kProtocolError = 1;
inline constexpr uint32_t kInvalidStream = 2;
inline constexpr uint32_t kRefusedStream = 3;
inline constexpr uint32_t kCancel = 5;
inline constexpr uint32_t kInternalError = 6;

class Session;
namespace detail {
struct StreamState;
struct SessionState;
}  // namespace detail

// One stream; a ByteStream with header fields. Shared by whoever uses it; dropping it does not reset it.
class Stream final : public ByteStream {
 public:
  Stream(std::shared_ptr<detail::SessionState> session, std::shared_ptr<detail::StreamState> state);
  ~Stream() override;

  uint32_t id() const;
  // Of SYN_STREAM, names in lower case.
  const Headers& headers() const;

  // Accepts a stream that the peer opened.
  Task<Result<void>> reply(Headers headers);
  // Waits for the peer's SYN_REPLY; an error when it reset the stream instead.
  Task<Result<Headers>> replied();
  Task<Result<void>> reset(uint32_t status);

  Task<Result<size_t>> read(std::span<char> into) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<Result<void>> shutdown_write() override;
  void close() override;  // resets the stream (CANCEL)

 private:
  std::shared_ptr<detail::SessionState> session_;
  std::shared_ptr<detail::StreamState> state_;
};

class Session {
 public:
  Session(std::unique_ptr<ByteStream> stream, Role role, Options options = {});
  ~Session();

  // Reads frames until the connection ends; must be running for anything else to go on. Returns the reason of
  // a broken connection, or nothing after an orderly end.
  Task<Result<void>> run();
  // Opens a stream; does not wait for the reply.
  Task<Result<std::shared_ptr<Stream>>> open(Headers headers);
  // The next stream the peer opened, not yet replied to; nothing when the session has ended.
  Task<std::optional<std::shared_ptr<Stream>>> accept(CancelToken cancel = {});
  // A ping round trip.
  Task<Result<void>> ping();
  Task<Result<void>> go_away();
  // Ends the connection at once.
  void close();

 private:
  std::shared_ptr<detail::SessionState> state_;
};

// The answer to a client's `Upgrade: SPDY/3.1`; an error (400) when the request is none.
bool is_upgrade(const Request& request);
Result<Response> accept(const Request& request, std::unique_ptr<Upgrade> upgrade);

}  // namespace xebec::http::spdy
