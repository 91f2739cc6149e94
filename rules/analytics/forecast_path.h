// SPDX-License-Identifier: Apache-2.0
// What every forecasting model offers: the value it expects at a time, how sure it is, and when a
// threshold is reached.
#pragma once

#include <limits>
#include <optional>

#include "rules/analytics/forecast_options.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Seconds from now; +Inf: not as far as can be seen. earliest <= expected <= latest: the interval
// of the crossing.
struct Crossing {
  static constexpr double kNever = std::numeric_limits<double>::infinity();
  double expected = kNever;
  double earliest = kNever;
  double latest = kNever;

  static Crossing Now() { return {.expected = 0, .earliest = 0, .latest = 0}; }
};

// The expected values from `now` on, as a model sees them. Valid until the model's next sample.
class ForecastPath {
 public:
  virtual ~ForecastPath() = default;
  // `ahead` seconds from now, ahead >= 0.
  virtual double ValueAt(double ahead) const = 0;
  // Half of the interval of a value at that time, by the model's own reckoning.
  virtual double HalfWidth(double ahead) const = 0;
};

// The threshold is there already: beyond it on the side `direction` looks at, or exactly on it.
// kAuto has no side: what has passed the threshold is not told from what waits for it beyond.
bool HasReached(double value, double threshold, CrossingDirection direction);

// Walks along the path in steps of `step` seconds up to `limit`. A crossing counts only if the
// value moves by more than half its interval until then: what is within the model's usual error
// reaches nothing. `half_width(ahead)` may differ from the path's own.
template <typename HalfWidth>
Crossing WalkToThreshold(const ForecastPath& path, double threshold, CrossingDirection direction,
                         double step, double limit, HalfWidth half_width) {
  const double here = path.ValueAt(0);
  if (HasReached(here, threshold, direction)) return Crossing::Now();
  // +1: the series has to rise to it.
  const double side = threshold > here ? 1 : -1;
  if (direction == CrossingDirection::kAbove && side < 0) return {};
  if (direction == CrossingDirection::kBelow && side > 0) return {};
  Crossing crossing;
  double before = 0;
  double value_before = here;
  const auto steps = static_cast<int>(limit / step);
  for (int i = 1; i <= steps; ++i) {
    const double ahead = i * step;
    const double value = path.ValueAt(ahead);
    const double half = half_width(ahead);
    auto at_or_past = [&](double v) { return side * (v - threshold) >= 0; };
    if (crossing.earliest == Crossing::kNever && at_or_past(value + side * half)) {
      crossing.earliest = ahead;
    }
    if (crossing.expected == Crossing::kNever && at_or_past(value)) {
      if (side * (value - here) < half) return {};
      const double share = (threshold - value_before) / (value - value_before);
      crossing.expected = before + step * share;
      if (crossing.earliest > crossing.expected) crossing.earliest = crossing.expected;
    }
    if (at_or_past(value - side * half)) {
      crossing.latest = ahead;
      break;
    }
    before = ahead;
    value_before = value;
  }
  // What only the edge of the interval touches is no forecast of a crossing.
  return crossing.expected == Crossing::kNever ? Crossing() : crossing;
}

}  // namespace outrider
