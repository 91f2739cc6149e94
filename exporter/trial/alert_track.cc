// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/alert_track.h"

#include <algorithm>

namespace outrider {
namespace {

// The expression gives it: neither resolved nor only kept firing.
bool Holds(const ActiveAlert* alert) {
  return alert != nullptr && alert->state != AlertState::kInactive && alert->keep_firing_since == 0;
}
bool Fires(const ActiveAlert* alert) {
  return alert != nullptr && alert->state == AlertState::kFiring;
}

}  // namespace

AlertTrack& AlertRecorder::TrackOf(const Labels& labels) {
  const auto [at, added] = index_.emplace(labels, tracks_.size());
  if (added) tracks_.push_back({.labels = labels, .runs = {}, .firings = {}});
  return tracks_[at->second];
}

void AlertRecorder::Change(const ActiveAlert* before, const ActiveAlert* now, Timestamp ts) {
  if (Holds(before) == Holds(now) && Fires(before) == Fires(now)) return;
  AlertTrack& track = TrackOf((now != nullptr ? now : before)->labels);
  if (!Holds(before) && Holds(now)) track.runs.push_back({ts, ts, true});
  if (Holds(before) && !Holds(now) && !track.runs.empty()) {
    track.runs.back().last = last_;
    track.runs.back().open = false;
  }
  if (!Fires(before) && Fires(now)) {
    track.firings.push_back({.active_at = now->active_at,
                             .fired_at = ts,
                             .resolved_at = 0,
                             .value = now->value,
                             .annotations = now->annotations});
  }
  if (Fires(before) && !Fires(now) && !track.firings.empty()) {
    track.firings.back().resolved_at = ts;
  }
}

void AlertRecorder::Observe(const AlertSet& now, Timestamp ts) {
  if (!before_.empty() || !now.empty()) {
    size_t b = 0;
    size_t n = 0;
    while (b < before_.size() || n < now.size()) {
      int order = 0;
      if (b == before_.size()) {
        order = -1;
      } else if (n == now.size()) {
        order = 1;
      } else if (now[n] != before_[b]) {
        order = now[n]->labels.packed().compare(before_[b]->labels.packed());
      }
      const ActiveAlert* before = order >= 0 ? before_[b++].get() : nullptr;
      const ActiveAlert* after = order <= 0 ? now[n++].get() : nullptr;
      if (before != after) Change(before, after, ts);
    }
    before_ = now;
  }
  last_ = ts;
}

std::vector<AlertTrack> AlertRecorder::Finish() {
  for (AlertTrack& track : tracks_) {
    if (!track.runs.empty() && track.runs.back().open) track.runs.back().last = last_;
  }
  std::ranges::sort(tracks_, {}, &AlertTrack::labels);
  return std::move(tracks_);
}

}  // namespace outrider
