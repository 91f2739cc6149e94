// SPDX-License-Identifier: Apache-2.0
// How far an observed change is stretched towards the edges of its window. Source:
// specs/prometheus.md §2.3.
#pragma once

#include <algorithm>
#include <cstddef>

#include "storage/base/clock.h"

namespace outrider::promql {

struct ObservedChange {
  Timestamp first_time = 0;
  Timestamp last_time = 0;
  size_t samples = 0;
  double first = 0;  // the first value, or count
  double change = 0;
  // Inside the window: from there it counts, beginning with zero, and nothing is stretched to the
  // left. 0: not so.
  Timestamp start = 0;
};

// To the edge of (from, to] when that is within 1.1 average intervals of the first or last sample,
// else by half an interval; a counter never below zero.
inline double StretchFactor(const ObservedChange& o, Timestamp from, Timestamp to, bool counter) {
  constexpr double kMillis = 1000;
  double sampled = static_cast<double>(o.last_time - o.first_time) / kMillis;
  const double average = o.samples > 1 ? sampled / static_cast<double>(o.samples - 1) : 0;
  const double threshold = average * 1.1;
  double to_start = static_cast<double>(o.first_time - from) / kMillis;
  double to_end = static_cast<double>(to - o.last_time) / kMillis;
  if (o.start != 0) {
    to_start = 0;
    sampled = static_cast<double>(o.last_time - o.start) / kMillis;
  } else {
    if (to_start >= threshold) to_start = average / 2;
    if (counter && o.change > 0 && o.first >= 0) {
      to_start = std::min(to_start, sampled * (o.first / o.change));
    }
  }
  if (to_end >= threshold) to_end = average / 2;
  return sampled == 0 ? 1 : (sampled + to_start + to_end) / sampled;
}

}  // namespace outrider::promql
