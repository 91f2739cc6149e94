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
  // `cores` used for `span` up to `time`, by one replica. One may be an hour behind the others, as
  // when their sender catches up; what belongs to an earlier hour is left out.
  void Add(Timestamp time, double cores, DurationMs span) {
    const auto hour = static_cast<int32_t>(time / kHour);
    const double amount = cores * static_cast<double>(span) / kHour;
    if (closed_ && hour == hour_ - 1) {
      closed_sum_ += static_cast<float>(amount);
      Put(hour, old_mean_.Value(), closed_sum_);
    }
    if (hour < hour_) return;
    if (hour > hour_) Close(hour);
    sum_ += amount;
  }
  void PrefetchSum() const { __builtin_prefetch(&sum_); }
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
  void Put(int32_t hour, float old, float fresh) {
    constexpr float kNewest = 1.0F / 3;
    means_[static_cast<size_t>(hour % 24)] =
        Level16(old > 0 ? old + kNewest * (fresh - old) : fresh);
  }

  void Close(int32_t hour) {
    closed_ = whole_ && hour == hour_ + 1;
    if (whole_) {
      old_mean_ = means_[static_cast<size_t>(hour_ % 24)];
      closed_sum_ = static_cast<float>(sum_);
      Put(hour_, old_mean_.Value(), closed_sum_);
    }
    // The hour in which watching began is not whole, nor is one after a pause.
    whole_ = hour == hour_ + 1 && hour_ != INT32_MIN;
    hour_ = hour;
    sum_ = 0;
  }

  std::array<Level16, 24> means_ = {};
  int32_t hour_ = INT32_MIN;
  bool whole_ = false;
  // Of the hour before, which may still get something; not saved.
  bool closed_ = false;
  Level16 old_mean_;  // without it
  float closed_sum_ = 0;
  double sum_ = 0;
};

}  // namespace outrider
