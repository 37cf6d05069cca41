// The libFuzzer form of a program with one entry.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xebec::fuzz::entries().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
