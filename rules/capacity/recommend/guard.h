// SPDX-License-Identifier: Apache-2.0
// What no recommendation may leave, and when a new one replaces an old one. Pure.
#pragma once

#include "rules/capacity/recommend/bounds.h"
#include "rules/capacity/recommend/promise.h"

namespace outrider {

// Of one resource, cores or bytes.
struct GuardRails {
  double minimum = 0;
  double maximum = 0;  // 0: none
  // The target is at most this many times the present request, at least the request divided by it;
  // 0: no such limit.
  double largest_step = 0;
  // A target within this share of the one given before is no news.
  double hysteresis = 0.1;
  friend bool operator==(const GuardRails&, const GuardRails&) = default;
};

// Moves the bounds into the rails, in order (lower <= target <= upper, target <= limit; the limit
// is never lowered). True if the target moved. `request`: now; 0: none.
bool Guard(const GuardRails& rails, double request, Bounds* bounds);

// Whether what was given before stands: the new target is within the hysteresis, and the use of
// today does not contradict it: memory never above it (`strict`), CPU in less than one sample of
// twenty.
bool Stands(const Promise& promise, const Bounds& fresh, double hysteresis, bool strict);

}  // namespace outrider
