// SPDX-License-Identifier: Apache-2.0
// Ramps that are cut back again and again: a log that is rotated, a queue that is drained, a disk
// that is cleaned, a counter of things that restarts. Such a ramp must not be continued beyond the
// level at which it was always cut back, and a line must not be laid across the cut.
//
// Follows the series as a zigzag of legs (a leg ends when half of it is undone). A leg that took at
// least eight samples and is undone in an eighth of them or less, by far more than the series moves
// from sample to sample, was a ramp, and its end a reset. O(1) state and time.
//
// Ramps that are cut back are teeth, and the levels they are cut back from may drift: a disk fills
// up under its log rotation. From three on a line is laid through those levels.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rules/analytics/quantiles.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// The teeth that a series goes on with. Times are seconds from the moment asked for.
struct Teeth {
  int direction = 0;   // of their ramps: 1 rising, -1 falling
  double height = 0;   // by how much they are cut back
  double spacing = 0;  // seconds from cut to cut
  // The level they are cut back from: a line. `slope` is 0 unless it is one at the confidence asked
  // for, that explains most of what the levels differ by and moves them by more than the margin.
  double mean_t = 0;
  double level = 0;  // at mean_t
  double slope = 0;
  double slope_error = 0;
  double mean_error = 0;  // of level
  double interval = 2;    // standard errors to the confidence asked for

  double LevelAt(double t) const { return level + slope * (t - mean_t); }
  // Halfway down a tooth.
  double MiddleAt(double t) const { return LevelAt(t) - direction * height / 2; }
  double Margin() const { return 0.1 * height; }
};

class ResetTracker {
 public:
  // `memory`: two windows. A leg without progress for so long says nothing about what comes; resets
  // are forgotten after fifty times that.
  explicit ResetTracker(DurationMs memory) : memory_(memory) {}

  // Times ascend, values are finite.
  void Add(Timestamp time, double value);
  // The first sample after the last reset; lines begin there. INT64_MIN: there was none.
  Timestamp last_reset() const { return count_ > 0 ? last_reset_ : INT64_MIN; }
  // Those of ramps in this direction: known from two resets on that agree within a quarter of their
  // height, or three that lie on a line so well. Nothing once the series has gone past their level
  // by more than the margin; no drift when a cut is overdue by a whole tooth.
  std::optional<Teeth> TeethAt(int direction, Timestamp now, const Confidence& confidence) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  struct Place {
    Timestamp time = 0;
    double value = 0;
    uint32_t sample = 0;
  };
  struct Reset {
    Timestamp time = 0;  // the first sample after it
    double level = 0;    // what the ramp had come to
    double height = 0;   // by how much it was cut back
    int direction = 0;   // of the ramp
  };
  // The same in 12 bytes.
  struct Packed {
    uint32_t time = 0;  // seconds
    float level = 0;    // from origin_
    float height = 0;   // below 0: of a falling ramp
  };
  // Newest first.
  using Resets = std::vector<Reset>;
  bool IsReset(const Place& here) const;
  void Note(const Reset& reset);
  Packed Pack(const Reset& reset) const;
  Reset At(size_t i) const;
  void SetOrigin(double origin);
  Resets ResetsOf(int direction, Timestamp now) const;
  static std::optional<Teeth> OnALine(const Resets& resets, Timestamp now,
                                      const Confidence& confidence);
  static std::optional<Teeth> AtOneLevel(const Resets& resets);

  static constexpr size_t kResets = 7;
  DurationMs memory_;
  double usual_step_ = 0;      // weighted mean of |change from sample to sample|
  uint32_t samples_ = 0;       // may begin anew at 0
  int8_t direction_ = 0;       // of the running leg; 0: there is none yet
  bool falling_back_ = false;  // the running leg is a reset
  uint8_t count_ = 0;          // of resets_
  Place from_;                 // where the leg began
  Place far_;                  // how far it came
  double last_ = 0;
  // Newest first. When full, one goes that has others near it, as long as the oldest is younger
  // than half the memory: so they tell of that time, however short the teeth are.
  std::array<Packed, kResets> resets_ = {};
  double origin_ = 0;  // of their levels
  Timestamp last_reset_ = 0;
};

}  // namespace outrider
