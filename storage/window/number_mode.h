// SPDX-License-Identifier: Apache-2.0
// How a float is seen as a whole number: most samples are counts, sums of decimals or multiples of
// a page, and the steps between such numbers take far fewer bits than those between floats. Both
// sides of the codec compute with doubles as IEEE 754 has them, so they agree bit by bit.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace outrider {

// Stands in chunks as 5 bits: 0 is no number; 1 + d: n / 10^d; 14 + d: the same, and off by a few
// units in the last place, as sums of decimals are; 27 + i: n times a power of two.
using NumberMode = uint8_t;
inline constexpr NumberMode kNoNumber = 0;
inline constexpr NumberMode kExact = 1;
inline constexpr NumberMode kNearly = 14;
inline constexpr NumberMode kPowers = 27;
inline constexpr uint32_t kModes = 32;
inline constexpr int64_t kMaxUlps = 15;

namespace number_mode_internal {

inline constexpr std::array<double, 13> kTens = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
inline constexpr std::array<double, 5> kTwos = {0x1p3, 0x1p10, 0x1p12, 0x1p16, 0x1p20};
inline constexpr double kMaxNumber = 0x1p51;

struct Scale {
  double times = 0;    // a value into its number
  double divided = 1;  // and back: n / divided
};
inline constexpr std::array<Scale, kModes> kScales = [] {
  std::array<Scale, kModes> scales{};
  for (uint32_t d = 0; d < kTens.size(); ++d) {
    scales[kExact + d] = scales[kNearly + d] = {kTens[d], kTens[d]};
  }
  for (uint32_t i = 0; i < kTwos.size(); ++i) scales[kPowers + i] = {1 / kTwos[i], 1 / kTwos[i]};
  return scales;
}();

}  // namespace number_mode_internal

inline bool IsNearly(NumberMode mode) { return mode >= kNearly && mode < kPowers; }

// The number nearest to a value; 0 for what has none.
inline int64_t NumberOf(NumberMode mode, double value) {
  const double scaled = value * number_mode_internal::kScales[mode].times;
  if (!(std::fabs(scaled) < number_mode_internal::kMaxNumber)) return 0;
  return static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
}

// The value of a number; `ulps` further away from zero (or nearer).
inline double ValueOf(NumberMode mode, int64_t number, int64_t ulps) {
  const double value = static_cast<double>(number) / number_mode_internal::kScales[mode].divided;
  return std::bit_cast<double>(std::bit_cast<uint64_t>(value) + static_cast<uint64_t>(ulps));
}

// Whether ValueOf gives the value's bits again, and with how many ulps.
inline bool Fits(NumberMode mode, double value, int64_t number, int64_t* ulps) {
  const double back = ValueOf(mode, number, 0);
  *ulps = static_cast<int64_t>(std::bit_cast<uint64_t>(value) - std::bit_cast<uint64_t>(back));
  if (!IsNearly(mode)) return *ulps == 0;
  return number != 0 && *ulps >= -kMaxUlps && *ulps <= kMaxUlps;
}

// The mode in which a value's number is smallest; kNoNumber when none fits.
NumberMode FindMode(double value);

}  // namespace outrider
