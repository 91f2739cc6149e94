// SPDX-License-Identifier: Apache-2.0
// Least-squares lines over several windows at once without keeping samples.
//
// A tier is a ring of 64 sub-buckets of one width; windows share tiers (5m and 15m use buckets of
// 15 s, 30m and 1h of 60 s, 6h and 12h of 12 min, 24h of 24 min). A bucket holds centred sums with
// times relative to its start, never epoch milliseconds. Reading a window merges its buckets.
//
// Exactness: buckets wholly inside the window lose nothing, so while all samples fit the window the
// line is that of the raw samples. At the old edge of a full window one bucket may be cut in two:
// its samples are taken as evenly spaced (their count, first time and spread are known) and as
// lying on the bucket's own line. With regular scrapes the right number of samples at the right
// times goes; only the scatter around that bucket's line is shared out, so the slope's error stays
// far below its own standard error. Source: specs/anomaly_and_trends.md §4.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rules/analytics/moments.h"
#include "storage/base/clock.h"

namespace outrider {

inline constexpr std::array<DurationMs, 7> kTrendWindows = {
    5 * kMinute, 15 * kMinute, 30 * kMinute, kHour, 6 * kHour, 12 * kHour, 24 * kHour};

// 5m 15m 30m 1h 6h 12h 24h: the label `window`. (FormatDuration would call the last one 1d.)
std::string WindowText(DurationMs window);

// What a window holds. Times of `line` are seconds from `origin`.
struct WindowFit {
  Moments line;
  Timestamp origin = 0;
  double first = 0;  // the oldest sample, seconds from origin
  double last = 0;   // the newest
  double min = 0;
  double max = 0;

  bool Empty() const { return line.n == 0; }
  double ValueAt(Timestamp time) const {
    return line.At(static_cast<double>(time - origin) / kSecond);
  }
  // A typical size of the values that is 0 only when all of them are.
  double Level() const { return std::max(std::fabs(line.mean_v), line.StandardDeviation()); }
};

// One series. Not thread-safe.
class RingTiers {
 public:
  // Only the tiers that `windows` (of kTrendWindows) need are kept.
  explicit RingTiers(std::span<const DurationMs> windows);

  // Times must not go back; a sample that does is ignored. Finite values only.
  void Add(Timestamp time, double value);
  // Samples with now - window < time <= now. `window` must be one of those given.
  WindowFit Fit(DurationMs window, Timestamp now) const;
  Timestamp last_time() const { return last_time_; }
  double last_value() const { return last_value_; }

 private:
  static constexpr size_t kBuckets = 64;
  struct Bucket {
    Timestamp start = 0;
    uint32_t n = 0;
    float first = 0;  // seconds from start
    double mean_t = 0;
    double mean_v = 0;
    double m_tt = 0;
    double m_tv = 0;
    double m_vv = 0;
    double min = 0;
    double max = 0;

    Moments Line() const;
    void Add(double t, double v);
  };
  struct Tier {
    DurationMs width = 0;
    size_t newest = 0;  // position of the newest bucket once there is one
    std::vector<Bucket> buckets;

    void Add(Timestamp time, double value);
  };
  // The part of `bucket` after `cutoff` (seconds from the bucket's start); fewer than n samples.
  static Moments CutBefore(const Bucket& bucket, double cutoff, double* first);

  std::vector<Tier> tiers_;
  Timestamp last_time_ = INT64_MIN;
  double last_value_ = 0;
};

}  // namespace outrider
