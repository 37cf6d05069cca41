// Mutations of inputs: what libFuzzer does first, without its feedback, and the same on every run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace xebec::fuzz {

class Mutator {
 public:
  // `seeds` outlive this.
  Mutator(const std::vector<std::string>& seeds, uint64_t seed)
      : seeds_(seeds), rng_(make_seeded_rng(seed)) {}

  // One to four changes of `text`.
  std::string mutate(std::string text);

 private:
  void change(std::string& text);
  size_t below(size_t bound) { return static_cast<size_t>(rng_->below(bound)); }
  // A piece of `text`, at most `most` long.
  std::string piece(const std::string& text, size_t most);

  const std::vector<std::string>& seeds_;
  const std::unique_ptr<Rng> rng_;
};

}  // namespace xebec::fuzz
