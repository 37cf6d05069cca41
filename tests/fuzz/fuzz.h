// A fuzz entry: what is done with any bytes, and what must then hold. It stands beside the code it feeds, in
// NAME_fuzz.cc:
//
//   XEBEC_FUZZ(quantity) {          // the file's NAME; `input` is the bytes
//     auto q = Quantity::parse(input);
//     if (q) FUZZ_CHECK(Quantity::parse(q->str()) == *q);
//   }
//
// One source, two programs: under the preset `fuzz` libFuzzer searches for inputs that break it (./dev fuzz);
// in every other build fuzz_test feeds it the seeds of tests/fuzz/corpus/NAME and fixed mutations of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace xebec::fuzz {

using Run = void (*)(std::string_view input);

struct Entry {
  std::string_view name;
  Run run;
};

// Those of this program.
std::vector<Entry>& entries();

struct Registration {
  Registration(std::string_view name, Run run) { entries().push_back({name, run}); }
};

// Ends the program as a crash does.
[[noreturn]] void failed(const char* what, const char* file, int line);

// Takes an input apart. Parts end at an RS byte (0x1e), which no text format here has use for, so that seeds
// stay readable.
class Pieces {
 public:
  explicit Pieces(std::string_view input) : rest_(input) {}

  // 0 at the end.
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view part() {
    const size_t end = rest_.find('\x1e');
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return part;
  }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace xebec::fuzz

#define XEBEC_FUZZ(name)                                                                             \
  static void xebec_fuzz_##name([[maybe_unused]] std::string_view input);                            \
  static const ::xebec::fuzz::Registration xebec_fuzz_registration_##name(#name, xebec_fuzz_##name); \
  static void xebec_fuzz_##name([[maybe_unused]] std::string_view input)

#define FUZZ_CHECK(...)                                                          \
  do {                                                                           \
    if (!(__VA_ARGS__)) ::xebec::fuzz::failed(#__VA_ARGS__, __FILE__, __LINE__); \
  } while (false)
