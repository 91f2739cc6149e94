// SPDX-License-Identifier: Apache-2.0
// What each hour of the day was like when it was last, as it was: a season learns little from what
// is far off, so that one bad day is not expected again; what comes at the same hour on the next
// day is a routine, and can be told by this. So can a few hours of the week that were far off from
// what the season and the day before said: what came in two weeks is expected in the third.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rules/detect/local_time.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class RoutineMemory {
 public:
  RoutineMemory() { before_.fill(kUnknown); }
  // Every sample, less the level of its time. Returns the mean of its hour when it was last;
  // nothing when it had no samples then.
  std::optional<float> Add(const LocalSlot& slot, double value);
  // The sample that was added last was far off from what its day and hour are like without the
  // weekly routine, or as that is. Most samples of an hour make it one.
  void NoteFar() { far_ = far_ < UINT16_MAX ? static_cast<uint16_t>(far_ + 1) : far_; }

  struct Weekly {
    float value = 0;        // less the level
    bool expected = false;  // it came often enough for it to be missed
  };
  std::optional<Weekly> WeeklyAt(const LocalSlot& slot) const;
  // Whether the sample at hand is judged by the weekly routine, between Expect() and Learn().
  void set_in_force(bool in_force) { in_force_ = in_force; }
  bool in_force() const { return in_force_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr uint16_t kUnknown = 0x7fc0;  // not a number
  static constexpr uint8_t kExpectedFrom = 2;   // weeks
  static constexpr uint8_t kMostWeeks = 4;
  static constexpr uint8_t kNoWeekday = 7;  // rows of before did not say

  struct Hour {
    uint8_t of_week = 0;
    uint8_t weeks = 0;  // it came in; less those in which it did not. 0: nothing is kept here
    uint16_t value = kUnknown;
  };

  void Turn(const LocalSlot& slot);
  void CloseWeekly(float mean);
  static size_t OfWeek(size_t weekday, size_t hour) { return weekday * 24 + hour; }

  float sum_ = 0;  // of the running hour
  uint16_t count_ = 0;
  uint16_t far_ = 0;                   // of them
  std::array<uint16_t, 24> before_{};  // the upper halves of floats
  std::array<Hour, 5> weekly_{};
  uint8_t next_ = 0;  // of weekly_ that gives way when all are taken
  uint8_t weekday_ = 0;
  uint8_t hour_ = 0;
  bool in_force_ = false;
};

}  // namespace outrider
