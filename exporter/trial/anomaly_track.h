// SPDX-License-Identifier: Apache-2.0
// When the series of anomaly entries were anomalous: episodes made of the scores at each report.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "rules/analytics/derived_table.h"
#include "storage/base/clock.h"

namespace outrider {

// Begins with an onset or a state score of 1, lasts while the state score is at least 1.
struct AnomalyEpisode {
  Timestamp begin = 0;
  Timestamp end = 0;      // first report that is not anomalous any more; 0: there was none
  bool onset = false;     // an onset score of 1 was in it; else it crept in
  double peak_state = 0;  // highest state score
  double peak_onset = 0;  // highest onset score
};

struct AnomalyTrack {
  Labels labels;  // of the derived series, without name
  std::vector<AnomalyEpisode> episodes;
  uint64_t reports = 0;  // with a score
  double state = 0;      // of the newest report
};

// Sum of the episodes' lengths; those that go on end at `end`.
DurationMs AnomalousTime(const AnomalyTrack& track, Timestamp end);

class AnomalyTracks {
 public:
  // Reports come in the order of time.
  void Take(const std::vector<DerivedFamily>& derived, Timestamp now);
  // By labels.
  std::vector<AnomalyTrack> Finish();

 private:
  struct Known {
    std::shared_ptr<const Labels> labels;  // held, so that its address stays this series'
    AnomalyTrack* track = nullptr;
  };
  struct Now {
    double state = 0;
    double onset = 0;
    Timestamp time = 0;
  };
  AnomalyTrack& TrackOf(const std::shared_ptr<const Labels>& labels);

  std::map<Labels, AnomalyTrack> tracks_;
  std::unordered_map<const Labels*, Known> known_;
  std::unordered_map<AnomalyTrack*, Now> now_;
};

}  // namespace outrider
