// SPDX-License-Identifier: Apache-2.0
// A bounded memory of what is usual: at most 128 points over at most an hour, their median and the
// typical deviation from it. Every sample is a point until the ring is full; then every
// second point goes and from there on only each second (fourth, …) sample is added, so that the
// hour is covered at any scrape interval with the same memory.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class Baseline {
 public:
  static constexpr size_t kPoints = 128;
  static constexpr DurationMs kSpan = kHour;

  // In order of time.
  void Add(Timestamp time, double value);
  size_t size() const { return points_.size(); }

  struct Center {
    double median = 0;
    // A robust standard deviation: 1.4826 * median of |x - median|; where more than half of the
    // points are equal, 1.2533 * mean of |x - median|. 0 only when all points are equal.
    double deviation = 0;
  };
  // Medians of an even number of points are the mean of the middle two. Needs size() > 0.
  Center Measure() const;

  // Where the newest points in a row that lie at or beyond the edge, above it or below, begin;
  // `newest` if the last one does not.
  Timestamp BeyondSince(double edge, bool above, Timestamp newest) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  struct Point {
    Timestamp time = 0;
    double value = 0;
  };
  void Thin();

  std::vector<Point> points_;  // oldest first
  uint32_t stride_ = 1;        // every stride_-th sample becomes a point
  uint32_t skipped_ = 0;
};

}  // namespace outrider
