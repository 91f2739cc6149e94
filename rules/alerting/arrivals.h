// SPDX-License-Identifier: Apache-2.0
// Whether the data of a slot is there. A group is not evaluated at a fixed time after its slot, but
// when nearly all series that its selectors matched have a sample as new as they usually have, or
// when a bound has passed: data that comes late does not make alerts flap.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/matcher.h"
#include "storage/window/querier.h"

namespace outrider {

inline constexpr double kArrivedShare = 0.95;
// Of more series, so many are watched, spread evenly.
inline constexpr size_t kMostWatched = 512;

// What a group reads and what it writes itself, and so does not wait for.
struct GroupInputs {
  std::vector<std::vector<Matcher>> selectors;   // each once
  std::set<std::string, std::less<>> own_names;  // recorded
  std::set<std::string, std::less<>> own_alerts;
  bool ranges = false;  // some selector needs more than one sample
  friend bool operator==(const GroupInputs&, const GroupInputs&) = default;

  bool IsOwn(const Labels& series) const {
    const std::string_view metric = series.MetricName();
    return own_names.contains(metric) ||
           (IsOfAlerts(metric) && own_alerts.contains(series.Get(kAlertName)));
  }
  static bool IsOfAlerts(std::string_view metric) {
    return metric == "ALERTS" || metric == "ALERTS_FOR_STATE";
  }
};

// Of a row of a Select: when its samples are, floats and native histograms; and whether there is
// none, or the newest is a stale marker.
std::vector<Timestamp> SampleTimes(const SeriesSet& set, const SeriesSet::Row& row);
bool HasEnded(const SeriesSet& set, const SeriesSet::Row& row);

// How far apart samples usually are, with some room for jitter; 0 of less than two.
DurationMs UsualSpacing(std::span<const Timestamp> times);

// Series whose arrival is watched, with their usual spacing. A value.
class ArrivalWatch {
 public:
  // From the samples of the 5 minutes up to `at`. Series without a second sample are left out, and
  // those that have ended.
  static ArrivalWatch Learn(const Querier& querier, const GroupInputs& inputs, Timestamp at);

  bool empty() const { return ids_.empty(); }
  // Whether kArrivedShare of the series have a sample newer than `slot` minus their spacing; true
  // for none. Asks for no more series once too many are known to be late.
  bool Arrived(const Querier& querier, Timestamp slot) const;

 private:
  std::vector<uint32_t> ids_;
  std::vector<DurationMs> spacings_;
};

enum class ArrivalVerdict { kWait, kArrived, kBound };
// `waited`: since the slot.
ArrivalVerdict JudgeArrival(bool arrived, DurationMs waited, DurationMs bound);

// How long until the next look: often enough to lose little, seldom enough to cost little. More
// seldom when the slot before waited in vain: its senders may be gone.
DurationMs LookAgainAfter(DurationMs bound, bool was_late);

}  // namespace outrider
