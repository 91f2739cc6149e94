// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/anomaly_track.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr DerivedMetric kState = {"outrider_anomaly_score", ""};
constexpr DerivedMetric kOnset = {"outrider_anomaly_onset_score", ""};
constexpr DerivedMetric kOther = {"outrider_trend_slope", ""};

struct Report {
  double state;
  double onset;
};

// Reports of one series at 1, 2, … seconds; a negative state: the series is not there.
std::vector<AnomalyTrack> TracksOf(const std::vector<Report>& reports) {
  DerivedTable table;
  AnomalyTracks tracks;
  const Labels labels({{"entry", "e"}, {"instance", "a"}});
  table.Add(kOther, labels, 7);
  DerivedTable::Handle handles[2] = {DerivedTable::kNone, DerivedTable::kNone};
  Timestamp now = 0;
  for (const Report& report : reports) {
    table.Remove(handles);
    handles[0] = handles[1] = DerivedTable::kNone;
    if (report.state >= 0) {
      handles[0] = table.Add(kState, labels, report.state);
      handles[1] = table.Add(kOnset, labels, report.onset);
    }
    tracks.Take(table.Snapshot(), now += kSecond);
  }
  return tracks.Finish();
}

TEST(AnomalyTracks, AnEpisodeLastsWhileTheStateIsUp) {
  const auto tracks = TracksOf({{0, 0}, {0.5, 1.5}, {2, 0}, {3, 0}, {0.9, 0}, {0, 0}});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].labels.ToString(), "{entry=\"e\", instance=\"a\"}");
  EXPECT_EQ(tracks[0].reports, 6U);
  ASSERT_EQ(tracks[0].episodes.size(), 1U);
  const AnomalyEpisode& episode = tracks[0].episodes[0];
  EXPECT_EQ(episode.begin, 2000);
  EXPECT_EQ(episode.end, 5000);
  EXPECT_TRUE(episode.onset);
  EXPECT_EQ(episode.peak_state, 3);
  EXPECT_EQ(episode.peak_onset, 1.5);
  EXPECT_EQ(AnomalousTime(tracks[0], 9000), 3000);
}

TEST(AnomalyTracks, SeveralEpisodesAndOneThatGoesOn) {
  const auto tracks = TracksOf({{1, 0}, {0, 0}, {0, 1}, {0, 0}, {4, 2}});
  ASSERT_EQ(tracks[0].episodes.size(), 3U);
  EXPECT_FALSE(tracks[0].episodes[0].onset) << "crept in";
  EXPECT_TRUE(tracks[0].episodes[1].onset);
  EXPECT_EQ(tracks[0].episodes[2].end, 0);
  EXPECT_EQ(AnomalousTime(tracks[0], 8000), 1000 + 1000 + 3000);
}

TEST(AnomalyTracks, ASeriesThatGoesEndsItsEpisode) {
  const auto tracks = TracksOf({{2, 2}, {-1, 0}, {-1, 0}, {0, 0}});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].reports, 2U);
  ASSERT_EQ(tracks[0].episodes.size(), 1U);
  EXPECT_EQ(tracks[0].episodes[0].end, 2000);
}

}  // namespace
}  // namespace outrider
