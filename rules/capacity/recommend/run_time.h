// SPDX-License-Identifier: Apache-2.0
// How long the containers of something that comes and goes ran, all of them together, by day (UTC)
// of the last week: what a CronJob holds, it holds that long.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class RunTime {
 public:
  // One container ran for `span` up to `time`.
  void Add(Timestamp time, DurationMs span) {
    first_ = std::min(first_, time - span);
    const int64_t day = time / kDay;
    if (day > day_) {
      const auto shift = static_cast<size_t>(std::min<int64_t>(day - day_, kDays));
      for (size_t age = kDays; age-- > 0;) hours_[age] = age >= shift ? hours_[age - shift] : 0;
      day_ = day;
    }
    const auto age = static_cast<size_t>(day_ - day);
    if (age < kDays) hours_[age] += static_cast<float>(span) / static_cast<float>(kHour);
  }
  // How many ran at once on average, from the first run on, of the last seven days at most. 1
  // before there was any.
  double Mean(Timestamp now) const {
    if (day_ == kNoDay) return 1;
    const int64_t today = std::max(now / kDay, day_);
    const Timestamp from = std::max(first_, (today - kDays + 1) * kDay);
    double sum = 0;
    for (int64_t age = 0; age < kDays; ++age) {
      if (day_ - age > today - kDays) sum += double{hours_[static_cast<size_t>(age)]};
    }
    // In its first hour nothing tells how long it runs.
    const auto watched = static_cast<double>(std::max<DurationMs>(now - from, kHour));
    return sum * static_cast<double>(kHour) / watched;
  }
  void Merge(const RunTime& other) {
    for (int64_t age = kDays; other.day_ != kNoDay && age-- > 0;) {
      const double hours = other.hours_[static_cast<size_t>(age)];
      if (hours > 0) Add((other.day_ - age) * kDay, static_cast<DurationMs>(hours * kHour));
    }
    first_ = std::min(first_, other.first_);
  }
  void Save(RowWriter& out) const {
    out.I64(first_).I64(day_);
    for (const float hours : hours_) out.Double(hours);
  }
  void Load(RowReader& in) {
    first_ = in.I64();
    day_ = in.I64();
    bool good = day_ >= kNoDay && day_ < 1'000'000 && first_ >= -kDay;
    for (float& hours : hours_) {
      hours = static_cast<float>(in.Double());
      good &= std::isfinite(hours) && hours >= 0;
    }
    if (good) return;
    *this = {};
    in.Fail();
  }

 private:
  static constexpr int64_t kDays = 8;  // today and seven whole ones
  static constexpr int64_t kNoDay = -1;

  std::array<float, kDays> hours_ = {};  // [0] is day_
  int64_t day_ = kNoDay;
  Timestamp first_ = INT64_MAX;
};

}  // namespace outrider
