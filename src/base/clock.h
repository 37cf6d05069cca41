// The wall clock and the source of randomness, passed to whatever needs them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace xebec {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;  // thread-safe
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override { return std::chrono::system_clock::now(); }
};

class Rng {
 public:
  virtual ~Rng() = default;
  virtual uint64_t next() = 0;     // thread-safe
  uint64_t below(uint64_t bound);  // uniform in [0, bound); bound > 0
  double uniform();                // in [0, 1)
};

// From the operating system; fit for keys and tokens.
std::unique_ptr<Rng> make_system_rng();
// Reproducible; for simulation and jitter.
std::unique_ptr<Rng> make_seeded_rng(uint64_t seed);

// A random version 4 UUID, in lower case with dashes.
std::string make_uuid(Rng& rng);
// As k8s.io/apimachinery's rand.String: `length` characters of an alphabet without vowels and look-alikes.
std::string random_suffix(Rng& rng, size_t length);

}  // namespace xebec
