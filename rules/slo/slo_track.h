// SPDX-License-Identifier: Apache-2.0
// One objective and label set: its events, or its slices, in the ring.
#pragma once

#include "rules/slo/event_ring.h"
#include "rules/slo/slo_spec.h"

namespace outrider {

// Not thread-safe.
class SloTrack {
 public:
  explicit SloTrack(const SloSpec& spec)
      : method_(spec.method),
        slice_(spec.slice),
        slice_target_(spec.slice_target),
        ring_(spec.period) {}

  // Times mostly ascend; what is late is booked with the newest (or its slice).
  void Add(Timestamp time, const EventCounts& counts);
  // Closes the slice that ended before `time`.
  void CloseSlices(Timestamp time);

  const EventRing& ring() const { return ring_; }
  Timestamp newest() const { return newest_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void Close();

  SloMethod method_;
  DurationMs slice_;
  double slice_target_;
  EventRing ring_;
  Timestamp slice_end_ = INT64_MIN;  // of the open slice; INT64_MIN: none is open
  EventCounts slice_sum_;
  Timestamp newest_ = INT64_MIN;  // event
};

}  // namespace outrider
