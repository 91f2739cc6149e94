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

// What comes after its slice was closed is of the open one.
TEST(SloTrackTest, LateEventsDoNotOpenASliceAgain) {
  SloTrack track(Sliced(SloMethod::kTimeslices));
  for (int minute = 1; minute <= 12; ++minute) {
    // A sender three minutes behind.
    track.Add(kStart + minute * kMinute, {50, 100});
    track.CloseSlices(kStart + (minute + 3) * kMinute - 30 * kSecond);
  }
  EXPECT_EQ(track.ring().OfPeriod(kStart + 12 * kMinute), (EventCounts{2, 2}))
      << "ten minutes are two slices";
  track.CloseSlices(kStart + 15 * kMinute);
  EXPECT_EQ(track.ring().OfPeriod(kStart + 15 * kMinute), (EventCounts{3, 3}));
}

TEST(SloTrackTest, AClosedSliceStaysClosedOverARestart) {
  SloTrack track(Sliced(SloMethod::kTimeslices));
  track.Add(kStart + kMinute, {50, 100});
  track.CloseSlices(kStart + 5 * kMinute);
  RowWriter out(1);
  track.Save(out);
  const std::string bytes = out.Take();
  SloTrack loaded(Sliced(SloMethod::kTimeslices));
  RowReader in(bytes, 1, "track");
  loaded.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  loaded.Add(kStart + 4 * kMinute, {1, 1});
  loaded.CloseSlices(kStart + 5 * kMinute);
  EXPECT_EQ(loaded.ring().OfPeriod(kStart + kHour), (EventCounts{1, 1}));
}

// Windows that end between two slices.
TEST(SloTrackTest, AShortWindowShowsTheNewestSlice) {
  for (const DurationMs slice : {90 * kSecond, 5 * kMinute, 490 * kSecond, 10 * kMinute, kHour}) {
    SloSpec spec = Sliced(SloMethod::kTimeslices);
    spec.slice = slice;
    SloTrack track(spec);
    Timestamp now = kStart;
    for (; now < kStart + 5 * slice; now += 15 * kSecond) {
      track.Add(now, {1, 1});
      track.CloseSlices(now - 30 * kSecond);
      if (now < kStart + slice + 2 * kMinute) continue;
      EXPECT_GE(track.Sum(now, 5 * kMinute).total, 1) << slice << " at " << now - kStart;
      EXPECT_LE(track.Sum(now, slice).total, 2) << slice << " at " << now - kStart;
    }
    // Nobody sends any more.
    for (int i = 0; i < 3; ++i) track.CloseSlices(now += slice);
    EXPECT_EQ(track.Sum(now, kMinute), EventCounts()) << slice;
  }
}

TEST(SloTrackTest, SlicesAreOfTheDayTheyEndIn) {
  SloSpec spec = Sliced(SloMethod::kTimeslices);
  spec.period = {kDay, CalendarPeriod{.unit = CalendarUnit::kDaily}};
  spec.slice = kHour;
  SloTrack track(spec);
  for (Timestamp at = kStart + kMinute; at <= kStart + kDay; at += kMinute) track.Add(at, {0, 1});
  track.CloseSlices(kStart + kDay);
  EXPECT_EQ(track.ring().OfPeriod(kStart + kDay - 1).total, 24);
  track.Add(kStart + kDay + kMinute, {0, 1});
  track.CloseSlices(kStart + kDay + kHour);
  EXPECT_EQ(track.ring().OfPeriod(kStart + kDay + kHour).total, 1) << "the first of the new day";
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
