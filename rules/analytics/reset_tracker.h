// SPDX-License-Identifier: Apache-2.0
// Ramps that are cut back again and again: a log that is rotated, a queue that is drained, a disk
// that is cleaned, a counter of things that restarts. Such a ramp must not be continued beyond the
// level at which it was always cut back, and a line must not be laid across the cut.
//
// Follows the series as a zigzag of legs (a leg ends when half of it is undone). A leg that took at
// least eight samples and is undone in an eighth of them or less, by far more than the series moves
// from sample to sample, was a ramp, and its end a reset. O(1) state and time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

class ResetTracker {
 public:
  // `memory`: a leg without progress for so long says nothing about what comes; resets are
  // forgotten after fifty times that.
  explicit ResetTracker(DurationMs memory) : memory_(memory) {}

  // Times ascend, values are finite.
  void Add(Timestamp time, double value);
  // The first sample after the last reset; lines begin there. INT64_MIN: there was none.
  Timestamp last_reset() const { return count_ > 0 ? resets_[0].time : INT64_MIN; }
  // The level that a ramp in this direction (1 rising, -1 falling) has always been cut back from,
  // with a tenth of its height as margin: known from two resets on that agree. Nothing once the
  // series has gone past it.
  std::optional<double> Ceiling(int direction, Timestamp now) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  struct Place {
    Timestamp time = 0;
    double value = 0;
    uint64_t sample = 0;
  };
  struct Reset {
    Timestamp time = 0;  // the first sample after it
    double level = 0;    // what the ramp had come to
    double height = 0;   // by how much it was cut back
    int direction = 0;   // of the ramp
  };
  bool IsReset(const Place& here) const;

  static constexpr size_t kResets = 3;
  DurationMs memory_;
  uint64_t samples_ = 0;
  double usual_step_ = 0;      // weighted mean of |change from sample to sample|
  int direction_ = 0;          // of the running leg; 0: there is none yet
  bool falling_back_ = false;  // the running leg is a reset
  Place from_;                 // where the leg began
  Place far_;                  // how far it came
  double last_ = 0;
  std::array<Reset, kResets> resets_ = {};  // newest first
  size_t count_ = 0;
};

}  // namespace outrider
