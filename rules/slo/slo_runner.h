// SPDX-License-Identifier: Apache-2.0
// One objective as it runs: feeds, and a track per label set.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/slo/event_feed.h"
#include "rules/slo/slo_spec.h"
#include "rules/slo/slo_track.h"
#include "rules/slo/slo_view.h"

namespace outrider {

// Not thread-safe.
class SloRunner {
 public:
  // The spec can count.
  explicit SloRunner(SloSpec spec);

  void Run(const SloContext& context, Timestamp now);
  // The same counting with other names, objectives or alerts.
  void Rename(SloSpec spec) { spec_ = std::move(spec); }

  const SloSpec& spec() const { return spec_; }
  SloView View(Timestamp now, bool timeline) const;
  std::vector<promql::Expression::Reach> Reach(const SloOptions& options,
                                               DurationMs lookback) const;

  // Of the feeds; and the tracks, each by itself.
  std::string SaveFeeds() const;
  Status LoadFeeds(std::string_view bytes);
  const std::map<Labels, SloTrack>& tracks() const { return tracks_; }
  // Rows of the tracks that changed since the last call.
  void SaveTracks(const std::function<void(const Labels&, std::string)>& put);
  // They were not written: the next call gives all.
  void SetUnsaved();
  Status LoadTrack(std::string_view bytes);

 private:
  void SetBack(Timestamp now);
  Status Collect(const SloContext& context, Timestamp now);
  void Book(const Labels& labels, Timestamp time, const EventCounts& counts);
  void CloseSlices(const SloOptions& options, Timestamp now);
  void Expire(Timestamp now);

  SloSpec spec_;
  std::vector<EventFeed> feeds_;
  std::map<Labels, SloTrack> tracks_;
  std::set<Labels> refused_;  // label sets beyond max_series, in the last run
  std::string error_;
  bool said_refused_ = false;
};

}  // namespace outrider
