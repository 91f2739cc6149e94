// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_track.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'767'225'600'000;

SloSpec Sliced(SloMethod method) {
  SloSpec spec;
  spec.method = method;
  spec.slice = 5 * kMinute;
  spec.slice_target = 0.95;
  return spec;
}

// Four slices: good (4 % bad), exactly at the target, failed, and one without an event.
void Feed(SloTrack* track) {
  const double bad[] = {4, 5, 50, 0};
  for (int slice = 0; slice < 4; ++slice) {
    if (slice == 3) continue;
    for (int i = 1; i <= 5; ++i) {
      track->Add(kStart + slice * 5 * kMinute + i * kMinute, {bad[slice] / 5, 20});
    }
  }
  track->Add(kStart + 21 * kMinute, {0, 1});
}

TEST(SloTrackTest, SlicesGoWellOrNot) {
  SloTrack track(Sliced(SloMethod::kTimeslices));
  Feed(&track);
  EXPECT_EQ(track.ring().OfPeriod(kStart + kHour), (EventCounts{1, 3}))
      << "the silent slice is none, the last is open";
  track.CloseSlices(kStart + 24 * kMinute);
  EXPECT_EQ(track.ring().OfPeriod(kStart + kHour), (EventCounts{1, 3}));
  track.CloseSlices(kStart + 25 * kMinute);
  EXPECT_EQ(track.ring().OfPeriod(kStart + kHour), (EventCounts{1, 4}));
}

TEST(SloTrackTest, RatiosOfSlicesWeighTheSame) {
  SloTrack track(Sliced(SloMethod::kRatioTimeslices));
  Feed(&track);
  const EventCounts sum = track.ring().OfPeriod(kStart + kHour);
  EXPECT_EQ(sum.total, 3);
  EXPECT_NEAR(sum.bad, 0.04 + 0.05 + 0.5, 1e-12);
}

TEST(SloTrackTest, EventsCountThemselves) {
  SloTrack track(Sliced(SloMethod::kEvents));
  Feed(&track);
  const EventCounts sum = track.ring().OfPeriod(kStart + kHour);
  EXPECT_EQ(sum.total, 301);
  EXPECT_NEAR(sum.bad, 59, 1e-9);
}

TEST(SloTrackTest, AnOpenSliceSurvivesARestart) {
  SloTrack track(Sliced(SloMethod::kTimeslices));
  track.Add(kStart + kMinute, {50, 100});
  RowWriter out(1);
  track.Save(out);
  const std::string bytes = out.Take();
  SloTrack loaded(Sliced(SloMethod::kTimeslices));
  RowReader in(bytes, 1, "track");
  loaded.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  loaded.Add(kStart + 2 * kMinute, {0, 100'000});
  loaded.CloseSlices(kStart + 5 * kMinute);
  EXPECT_EQ(loaded.ring().OfPeriod(kStart + kHour), (EventCounts{0, 1}));
}

}  // namespace
}  // namespace outrider
