// libFuzzer: the frame decoder takes any bytes, cut anywhere.
#include <cstddef>
#include <cstdint>

#include "http/spdy_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xebec::http::spdy;
  if (size < 1) return 0;
  Decoder decoder;
  size_t step = data[0] + 1U;
  for (size_t at = 1; at < size; at += step) {
    decoder.feed({reinterpret_cast<const char*>(data) + at, std::min(step, size - at)});
    for (;;) {
      auto frame = decoder.next();
      if (!frame) return 0;
      if (!*frame) break;
    }
  }
  return 0;
}
