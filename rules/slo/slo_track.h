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

  // Times mostly ascend; what is late is booked with the newest, or with the open slice: a slice
  // that is closed stays as it is and counts once.
  void Add(Timestamp time, const EventCounts& counts);
  // Closes the slices that ended at `time` or before.
  void CloseSlices(Timestamp time);
  // For a clock that was ahead and is back: what came after `now` counts as of now.
  void SetBack(Timestamp now);

  // Events of the last `window`. Of slices: of those that are closed, and one at least, so that a
  // window shorter than a slice shows the newest one until the next is there.
  EventCounts Sum(Timestamp now, DurationMs window) const;
  const EventRing& ring() const { return ring_; }
  Timestamp newest() const { return newest_; }

  // It changed since it was made, or since this was set to false.
  bool unsaved() const { return unsaved_; }
  void SetUnsaved(bool unsaved) { unsaved_ = unsaved; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void Close();
  Timestamp SliceEnd(Timestamp time) const;

  SloMethod method_;
  DurationMs slice_;
  double slice_target_;
  EventRing ring_;
  // Of the open slice, events or not; those before it are closed. INT64_MIN: not known yet.
  Timestamp slice_end_ = INT64_MIN;
  EventCounts slice_sum_;
  Timestamp newest_ = INT64_MIN;  // event
  bool unsaved_ = true;
};

}  // namespace outrider
