// SPDX-License-Identifier: Apache-2.0
// How many standard errors make an interval.
#pragma once

namespace outrider {

// The z with P(|Z| < z) = confidence of a standard normal Z; 1.96 for 0.95. Within 1e-8.
double NormalInterval(double confidence);

// A confidence and its z, computed once.
struct Confidence {
  explicit Confidence(double confidence) : share(confidence), z(NormalInterval(confidence)) {}
  double share;
  double z;
};

// The same of Student's t with `freedom` > 0 degrees of freedom (need not be whole). Within 2 % at
// a confidence of 0.95, 6 % at 0.99.
double StudentInterval(const Confidence& confidence, double freedom);

}  // namespace outrider
