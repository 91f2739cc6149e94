// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_track.h"

#include <algorithm>

namespace outrider {

void SloTrack::Add(Timestamp time, const EventCounts& counts) {
  newest_ = std::max(newest_, time);
  if (method_ == SloMethod::kEvents) {
    ring_.Add(time, counts);
    return;
  }
  // Events booked at a slice's end are those before it.
  const Timestamp end = (time + slice_ - 1) / slice_ * slice_;
  if (slice_end_ == INT64_MIN) slice_end_ = end;
  if (end > slice_end_) {
    Close();
    slice_end_ = end;
  }
  slice_sum_.bad += counts.bad;
  slice_sum_.total += counts.total;
}

void SloTrack::CloseSlices(Timestamp time) {
  if (method_ == SloMethod::kEvents || slice_end_ == INT64_MIN || time < slice_end_) return;
  Close();
}

void SloTrack::Close() {
  if (slice_sum_.total > 0) {
    const double bad = std::clamp(slice_sum_.bad / slice_sum_.total, 0.0, 1.0);
    // Five of a hundred bad are 95 % good, whatever the last bit of the division says.
    const bool failed = 1 - bad < slice_target_ - 1e-12;
    ring_.Add(slice_end_, {method_ == SloMethod::kRatioTimeslices ? bad : (failed ? 1.0 : 0.0), 1});
  }
  slice_sum_ = {};
  slice_end_ = INT64_MIN;
}

void SloTrack::Save(RowWriter& out) const {
  out.I64(newest_).I64(slice_end_).Double(slice_sum_.bad).Double(slice_sum_.total);
  ring_.Save(out);
}

void SloTrack::Load(RowReader& in) {
  newest_ = in.I64();
  slice_end_ = in.I64();
  slice_sum_.bad = in.Double();
  slice_sum_.total = in.Double();
  ring_.Load(in);
}

}  // namespace outrider
