// SPDX-License-Identifier: Apache-2.0
// Where in the day and the week a time lies, on the clock of a time zone, daylight saving included.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "storage/base/clock.h"

namespace outrider {

struct LocalSlot {
  int hour = 0;         // 0 to 23
  double fraction = 0;  // of the hour, 0 to 1
  int weekday = 0;      // 0: Monday
  bool weekend() const { return weekday >= 5; }
};

// Not thread-safe. Remembers the offset until the zone's next change: no state, only speed.
class LocalTime {
 public:
  explicit LocalTime(absl::TimeZone zone) : zone_(zone) {}
  LocalSlot At(Timestamp time);

 private:
  absl::TimeZone zone_;
  // [from_, until_) has offset_: whole minutes since the epoch, milliseconds.
  int32_t from_ = 0;
  int32_t until_ = 0;
  int32_t offset_ = 0;
};

}  // namespace outrider
