// libFuzzer: the frame decoder takes any bytes, cut anywhere.
#include <cstddef>
#include <cstdint>

#include "http/websocket_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xebec::http::websocket;
  if (size < 2) return 0;
  Decoder decoder((data[0] & 1) != 0, 1 << 16);
  size_t step = data[1] + 1U;
  for (size_t at = 2; at < size; at += step) {
    decoder.feed({reinterpret_cast<const char*>(data) + at, std::min(step, size - at)});
    while (decoder.next().what != Event::kMore) {
    }
  }
  return 0;
}
