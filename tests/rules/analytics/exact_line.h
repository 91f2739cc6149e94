// SPDX-License-Identifier: Apache-2.0
// Textbook least squares over raw samples, in long double, as an independent check.
#pragma once

#include <cmath>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

struct ExactLine {
  double slope = 0;
  double standard_error = 0;
  double r2 = 0;
  size_t n = 0;
};

// Samples with from <= time <= until.
inline ExactLine ExactLineOf(const std::vector<Sample>& samples, Timestamp from, Timestamp until) {
  long double n = 0;
  long double mean_t = 0;
  long double mean_v = 0;
  auto inside = [&](const Sample& s) { return s.time >= from && s.time <= until; };
  for (const Sample& s : samples) {
    if (!inside(s)) continue;
    n += 1;
    mean_t += static_cast<long double>(s.time - from) / 1000;
    mean_v += s.value;
  }
  mean_t /= n;
  mean_v /= n;
  long double tt = 0;
  long double tv = 0;
  long double vv = 0;
  for (const Sample& s : samples) {
    if (!inside(s)) continue;
    const long double dt = static_cast<long double>(s.time - from) / 1000 - mean_t;
    const long double dv = s.value - mean_v;
    tt += dt * dt;
    tv += dt * dv;
    vv += dv * dv;
  }
  ExactLine exact;
  exact.slope = static_cast<double>(tv / tt);
  exact.r2 = static_cast<double>(tv * tv / (tt * vv));
  exact.standard_error = static_cast<double>(std::sqrt((vv - tv * tv / tt) / ((n - 2) * tt)));
  exact.n = static_cast<size_t>(n);
  return exact;
}

}  // namespace outrider
