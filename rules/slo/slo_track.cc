// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_track.h"

#include <algorithm>

namespace outrider {

// Events booked at a slice's end are those before it.
Timestamp SloTrack::SliceEnd(Timestamp time) const { return (time + slice_ - 1) / slice_ * slice_; }

void SloTrack::Add(Timestamp time, const EventCounts& counts) {
  newest_ = std::max(newest_, time);
  unsaved_ = true;
  if (method_ == SloMethod::kEvents) {
    ring_.Add(time, counts);
    return;
  }
  const Timestamp end = SliceEnd(time);
  if (slice_end_ == INT64_MIN) slice_end_ = end;
  if (end > slice_end_) {
    Close();
    slice_end_ = end;
  }
  slice_sum_.bad += counts.bad;
  slice_sum_.total += counts.total;
}

void SloTrack::CloseSlices(Timestamp time) {
  if (method_ == SloMethod::kEvents) return;
  if (slice_end_ != INT64_MIN && time < slice_end_) return;
  // That a slice passed without events need not be saved.
  unsaved_ = unsaved_ || slice_sum_ != EventCounts();
  Close();
  slice_end_ = SliceEnd(time + 1);
}

void SloTrack::SetBack(Timestamp now) {
  if (newest_ <= now) return;
  newest_ = now;
  unsaved_ = true;
  ring_.SetBack(now);
  if (slice_end_ != INT64_MIN) slice_end_ = std::min(slice_end_, SliceEnd(now + 1));
}

void SloTrack::Close() {
  if (slice_sum_.total > 0) {
    const double bad = std::clamp(slice_sum_.bad / slice_sum_.total, 0.0, 1.0);
    // Five of a hundred bad are 95 % good, whatever the last bit of the division says.
    const bool failed = 1 - bad < slice_target_ - 1e-12;
    ring_.Add(slice_end_, {method_ == SloMethod::kRatioTimeslices ? bad : (failed ? 1.0 : 0.0), 1});
  }
  slice_sum_ = {};
}

EventCounts SloTrack::Sum(Timestamp now, DurationMs window) const {
  if (method_ == SloMethod::kEvents || slice_end_ == INT64_MIN) return ring_.Sum(now, window);
  return ring_.Sum(std::min(now, slice_end_ - slice_), std::max(window, slice_));
}

void SloTrack::Save(RowWriter& out) const {
  out.I64(newest_).I64(slice_end_).Double(slice_sum_.bad).Double(slice_sum_.total);
  ring_.Save(out);
}

void SloTrack::Load(RowReader& in) {
  newest_ = in.I64();
  slice_end_ = in.I64();
  // Whatever a damaged row says, later sums cannot overflow.
  if (slice_end_ != INT64_MIN) slice_end_ = std::clamp<Timestamp>(slice_end_, 0, INT64_MAX / 4);
  slice_sum_.bad = in.Double();
  slice_sum_.total = in.Double();
  ring_.Load(in);
  unsaved_ = false;
}

}  // namespace outrider
