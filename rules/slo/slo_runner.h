// SPDX-License-Identifier: Apache-2.0
// One objective as it runs: feeds, and a track per label set.
#pragma once

#include <map>
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
  // The spec has no error.
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
  static std::string SaveTrack(const Labels& labels, const SloTrack& track);
  Status LoadTrack(std::string_view bytes);

 private:
  void Expire(Timestamp now);

  SloSpec spec_;
  std::vector<EventFeed> feeds_;
  std::map<Labels, SloTrack> tracks_;
  uint64_t refused_ = 0;
  std::string error_;
  bool said_refused_ = false;
};

}  // namespace outrider
