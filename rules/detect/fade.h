// SPDX-License-Identifier: Apache-2.0
// Forgetting by time: what is left of a weight after a while. Steps of a series repeat, so the
// newest answer is kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "storage/base/clock.h"

namespace outrider {

// Not thread-safe. The memory of the newest answer is no state: a fresh Fade answers the same.
class Fade {
 public:
  // `most`: of one step, in half-lives, so that a gap is not taken for time that was watched.
  explicit Fade(DurationMs half_life, float most = 1)
      : half_life_(static_cast<float>(half_life)), most_(most) {}

  // 2^(-step / half-life), at least 2^-most.
  double Keep(DurationMs step) { return 1 - Lose(step); }
  // The rest of it.
  double Lose(DurationMs step) {
    const auto known = static_cast<int32_t>(std::min<DurationMs>(step, kLongest));
    if (known != step_ || known == kLongest) {
      step_ = known;
      const double halvings = static_cast<double>(step) / static_cast<double>(half_life_);
      loss_ = static_cast<float>(
          -std::expm1(-std::numbers::ln2 * std::clamp(halvings, 0.0, static_cast<double>(most_))));
    }
    return static_cast<double>(loss_);
  }
  // How much a running mean moves towards a new sample; the first samples count alike, so that the
  // mean is the plain one until there is something to forget. `before`: samples so far.
  double Gain(DurationMs step, uint64_t before) {
    return std::max(Lose(step), 1 / (static_cast<double>(before) + 1));
  }

 private:
  static constexpr int32_t kLongest = std::numeric_limits<int32_t>::max();
  float half_life_;
  float most_;
  int32_t step_ = -1;
  float loss_ = 0;
};

}  // namespace outrider
