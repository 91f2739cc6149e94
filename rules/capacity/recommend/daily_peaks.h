// SPDX-License-Identifier: Apache-2.0
// The largest value of each of the last days (UTC), as floats or in 16 bits (level16.h).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "rules/capacity/recommend/level16.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe. Values are not negative.
template <size_t kDays, typename Store = float>
class DailyPeaks {
 public:
  // What is older than the last kDays is left out.
  void Add(Timestamp time, double value) {
    AdvanceTo(time);
    const int64_t age = day_ - DayOf(time);
    if (age >= static_cast<int64_t>(kDays)) return;
    Store& peak = peaks_[static_cast<size_t>(age)];
    const auto fresh = static_cast<float>(value);
    if (fresh > ValueOf(peak)) peak = Store(fresh);
  }
  // Of the last `days` days up to the one of `now`; 0 without any.
  double Max(Timestamp now, int64_t days = kDays) const {
    const int64_t shift = DayOf(now) - day_;  // negative: `now` lies before the newest
    double peak = 0;
    for (int64_t age = 0; age < static_cast<int64_t>(kDays); ++age) {
      if (age + shift < days)
        peak = std::max<double>(peak, ValueOf(peaks_[static_cast<size_t>(age)]));
    }
    return peak;
  }
  void Merge(const DailyPeaks& other) {
    for (size_t age = kDays; age-- > 0;) {
      const float peak = ValueOf(other.peaks_[age]);
      if (peak > 0) Add((int64_t{other.day_} - static_cast<int64_t>(age)) * kDay, peak);
    }
  }
  void Save(RowWriter& out) const {
    out.I64(day_);
    for (Store peak : peaks_) out.Double(ValueOf(peak));
  }
  void Load(RowReader& in) {
    const int64_t day = in.I64();
    bool good = day >= INT32_MIN && day <= INT32_MAX;
    for (Store& peak : peaks_) {
      const auto read = static_cast<float>(in.Double());
      good &= std::isfinite(read) && read >= 0;
      peak = Store(read);
    }
    day_ = static_cast<int32_t>(day);
    if (good) return;
    *this = {};
    in.Fail();
  }

 private:
  static float ValueOf(float peak) { return peak; }
  static float ValueOf(Level16 peak) { return peak.Value(); }
  static int64_t DayOf(Timestamp time) { return time / kDay; }
  void AdvanceTo(Timestamp time) {
    const int64_t day = DayOf(time);
    if (day <= day_) return;
    const auto shift = static_cast<size_t>(std::min<int64_t>(day - day_, kDays));
    for (size_t age = kDays; age-- > 0;) peaks_[age] = age >= shift ? peaks_[age - shift] : Store();
    day_ = static_cast<int32_t>(day);
  }

  std::array<Store, kDays> peaks_ = {};  // [0] is day_
  int32_t day_ = INT32_MIN;
};

}  // namespace outrider
