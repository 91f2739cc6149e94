// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/quantiles.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace outrider {

double NormalInterval(double confidence) {
  // Bisection would do; Newton's steps on erf converge in a handful.
  double z = 1;
  for (int i = 0; i < 50; ++i) {
    const double density = 2 * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double step = (std::erf(z / std::numbers::sqrt2) - confidence) / density;
    z -= std::clamp(step, -1.0, 1.0);
    if (std::fabs(step) < 1e-10) break;
  }
  return z;
}

double StudentInterval(const Confidence& confidence, double freedom) {
  if (freedom < 1.5) {  // one degree: Cauchy
    return std::tan(std::numbers::pi * confidence.share / 2);
  }
  if (freedom < 2.5) {  // two degrees, in closed form
    const double p = confidence.share;
    return p * std::sqrt(2 / (1 - p * p));
  }
  // Cornish-Fisher expansion in 1/freedom (Abramowitz and Stegun 26.7.5).
  const double z = confidence.z;
  const double z2 = z * z;
  const double g1 = z * (z2 + 1) / 4;
  const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  const double f = 1 / freedom;
  return z + f * (g1 + f * (g2 + f * (g3 + f * g4)));
}

}  // namespace outrider
