// WebSocket (RFC 6455) over a ByteStream, both roles, as whole messages. No extensions.
// One reader and any number of writers at a time, on the executor of the stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sync.h"
#include "base/task.h"
#include "http/message.h"

namespace xebec::http::websocket {

enum class Role { kServer, kClient };
enum class Kind : uint8_t { kText = 1, kBinary = 2 };

struct Message {
  Kind kind = Kind::kBinary;
  std::string data;
};

// Close codes (RFC 6455, 7.4.1).
inline constexpr uint16_t kNormalClosure = 1000;
inline constexpr uint16_t kGoingAway = 1001;
inline constexpr uint16_t kProtocolError = 1002;
inline constexpr uint16_t kNoStatus = 1005;
inline constexpr uint16_t kInvalidData = 1007;
inline constexpr uint16_t kMessageTooBig = 1009;
inline constexpr uint16_t kInternalError = 1011;

class Socket {
 public:
  // `rng` masks what a client sends; it must outlive the socket.
  Socket(std::unique_ptr<ByteStream> stream, Role role, Rng& rng, size_t max_message = 32 << 20);
  ~Socket();

  // The next message; nothing after the peer's close frame (or end of stream after ours). Answers pings and
  // closes.
  Task<Result<std::optional<Message>>> receive();
  Task<Result<void>> send(Kind kind, std::string data);
  Task<Result<void>> ping(std::string data);
  // Sends a close frame, once; later sends fail. The peer's answer is seen by receive().
  Task<Result<void>> close(uint16_t code, std::string reason);
  // Ends the stream at once.
  void abort();

  // What the peer's close frame said; kNoStatus without one.
  uint16_t close_code() const;
  const std::string& close_reason() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// --- handshake (RFC 6455, 4) ---
bool is_upgrade(const Request& request);
// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);
// The subprotocols the client offers, in its order.
std::vector<std::string> offered_protocols(const Request& request);
// The first offered protocol that is in `supported`; empty when none is.
std::string choose_protocol(const Request& request, std::span<const std::string_view> supported);
// The 101 answer with a fresh Upgrade; an error (400) when the request is no valid handshake.
Result<Response> accept(const Request& request, std::string_view protocol, std::unique_ptr<Upgrade> upgrade);
// Adds the fields of a handshake to a GET request; returns the key, to check the answer with.
std::string prepare(Request& request, std::span<const std::string_view> protocols, Rng& rng);
// Checks the server's answer; returns the chosen subprotocol (may be empty).
Result<std::string> check(const Headers& answered, std::string_view key);

}  // namespace xebec::http::websocket
