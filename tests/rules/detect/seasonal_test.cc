// SPDX-License-Identifier: Apache-2.0
// Seasons of the default detector: hours, weekends, daylight saving, irregular steps.
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

constexpr size_t kDayOf5 = 288;
constexpr Feed kEvery5{5 * kMinute, kMonday};

double Wave(size_t i, double noise) {
  return 50 + 30 * std::sin(2 * std::numbers::pi * static_cast<double>(i % kDayOf5) / kDayOf5) +
         noise;
}

TEST(Seasonal, KnowsTheHour) {
  const auto detector = Make("seasonal");
  Noise noise(1);
  const Trace trace =
      FeedIn(*detector, kEvery5, 14 * kDayOf5, [&](size_t i) { return Wave(i, noise.Normal()); });
  double worst = 0;
  for (size_t i = 10 * kDayOf5; i < 14 * kDayOf5; ++i) {
    worst = std::max(worst, std::fabs(trace.verdicts[i].expected - Wave(i, 0)));
  }
  EXPECT_LT(worst, 4);
  EXPECT_LE(trace.Onsets(7 * kDayOf5, 14 * kDayOf5), 2U);
}

TEST(Seasonal, TheNightlyJobMissingAndTheNightlyJobAtNoonAreBothFound) {
  // 80 at 02:00 to 03:00 UTC, 20 otherwise.
  for (const bool missing : {true, false}) {
    const auto detector = Make("seasonal");
    Noise noise(2);
    const Trace trace = FeedIn(*detector, kEvery5, 22 * kDayOf5, [&](size_t i) {
      const size_t day = i / kDayOf5;
      const size_t hour = i % kDayOf5 / 12;
      bool runs = hour == 2;
      if (day == 21 && missing) runs = false;
      if (day == 21 && !missing) runs = runs || hour == 12;
      return (runs ? 80 : 20) + noise.Normal();
    });
    const size_t from = 21 * kDayOf5 + (missing ? 2 : 12) * 12;
    EXPECT_GE(trace.HighestState(from, from + 12), 1) << (missing ? "missing" : "at noon");
  }
}

TEST(Seasonal, WeekendsAreNoAnomalies) {
  // Busy on weekdays from 8 to 18, quiet at night and on weekends.
  const auto detector = Make("seasonal");
  Noise noise(3);
  const auto value = [&](size_t i) {
    const size_t weekday = i / kDayOf5 % 7;
    const size_t hour = i % kDayOf5 / 12;
    const bool busy = weekday < 5 && hour >= 8 && hour < 18;
    return (busy ? 60 : 20) + 2 * noise.Normal();
  };
  const Trace trace = FeedIn(*detector, kEvery5, 56 * kDayOf5, value);
  // By the seventh week: Saturday's and Monday's mornings are expected as they are.
  const size_t saturday = (49 + 5) * kDayOf5 + 10 * 12;
  const size_t friday = (49 + 4) * kDayOf5 + 10 * 12;
  EXPECT_NEAR(trace.verdicts[saturday].expected, 20, 10);
  EXPECT_NEAR(trace.verdicts[friday].expected, 60, 10);
  EXPECT_LE(trace.Onsets(42 * kDayOf5, 56 * kDayOf5), 3U);
}

TEST(Seasonal, DaylightSavingMovesTheSeasonWithTheClock) {
  // A job at 09:00 to 10:00 Berlin time; Europe leaves summer time on 2025-10-26.
  DetectorOptions options;
  options.time_zone = "Europe/Berlin";
  const auto local = Make("seasonal", options);
  const auto utc = Make("seasonal");
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  const Feed feed{5 * kMinute, kMonday - 28 * kDay};  // Monday 2025-10-06
  Noise noise(4);
  std::vector<double> values;
  for (size_t i = 0; i < 22 * kDayOf5; ++i) {
    const Timestamp time = feed.start + static_cast<DurationMs>(i) * feed.step;
    const int hour = berlin.At(absl::FromUnixMillis(time)).cs.hour();
    values.push_back((hour == 9 ? 80 : 20) + noise.Normal());
  }
  const auto at = [&](size_t i) { return values[i]; };
  const Trace in_berlin = FeedIn(*local, feed, values.size(), at);
  const Trace in_utc = FeedIn(*utc, feed, values.size(), at);
  // Sunday the 26th: 09:30 in Berlin is 08:30 UTC, an hour later than the day before.
  const size_t job = 20 * kDayOf5 + 8 * 12 + 6;
  const size_t hour_before = job - 12;
  EXPECT_GT(in_berlin.verdicts[job].expected, 50);
  EXPECT_LT(in_berlin.verdicts[hour_before].expected, 40);
  EXPECT_GT(in_utc.verdicts[hour_before].expected, 50) << "the test's own contrast";
}

TEST(Seasonal, IrregularStepsGiveTheSameSeason) {
  const auto detector = Make("seasonal");
  Noise noise(5);
  Timestamp time = kMonday;
  double expected = 0;
  double truth = 0;
  while (time < kMonday + 14 * kDay) {
    time += 20 * kSecond + static_cast<DurationMs>(noise.Unit() * 400) * kSecond;
    const double phase = static_cast<double>(time % kDay) / static_cast<double>(kDay);
    truth = 50 + 30 * std::sin(2 * std::numbers::pi * phase);
    expected = detector->Observe(time, truth + noise.Normal()).expected;
  }
  EXPECT_NEAR(expected, truth, 4);
}

TEST(Seasonal, ExplainsTheSeason) {
  const auto detector = Make("seasonal");
  Noise noise(6);
  FeedIn(*detector, kEvery5, 7 * kDayOf5 + 72, [&](size_t i) { return Wave(i, noise.Normal()); });
  const Explanation explanation = detector->Explain();
  // 05:55 on a Monday, near the top of the wave.
  EXPECT_NEAR(explanation.level + explanation.season, explanation.verdict.expected, 3);
  EXPECT_GT(explanation.season, 15);
  bool said = false;
  for (const std::string& reason : explanation.reasons) {
    said = said || reason.find("at 05:55 on weekdays it usually is") != std::string::npos;
  }
  EXPECT_TRUE(said) << testing::PrintToString(explanation.reasons);
}

TEST(Seasonal, FitsIntoAKilobyte) { EXPECT_LE(Make("seasonal")->MemoryBytes(), 1024U); }

}  // namespace
}  // namespace outrider
