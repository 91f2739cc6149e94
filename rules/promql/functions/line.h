// SPDX-License-Identifier: Apache-2.0
// The least-squares line behind deriv and predict_linear, from compensated sums.
#pragma once

#include "rules/promql/kahan.h"

namespace outrider::promql {

struct Line {
  double slope = 0;      // per second
  double intercept = 0;  // at the origin of the times
};

// Of n samples (x, y); x in seconds from an origin.
struct LineSums {
  double n = 0;
  KahanSum x;
  KahanSum y;
  KahanSum xy;
  KahanSum xx;
  double first = 0;       // y
  bool constant = false;  // all y equal the first
};

Line LineOf(const LineSums& sums);

}  // namespace outrider::promql
