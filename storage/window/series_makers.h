// SPDX-License-Identifier: Apache-2.0
// Who made a series: a small number the caller gives to each sender, and one listener that is told
// of every series that comes and goes, so that its counts per sender are exact.
#pragma once

#include <cstdint>

namespace outrider {

using SenderId = uint16_t;
inline constexpr SenderId kNoSender = UINT16_MAX;  // our rules, or nobody knows any more

// Called under locks of the windows: must be quick and must not call back. Thread-safe.
class SeriesCounter {
 public:
  virtual ~SeriesCounter() = default;
  virtual void Added(SenderId sender) = 0;
  virtual void Removed(SenderId sender) = 0;
};

// Who makes a series that is new.
struct SeriesMaker {
  SenderId sender = kNoSender;
  // The series is counted already (somebody kept a place for it): when it comes to be, Added() is
  // not called; when it does not, Removed() is.
  bool counted = false;
};

}  // namespace outrider
