// SPDX-License-Identifier: Apache-2.0
// What the hour of the day and the day of the week add to a level: 24 hours, what weekends change
// in each of them, 7 days. Within an hour the season goes on in a line where the hours before and
// after lie on different sides of it (a wave), and is flat where they do not (a job that runs an
// hour).
#pragma once

#include <array>

#include "rules/detect/local_time.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class SeasonProfile {
 public:
  struct Kinds {
    bool hour_of_day = true;
    bool day_of_week = true;
  };
  // `half_life`: of what is remembered. The first days (weeks) count alike.
  SeasonProfile(Kinds kinds, DurationMs half_life);

  // To be added to the level.
  double At(const LocalSlot& slot) const;
  // Usual distance from the expected value in this hour, or `overall` while nothing was learnt of
  // the hour.
  double DeviationAt(const LocalSlot& slot, double overall) const;

  // How far a sample was off: `distance` from the expected value, >= 0, and what is usual
  // `overall`, which a new hour begins with.
  struct Distance {
    double distance = 0;
    double overall = 0;
    double at_least = 0;  // of the old is replaced by a whole hour
  };
  // `residual`: sample less (level + At(slot)); `step`: the time the sample stands for.
  void Learn(const LocalSlot& slot, double residual, const Distance& off, DurationMs step);

  double Mean() const;  // of the 24 hours: part of the level, strictly
  double days() const { return watched_ / (24 * kUnits); }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr double kUnits = 57'600;  // of an hour: sixteenths of a second
  static double Within(const std::array<float, 24>& hours, const LocalSlot& slot);

  Kinds kinds_;
  float slowest_day_;  // share of the old that a new day replaces, once much has been seen
  float slowest_week_;
  uint32_t watched_ = 0;          // in kUnits, up to eight years
  uint32_t weekend_watched_ = 0;  // of it
  std::array<float, 24> hour_{};
  std::array<float, 24> weekend_{};  // in addition on Saturdays and Sundays
  std::array<float, 7> day_{};
  std::array<float, 24> deviation_{};  // negative: nothing was learnt of the hour
};

}  // namespace outrider
