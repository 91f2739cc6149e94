// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/guard.h"

#include <algorithm>
#include <cmath>

namespace outrider {
namespace {
constexpr float kTooManyAbove = 0.05F;
constexpr uint32_t kEnoughToday = 60;  // samples, before today's share of them says anything
}  // namespace

bool Guard(const GuardRails& rails, double request, Bounds* bounds) {
  const double before = bounds->target;
  if (rails.largest_step > 1 && request > 0) {
    bounds->target =
        std::clamp(bounds->target, request / rails.largest_step, request * rails.largest_step);
  }
  bounds->target = std::max(bounds->target, rails.minimum);
  if (rails.maximum > 0) bounds->target = std::min(bounds->target, rails.maximum);
  bounds->lower = std::min(bounds->lower, bounds->target);
  bounds->upper = std::max(bounds->upper, bounds->target);
  // The rails are for requests: a limit below what was needed would kill at once.
  bounds->limit = std::max(bounds->limit, bounds->target);
  return bounds->target != before;
}

bool Stands(const Promise& promise, const Bounds& fresh, double hysteresis, bool strict) {
  const double given = promise.Given();
  if (!(given > 0) || !(hysteresis > 0)) return false;
  if (std::abs(fresh.target - given) > hysteresis * given) return false;
  if (strict) return promise.PeakSinceGiven() <= given;
  const Promise::Outcome today = promise.Today();
  return today.samples < kEnoughToday || today.violations < kTooManyAbove;
}

}  // namespace outrider
