// SPDX-License-Identifier: Apache-2.0
#include "storage/window/number_mode.h"

namespace outrider {
namespace {

using number_mode_internal::kMaxNumber;
using number_mode_internal::kTens;
using number_mode_internal::kTwos;

constexpr double kManyBytes = 0x1p20;  // smaller numbers are taken for counts
// Of random floats few come so near to a decimal of a number below these.
constexpr double kMaxDecimal = 0x1p45;
constexpr double kMaxNearly = 0x1p38;
constexpr uint32_t kNearlyDigits = 6;

bool IsMode(NumberMode mode, double value) {
  int64_t ulps = 0;
  return Fits(mode, value, NumberOf(mode, value), &ulps);
}

}  // namespace

NumberMode FindMode(double value) {
  const double size = std::fabs(value);
  if (!(size < kMaxNumber)) return kNoNumber;
  if (IsMode(kExact, value)) {
    for (auto i = static_cast<uint32_t>(kTwos.size()); size >= kManyBytes && i-- > 0;) {
      const auto mode = static_cast<NumberMode>(kPowers + i);
      if (IsMode(mode, value)) return mode;
    }
    return kExact;
  }
  for (uint32_t d = 1; d < kTens.size() && size * kTens[d] < kMaxDecimal; ++d) {
    if (IsMode(static_cast<NumberMode>(kExact + d), value)) {
      return static_cast<NumberMode>(kExact + d);
    }
  }
  for (uint32_t d = 1; d <= kNearlyDigits && size * kTens[d] < kMaxNearly; ++d) {
    if (IsMode(static_cast<NumberMode>(kNearly + d), value)) {
      return static_cast<NumberMode>(kNearly + d);
    }
  }
  return kNoNumber;
}

}  // namespace outrider
