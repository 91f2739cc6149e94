// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/anomaly_track.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr std::string_view kState = "outrider_anomaly_score";
constexpr std::string_view kOnset = "outrider_anomaly_onset_score";

void Step(double state, double onset, Timestamp now, AnomalyTrack* track) {
  AnomalyEpisode* open = track->episodes.empty() || track->episodes.back().end != 0
                             ? nullptr
                             : &track->episodes.back();
  const bool begins = onset >= 1 || state >= 1;
  if (open != nullptr && state < 1 && onset < 1) {
    open->end = now;
    return;
  }
  if (!begins) return;
  if (open == nullptr) open = &track->episodes.emplace_back(AnomalyEpisode{.begin = now});
  open->onset |= onset >= 1;
  open->peak_state = std::max(open->peak_state, state);
  open->peak_onset = std::max(open->peak_onset, onset);
}

}  // namespace

DurationMs AnomalousTime(const AnomalyTrack& track, Timestamp end) {
  DurationMs sum = 0;
  for (const AnomalyEpisode& episode : track.episodes) {
    sum += (episode.end == 0 ? end : episode.end) - episode.begin;
  }
  return sum;
}

AnomalyTrack& AnomalyTracks::TrackOf(const std::shared_ptr<const Labels>& labels) {
  Known& known = known_[labels.get()];
  if (known.track == nullptr) {
    const Labels name = labels->WithoutName();
    known = {labels, &tracks_[name]};
    known.track->labels = name;
  }
  return *known.track;
}

void AnomalyTracks::Take(const std::vector<DerivedFamily>& derived, Timestamp now) {
  for (const DerivedFamily& family : derived) {
    if (family.metric->name != kState && family.metric->name != kOnset) continue;
    for (const DerivedSeries& series : family.series) {
      Now& at = now_[&TrackOf(series.labels)];
      if (at.time != now) at = {.time = now};
      (family.metric->name == kState ? at.state : at.onset) = series.value;
    }
  }
  for (auto& [track, at] : now_) {
    const bool there = at.time == now;
    if (there) ++track->reports;
    track->state = there ? at.state : 0;
    Step(track->state, there ? at.onset : 0, now, track);
  }
}

std::vector<AnomalyTrack> AnomalyTracks::Finish() {
  std::vector<AnomalyTrack> all;
  all.reserve(tracks_.size());
  for (auto& [labels, track] : tracks_) all.push_back(std::move(track));
  tracks_.clear();
  known_.clear();
  now_.clear();
  return all;
}

}  // namespace outrider
