// SPDX-License-Identifier: Apache-2.0
// What each hour of the day was like when it was last, as it was: a season learns little from what
// is far off, so that one bad day is not expected again; what comes at the same hour on the next
// day is a routine, and can be told by this.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class RoutineMemory {
 public:
  RoutineMemory() { before_.fill(kUnknown); }
  // Every sample, less the level of its time. Returns the mean of its hour when it was last;
  // nothing when it had no samples then.
  std::optional<float> Add(int hour, double value);

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr uint16_t kUnknown = 0x7fc0;  // not a number

  void Turn(size_t to);

  float sum_ = 0;  // of the running hour
  uint16_t count_ = 0;
  std::array<uint16_t, 24> before_{};  // the upper halves of floats
  uint8_t hour_ = 0;
};

}  // namespace outrider
