// SPDX-License-Identifier: Apache-2.0
// A float sample, and the bit patterns Prometheus gives a meaning. Source: specs/prometheus.md
// §1.1.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "storage/base/clock.h"

namespace outrider {

inline constexpr Timestamp kNoTime = std::numeric_limits<Timestamp>::min() / 2;

struct Sample {
  Timestamp time = 0;
  double value = 0;
};

// "The series ended here." Compare bits, never isnan(): an ordinary NaN is a value.
inline constexpr uint64_t kStaleNanBits = 0x7ff0000000000002ULL;
inline constexpr uint64_t kNormalNanBits = 0x7ff8000000000001ULL;
inline bool IsStale(double value) { return std::bit_cast<uint64_t>(value) == kStaleNanBits; }
inline double StaleNan() { return std::bit_cast<double>(kStaleNanBits); }
inline bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

}  // namespace outrider
