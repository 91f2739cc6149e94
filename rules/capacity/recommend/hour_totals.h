// SPDX-License-Identifier: Apache-2.0
// Cores used by all replicas together, by hour of the day (UTC): the mean of each hour, the newest
// day counting for a third. For how many replicas are needed.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "rules/capacity/recommend/level16.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class HourTotals {
 public:
  // `cores` used for `span` up to `time`, by one replica. What belongs to an earlier hour is left
  // out.
  void Add(Timestamp time, double cores, DurationMs span) {
    const auto hour = static_cast<int32_t>(time / kHour);
    if (hour < hour_) return;
    if (hour > hour_) Close(hour);
    sum_ += cores * static_cast<double>(span) / kHour;
  }
  // 0: that hour of the day was not yet seen whole.
  double MeanOf(size_t hour_of_day) const { return means_[hour_of_day].Value(); }

  void Merge(const HourTotals& other) {
    for (size_t i = 0; i < means_.size(); ++i) {
      means_[i] = Level16(std::max(means_[i].Value(), other.means_[i].Value()));
    }
  }
  void Save(RowWriter& out) const {
    for (Level16 mean : means_) out.U64(mean.code());
    out.I64(hour_).Bool(whole_).Double(sum_);
  }
  void Load(RowReader& in) {
    bool good = true;
    for (Level16& mean : means_) {
      const uint64_t code = in.U64();
      good &= code <= UINT16_MAX;
      mean = Level16::FromCode(static_cast<uint16_t>(code));
    }
    const int64_t hour = in.I64();
    good &= hour >= INT32_MIN && hour <= INT32_MAX;
    hour_ = static_cast<int32_t>(hour);
    whole_ = in.Bool();
    sum_ = in.Double();
    good &= std::isfinite(sum_) && sum_ >= 0 && (hour_ >= 0 || hour_ == INT32_MIN);
    if (good) return;
    *this = {};
    in.Fail();
  }

 private:
  void Close(int32_t hour) {
    constexpr float kNewest = 1.0F / 3;
    if (whole_) {
      Level16& mean = means_[static_cast<size_t>(hour_ % 24)];
      const auto fresh = static_cast<float>(sum_);
      const float old = mean.Value();
      mean = Level16(old > 0 ? old + kNewest * (fresh - old) : fresh);
    }
    // The hour in which watching began is not whole, nor is one after a pause.
    whole_ = hour == hour_ + 1 && hour_ != INT32_MIN;
    hour_ = hour;
    sum_ = 0;
  }

  std::array<Level16, 24> means_ = {};
  int32_t hour_ = INT32_MIN;
  bool whole_ = false;
  double sum_ = 0;
};

}  // namespace outrider
