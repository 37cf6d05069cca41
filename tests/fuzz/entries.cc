#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz.h"

namespace xebec::fuzz {

std::vector<Entry>& entries() {
  static std::vector<Entry> all;
  return all;
}

void failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

}  // namespace xebec::fuzz
