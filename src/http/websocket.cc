#include "http/websocket.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstring>

#include "http/websocket_frame.h"

namespace xebec::http::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kReadSize = 16 << 10;

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string trimmed_lower(std::string_view text) {
  size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  std::string out(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::vector<std::string> list_of(const Headers& headers, std::string_view name, bool lower) {
  std::vector<std::string> items;
  for (std::string_view value : headers.all(name)) {
    while (!value.empty()) {
      size_t comma = value.find(',');
      std::string_view item = value.substr(0, comma);
      value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
      size_t first = item.find_first_not_of(" \t");
      if (first == std::string_view::npos) continue;
      item = item.substr(first, item.find_last_not_of(" \t") - first + 1);
      items.push_back(lower ? trimmed_lower(item) : std::string(item));
    }
  }
  return items;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

struct Socket::State {
  State(std::unique_ptr<ByteStream> stream, Role role, Rng& rng, size_t max_message)
      : stream(std::move(stream)), role(role), rng(rng), decoder(role == Role::kServer, max_message) {}

  std::unique_ptr<ByteStream> stream;
  const Role role;
  Rng& rng;
  Decoder decoder;
  AsyncMutex writing;
  bool close_sent = false;
  bool close_seen = false;
  uint16_t close_code = kNoStatus;
  std::string close_reason;

  // Whole frames are written one after the other, whoever sends them.
  static Task<Result<void>> write(std::shared_ptr<State> state, Opcode opcode, std::string payload) {
    AsyncMutex::Guard guard = co_await state->writing.lock();
    if (state->close_sent) co_return fail(errors::service_unavailable("websocket: close sent"));
    if (opcode == Opcode::kClose) state->close_sent = true;
    std::optional<uint32_t> mask;
    if (state->role == Role::kClient) mask = static_cast<uint32_t>(state->rng.next());
    std::string frame = encode_frame(opcode, payload, mask);
    co_return co_await state->stream->write(frame);
  }

  static Task<void> answer_close(std::shared_ptr<State> state, uint16_t code) {
    std::string payload;
    if (code != kNoStatus) payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    (void)co_await write(state, Opcode::kClose, std::move(payload));
  }
};

Socket::Socket(std::unique_ptr<ByteStream> stream, Role role, Rng& rng, size_t max_message)
    : state_(std::make_shared<State>(std::move(stream), role, rng, max_message)) {}
Socket::~Socket() = default;

uint16_t Socket::close_code() const { return state_->close_code; }
const std::string& Socket::close_reason() const { return state_->close_reason; }
void Socket::abort() { state_->stream->close(); }

Task<Result<void>> Socket::send(Kind kind, std::string data) {
  return State::write(state_, static_cast<Opcode>(kind), std::move(data));
}

Task<Result<void>> Socket::ping(std::string data) {
  return State::write(state_, Opcode::kPing, std::move(data));
}

Task<Result<void>> Socket::close(uint16_t code, std::string reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += std::string_view(reason).substr(0, 123);  // a control frame holds 125 bytes
  return State::write(state_, Opcode::kClose, std::move(payload));
}

Task<Result<std::optional<Message>>> Socket::receive() {
  std::shared_ptr<State> state = state_;
  std::string buffer(kReadSize, '\0');
  while (!state->close_seen) {
    Event event = state->decoder.next();
    switch (event.what) {
      case Event::kMessage: {
        std::optional<Message> message(std::in_place, static_cast<Kind>(event.opcode), std::move(event.data));
        co_return message;
      }
      case Event::kPing:
        // A pong that cannot be sent shows at the next read.
        (void)co_await State::write(state, Opcode::kPong, std::move(event.data));
        continue;
      case Event::kPong:
        continue;
      case Event::kClose:
        state->close_seen = true;
        state->close_code = event.code;
        state->close_reason = std::move(event.data);
        co_await State::answer_close(state, event.code);
        continue;
      case Event::kError: {
        state->close_seen = true;
        co_await State::answer_close(state, event.code);
        co_return fail(errors::bad_request("websocket: " + event.data));
      }
      case Event::kMore:
        break;
    }
    Result<size_t> count = co_await state->stream->read(buffer);
    if (!count) co_return fail(count.error());
    if (*count == 0) {
      state->close_seen = true;
      if (state->close_sent) break;
      co_return fail(errors::service_unavailable("websocket: unexpected EOF"));
    }
    state->decoder.feed(std::string_view(buffer).substr(0, *count));
  }
  co_return std::optional<Message>();
}

// --- handshake ---

bool is_upgrade(const Request& request) {
  return contains(list_of(request.headers, "upgrade", true), "websocket") &&
         contains(list_of(request.headers, "connection", true), "upgrade");
}

std::string accept_key(std::string_view key) {
  std::string text = std::string(key) + std::string(kGuid);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
  return base64({reinterpret_cast<const char*>(digest), length});
}

std::vector<std::string> offered_protocols(const Request& request) {
  return list_of(request.headers, "sec-websocket-protocol", false);
}

std::string choose_protocol(const Request& request, std::span<const std::string_view> supported) {
  for (std::string& offered : offered_protocols(request)) {
    if (std::find(supported.begin(), supported.end(), offered) != supported.end()) return std::move(offered);
  }
  return {};
}

Result<Response> accept(const Request& request, std::string_view protocol, std::unique_ptr<Upgrade> upgrade) {
  if (request.method != "GET" || !is_upgrade(request))
    return fail(errors::bad_request("not a websocket handshake"));
  if (request.headers.get("sec-websocket-version") != "13") {
    return fail(errors::bad_request(
        "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"));
  }
  std::string_view key = request.headers.get("sec-websocket-key");
  if (key.size() != 24 || !key.ends_with("==")) {
    return fail(errors::bad_request("websocket: 'Sec-WebSocket-Key' must be 16 bytes in base64"));
  }
  Response response;
  response.status = 101;
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Sec-WebSocket-Accept", accept_key(key));
  if (!protocol.empty()) response.headers.add("Sec-WebSocket-Protocol", protocol);
  response.body = std::move(upgrade);
  return response;
}

std::string prepare(Request& request, std::span<const std::string_view> protocols, Rng& rng) {
  uint64_t random[2] = {rng.next(), rng.next()};
  char bytes[16];
  std::memcpy(bytes, random, sizeof bytes);
  std::string key = base64({bytes, sizeof bytes});
  request.method = "GET";
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Sec-WebSocket-Version", "13");
  request.headers.set("Sec-WebSocket-Key", key);
  if (!protocols.empty())
    request.headers.set("Sec-WebSocket-Protocol", fmt::format("{}", fmt::join(protocols, ", ")));
  return key;
}

Result<std::string> check(const Headers& answered, std::string_view key) {
  bool upgraded = contains(list_of(answered, "upgrade", true), "websocket");
  if (!upgraded || answered.get("sec-websocket-accept") != accept_key(key)) {
    return fail(errors::bad_request("websocket: bad handshake"));
  }
  return std::string(answered.get("sec-websocket-protocol"));
}

}  // namespace xebec::http::websocket
