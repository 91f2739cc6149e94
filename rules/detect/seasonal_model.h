// SPDX-License-Identifier: Apache-2.0
// The default model: a level that moves over days, what hour and weekday add to it, and how the
// last hour has been off from both:
//     expected = level + season(hour of day, day of week) + offset
// Holt-Winters in additive form with the trend replaced by the offset, which follows whatever moves
// slower than an hour and never extrapolates.
#pragma once

#include <limits>

#include "rules/detect/detector_options.h"
#include "rules/detect/fade.h"
#include "rules/detect/routine_memory.h"
#include "rules/detect/season_profile.h"
#include "rules/detect/series_model.h"

namespace outrider {

class SeasonalModel final : public SeriesModel {
 public:
  SeasonalModel(const DetectorOptions& options, absl::TimeZone zone);
  Expectation Expect(Timestamp time) override;
  bool Recall(Timestamp time, double value, Expectation* expected) override;
  void Learn(Timestamp time, double value, const StepTracker::Step& step) override;
  // What an hour of the week does instead of its routine is no new level.
  void Rebase(double by) override { level_ += routine_.in_force() ? 0 : by; }
  uint64_t WarmUp() const override { return 16; }
  void Describe(Explanation* explanation) const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override { return sizeof(*this); }

 private:
  void ExpectWeekly(float value, const Expectation& base, Expectation* expected);
  LocalTime local_time_;
  Fade level_fade_;
  Fade offset_fade_;
  Fade deviation_fade_;
  SeasonProfile seasons_;
  RoutineMemory routine_;
  double season_ = 0;  // what the seasons said in the newest Expect()
  double level_ = 0;
  double offset_ = 0;
  // Mean distance from the expected value; trend of the level, per hour.
  float deviation_ = 0;
  float trend_ = 0;
  uint32_t samples_ = 0;  // up to a limit
  // To be added to the level, by the newest Recall(); not a number: nothing was recalled.
  float recalled_ = std::numeric_limits<float>::quiet_NaN();
};

}  // namespace outrider
