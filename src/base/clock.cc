#include "base/clock.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <mutex>
#include <random>

namespace xebec {
namespace {

class SystemRng final : public Rng {
 public:
  uint64_t next() override {
    uint64_t value = 0;
    while (getrandom(&value, sizeof value, 0) != sizeof value) {
    }
    return value;
  }
};

class SeededRng final : public Rng {
 public:
  explicit SeededRng(uint64_t seed) : engine_(seed) {}
  uint64_t next() override {
    std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace

uint64_t Rng::below(uint64_t bound) {
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::unique_ptr<Rng> make_system_rng() { return std::make_unique<SystemRng>(); }
std::unique_ptr<Rng> make_seeded_rng(uint64_t seed) { return std::make_unique<SeededRng>(seed); }

std::string make_uuid(Rng& rng) {
  uint64_t high = (rng.next() & ~0xf000ULL) | 0x4000ULL;
  uint64_t low = (rng.next() & ~(0xc0ULL << 56)) | (0x80ULL << 56);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                     low >> 48, low & 0xffffffffffffULL);
}

std::string random_suffix(Rng& rng, size_t length) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (size_t i = 0; i < length; ++i) out += kAlphabet[rng.below(kAlphabet.size())];
  return out;
}

}  // namespace xebec
