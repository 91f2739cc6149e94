// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_path.h"

namespace outrider {

bool HasReached(double value, double threshold, CrossingDirection direction) {
  switch (direction) {
    case CrossingDirection::kAbove:
      return value >= threshold;
    case CrossingDirection::kBelow:
      return value <= threshold;
    case CrossingDirection::kAuto:
      return value == threshold;
  }
  return false;
}

}  // namespace outrider
