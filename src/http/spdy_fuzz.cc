// The frame decoder takes any bytes, and gives the same frames wherever they are cut; header blocks come back
// as they went; a session over the bytes ends.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/scope.h"
#include "http/spdy.h"
#include "http/spdy_frame.h"
#include "http/testing/memory_stream.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::http::spdy {
namespace {

// What the decoder makes of the bytes, fed in pieces of `step`: control frames, and the bytes of data frames.
std::string frames_of(std::string_view bytes, size_t step) {
  Decoder decoder;
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += step) {
    decoder.feed(bytes.substr(at, step));
    for (;;) {
      Result<std::optional<Frame>> frame = decoder.next();
      if (!frame) return out + "!";
      if (!*frame) break;
      const Frame& f = **frame;
      if (f.type == Type::kData) {
        out += f.data;
        if ((f.flags & kFin) != 0) out += "#";
        continue;
      }
      out += fmt::format("\n{} {} {} {} ", static_cast<int>(f.type), f.flags, f.stream, f.value);
      for (const auto& [name, value] : f.headers) out += name + "=" + value + ";";
    }
  }
  return out;
}

void check_headers(std::string_view bytes) {
  fuzz::Pieces pieces(bytes);
  Headers headers;
  while (!pieces.empty()) {
    const std::string name = "n" + std::to_string(headers.size());
    const std::string_view value = pieces.part();
    // NUL parts the values of one name.
    if (value.find('\0') == value.npos) headers.add(name, value);
  }
  Deflater deflater;
  Inflater inflater;
  for (int i = 0; i < 2; ++i) {
    const std::string block = deflater.compress(headers);
    Result<Headers> again = inflater.decompress(block);
    FUZZ_CHECK(again && std::ranges::equal(*again, headers));
  }
}

Task<void> run_session(std::string bytes, Role role, size_t step) {
  Session session(std::make_unique<test::MemoryStream>(std::move(bytes), step), role);
  (void)co_await session.run();
  for (;;) {
    std::optional<std::shared_ptr<Stream>> stream = co_await session.accept();
    if (!stream) break;
    std::string buffer(1 << 16, '\0');
    (void)co_await (*stream)->read(buffer);
  }
}

}  // namespace

XEBEC_FUZZ(spdy) {
  fuzz::Pieces pieces(input);
  const size_t step = pieces.byte() + 1U;
  const std::string_view bytes = pieces.rest();
  FUZZ_CHECK(frames_of(bytes, step) == frames_of(bytes, std::max<size_t>(1, bytes.size())));
  check_headers(bytes);
  block_on(run_session(std::string(bytes), step % 2 == 0 ? Role::kServer : Role::kClient, step));
}

}  // namespace xebec::http::spdy
