// The frame decoder takes any bytes, and gives the same messages wherever they are cut; frames come back as
// they went; a socket over the bytes ends.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "base/scope.h"
#include "http/testing/memory_stream.h"
#include "http/websocket.h"
#include "http/websocket_frame.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http::websocket {
namespace {

constexpr size_t kMaxMessage = 1 << 16;

std::string events_of(std::string_view bytes, bool masked, size_t step) {
  Decoder decoder(masked, kMaxMessage);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += step) {
    decoder.feed(bytes.substr(at, step));
    for (;;) {
      const Event event = decoder.next();
      if (event.what == Event::kMore) break;
      FUZZ_CHECK(event.data.size() <= kMaxMessage);
      out += fmt::format("{} {} {} {}\n", static_cast<int>(event.what), static_cast<int>(event.opcode),
                         event.code, event.data);
    }
  }
  return out;
}

void check_frame(std::string_view payload, bool masked) {
  std::optional<uint32_t> mask;
  if (masked) mask = 0x12345678;
  Decoder decoder(masked, kMaxMessage);
  decoder.feed(encode_frame(Opcode::kBinary, payload, mask));
  const Event event = decoder.next();
  if (payload.size() > kMaxMessage) return;
  FUZZ_CHECK(event.what == Event::kMessage && event.data == payload);
}

Task<void> run_socket(std::string bytes, bool masked, size_t step, Rng& rng) {
  Socket socket(std::make_unique<test::MemoryStream>(std::move(bytes), step),
                masked ? Role::kServer : Role::kClient, rng, kMaxMessage);
  for (;;) {
    Result<std::optional<Message>> message = co_await socket.receive();
    if (!message || !*message) break;
  }
}

}  // namespace

XEBEC_FUZZ(websocket) {
  fuzz::Pieces pieces(input);
  const bool masked = pieces.byte() % 2 != 0;
  const size_t step = pieces.byte() + 1U;
  const std::string_view bytes = pieces.rest();
  FUZZ_CHECK(events_of(bytes, masked, step) == events_of(bytes, masked, std::max<size_t>(1, bytes.size())));
  check_frame(bytes, masked);
  static const std::unique_ptr<Rng> rng = make_seeded_rng(1);
  block_on(run_socket(std::string(bytes), masked, step, *rng));
}

}  // namespace xebec::http::websocket
