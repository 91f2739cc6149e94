// SPDX-License-Identifier: Apache-2.0
// Randomness is handed in, like time.
#pragma once

#include <cstdint>
#include <string>

namespace outrider {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  // A version-4 UUID, lower case.
  std::string Uuid();
};

// The kernel's generator. Only main constructs one.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

// splitmix64 from a seed, for tests and simulations.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override;

 private:
  uint64_t state_;  // not thread-safe: one thread per seeded generator
};

}  // namespace outrider
