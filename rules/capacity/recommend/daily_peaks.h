// SPDX-License-Identifier: Apache-2.0
// The largest value of each of the last days (UTC).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe. Values are not negative.
template <size_t kDays>
class DailyPeaks {
 public:
  // What is older than the last kDays is left out.
  void Add(Timestamp time, double value) {
    AdvanceTo(time);
    const int64_t age = day_ - DayOf(time);
    if (age >= static_cast<int64_t>(kDays)) return;
    float& peak = peaks_[static_cast<size_t>(age)];
    peak = std::max(peak, static_cast<float>(value));
  }
  // Of the last `days` days up to the one of `now`; 0 without any.
  double Max(Timestamp now, int64_t days = kDays) const {
    const int64_t shift = DayOf(now) - day_;  // negative: `now` lies before the newest
    double peak = 0;
    for (int64_t age = 0; age < static_cast<int64_t>(kDays); ++age) {
      if (age + shift < days) peak = std::max<double>(peak, peaks_[static_cast<size_t>(age)]);
    }
    return peak;
  }
  // How many of the last `days` days have a value.
  int64_t Days(Timestamp now, int64_t days = kDays) const {
    const int64_t shift = DayOf(now) - day_;
    int64_t seen = 0;
    for (int64_t age = 0; age < static_cast<int64_t>(kDays); ++age) {
      if (age + shift < days && peaks_[static_cast<size_t>(age)] > 0) ++seen;
    }
    return seen;
  }
  void Merge(const DailyPeaks& other) {
    for (size_t age = kDays; age-- > 0;) {
      if (other.peaks_[age] > 0) {
        Add((int64_t{other.day_} - static_cast<int64_t>(age)) * kDay, other.peaks_[age]);
      }
    }
  }
  void Save(RowWriter& out) const {
    out.I64(day_);
    for (float peak : peaks_) out.Double(peak);
  }
  void Load(RowReader& in) {
    const int64_t day = in.I64();
    bool good = day >= INT32_MIN && day <= INT32_MAX;
    for (float& peak : peaks_) {
      peak = static_cast<float>(in.Double());
      good &= std::isfinite(peak) && peak >= 0;
    }
    day_ = static_cast<int32_t>(day);
    if (good) return;
    *this = {};
    in.Fail();
  }

 private:
  static int64_t DayOf(Timestamp time) { return time / kDay; }
  void AdvanceTo(Timestamp time) {
    const int64_t day = DayOf(time);
    if (day <= day_) return;
    const auto shift = static_cast<size_t>(std::min<int64_t>(day - day_, kDays));
    for (size_t age = kDays; age-- > 0;) peaks_[age] = age >= shift ? peaks_[age - shift] : 0;
    day_ = static_cast<int32_t>(day);
  }

  std::array<float, kDays> peaks_ = {};  // [0] is day_
  int32_t day_ = INT32_MIN;
};

}  // namespace outrider
