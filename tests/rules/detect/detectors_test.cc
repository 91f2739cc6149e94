// SPDX-License-Identifier: Apache-2.0
// What every detector with a band must do, each case on each detector: jumps, spikes, drops, gaps,
// flat series, direction, bounds, scale.
#include <gtest/gtest.h>

#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

constexpr size_t kDayOfMinutes = 1440;

class EachBand : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Detectors, EachBand,
                         testing::Values("seasonal", "quantile", "mad", "zscore", "auto"),
                         [](const auto& tested) { return tested.param; });

TEST_P(EachBand, WarmsUpThenAFlatSeriesThatJumpsIsCaughtAtOnce) {
  // KubeOpt's defect (d): no deviation at all, then five times the value: nothing was found.
  const auto detector = Make(GetParam());
  const Trace trace =
      FeedIn(*detector, {}, 2 * kDayOfMinutes + 5, [](size_t i) { return i < 2880 ? 10.0 : 50.0; });
  EXPECT_TRUE(std::isnan(trace.verdicts[3].state));
  EXPECT_EQ(trace.HighestState(0, 2880), 0);
  EXPECT_GE(trace.verdicts[2880].state, 1);
  EXPECT_GE(trace.verdicts[2880].onset, 1);
  EXPECT_EQ(trace.Onsets(2881, 2885), 0U) << "once per anomaly";
}

TEST_P(EachBand, ADropIsBelowAndNoSpike) {
  // KubeOpt's defect (c): a drop was reported as a critical spike.
  for (const AnomalyDirection direction : {AnomalyDirection::kAbove, AnomalyDirection::kBelow}) {
    DetectorOptions options;
    options.direction = direction;
    const auto detector = Make(GetParam(), options);
    Noise noise(1);
    const Trace trace = FeedIn(*detector, {}, 3000,
                               [&](size_t i) { return (i < 2990 ? 100 : 10) + noise.Normal(); });
    const bool found = trace.HighestState(2990, 3000) >= 1;
    EXPECT_EQ(found, direction == AnomalyDirection::kBelow);
    EXPECT_LT(detector->Explain().value, detector->Explain().verdict.expected);
  }
}

TEST_P(EachBand, AFirstSampleOfZeroAndZerosAreFine) {
  // KubeOpt's defect (e): a first sample of 0 divided by zero.
  const auto detector = Make(GetParam());
  const Trace trace = FeedIn(*detector, {}, 3000, [](size_t i) { return i == 2999 ? 1.0 : 0.0; });
  EXPECT_EQ(trace.HighestState(0, 2999), 0);
  EXPECT_GE(trace.verdicts[2999].state, 1);
  EXPECT_TRUE(std::isfinite(trace.verdicts[2999].state));
}

TEST_P(EachBand, TheUnitDoesNotMatter) {
  const auto small = Make(GetParam());
  const auto large = Make(GetParam());
  Noise noise(2);
  std::vector<double> values;
  for (size_t i = 0; i < 3000; ++i) values.push_back(5 + noise.Normal());
  values[2990] = 40;
  const double kGiga = 1 << 30;
  const Trace a = FeedIn(*small, {}, 3000, [&](size_t i) { return values[i]; });
  const Trace b = FeedIn(*large, {}, 3000, [&](size_t i) { return kGiga * values[i]; });
  for (size_t i = 200; i < 3000; ++i) {
    ASSERT_NEAR(a.verdicts[i].state, b.verdicts[i].state, 1e-3 * (1 + a.verdicts[i].state)) << i;
  }
  EXPECT_GE(a.verdicts[2990].state, 1);
}

TEST_P(EachBand, AGapIsNoDataAndNoAlarm) {
  const auto detector = Make(GetParam());
  Noise noise(3);
  FeedIn(*detector, {}, 4000, [&](size_t) { return 20 + noise.Normal(); });
  // Nine hours later it goes on as it was: neither the gap nor a zero in it is an anomaly.
  const Trace after = FeedIn(*detector, {kMinute, kMonday + 4000 * kMinute + 9 * kHour}, 60,
                             [&](size_t) { return 20 + noise.Normal(); });
  EXPECT_LT(after.HighestState(0, 60), 1);
  EXPECT_EQ(after.Onsets(0, 60), 0U);
}

TEST_P(EachBand, AtTheEdgeOfTheBandTheScoreIsOne) {
  Noise noise(4);
  const auto detector = Make(GetParam());
  const auto twin = Make(GetParam());
  const auto at = [&](size_t i) {
    return 50 + noise.Normal() + std::sin(static_cast<double>(i) / 50);
  };
  std::vector<double> values;
  for (size_t i = 0; i < 3000; ++i) values.push_back(at(i));
  FeedIn(*detector, {}, 3000, [&](size_t i) { return values[i]; });
  FeedIn(*twin, {}, 3000, [&](size_t i) { return values[i]; });
  const Timestamp next = kMonday + 3000 * kMinute;
  const Verdict probe = twin->Observe(next, 50);
  const double upper = probe.upper;
  const Verdict edge = detector->Observe(next, upper);
  EXPECT_NEAR(edge.upper, upper, 1e-9);
  EXPECT_NEAR(edge.state, 1, 1e-9);
  EXPECT_LT(edge.lower, edge.expected);
}

TEST_P(EachBand, ValuesThatCannotBeAreAnomalousWhateverThePast) {
  DetectorOptions options;
  options.data_min = 0;
  options.data_max = 100;
  const auto detector = Make(GetParam(), options);
  Noise noise(5);
  // So noisy that 101 lies well inside what is usual.
  const Trace trace = FeedIn(*detector, {}, 1000, [&](size_t i) {
    return i == 999 ? 101 : std::clamp(50 + 30 * noise.Normal(), 0.0, 100.0);
  });
  EXPECT_GE(trace.verdicts[999].state, 1);
  EXPECT_GE(trace.verdicts[999].onset, 1) << "also on a young series' first day";
  EXPECT_LE(trace.verdicts[998].upper, 100);
  EXPECT_GE(trace.verdicts[998].lower, 0);
  EXPECT_EQ(detector->Explain().reasons[0], "it lies above 100, the highest value that can be");
}

TEST_P(EachBand, TheBandOfASeriesThatCannotBeIsInOrder) {
  DetectorOptions options;
  options.data_min = 0;
  options.data_max = 200;
  const auto detector = Make(GetParam(), options);
  Noise noise(6);
  const Trace trace = FeedIn(*detector, {}, 1000, [&](size_t) { return 1e9 + noise.Normal(); });
  EXPECT_EQ(trace.verdicts[999].upper, 200);
  EXPECT_LE(trace.verdicts[999].lower, 200);
}

TEST_P(EachBand, SmallDeviationsDoNotCountBelowTheFloor) {
  DetectorOptions options;
  options.min_deviation = 5;
  const auto detector = Make(GetParam(), options);
  const Trace trace = FeedIn(*detector, {}, 2000, [](size_t i) { return i < 1990 ? 10.0 : 12.0; });
  EXPECT_LT(trace.HighestState(0, 2000), 1);
}

TEST_P(EachBand, NormalNoiseRarelyScores) {
  // The risk is 1e-4 a sample: of 40,000 some four, and their neighbours while the score falls.
  const auto detector = Make(GetParam());
  Noise noise(6);
  const Trace trace = FeedIn(*detector, {}, 43'000, [&](size_t) { return 7 + noise.Normal(); });
  size_t up = 0;
  for (size_t i = 3000; i < 43'000; ++i) up += trace.verdicts[i].state >= 1 ? 1U : 0U;
  EXPECT_LE(up, 40U);
}

TEST_P(EachBand, AShiftThatLastsBecomesTheNewLevel) {
  const auto detector = Make(GetParam());
  Noise noise(7);
  const Trace trace = FeedIn(*detector, {}, 10'000,
                             [&](size_t i) { return (i < 5000 ? 100 : 160) + noise.Normal(); });
  EXPECT_GE(trace.HighestState(5000, 5010), 1);
  EXPECT_GE(trace.verdicts[5030].state, 1) << "up for as long as it lasts, at least an hour";
  EXPECT_LT(trace.HighestState(6500, 10'000), 1);
  EXPECT_NEAR(trace.verdicts[9999].expected, 160, 6);
}

TEST_P(EachBand, AShiftThatLastsIsToldOnce) {
  // A sample a minute: the rest and the hour after which the level is taken over end together.
  for (const double to : {160.0, 20.0}) {
    const auto detector = Make(GetParam());
    Noise noise(15);
    const Trace trace = FeedIn(*detector, {}, 6000,
                               [&](size_t i) { return (i < 5000 ? 100 : to) + noise.Normal(); });
    EXPECT_EQ(trace.Onsets(5000, 5120), 1U) << "over two hours, to " << to;
  }
}

TEST_P(EachBand, AShiftOnTheSideThatDoesNotCountBecomesTheNewLevel) {
  DetectorOptions options;
  options.direction = AnomalyDirection::kAbove;
  const auto detector = Make(GetParam(), options);
  Noise noise(16);
  const Trace trace =
      FeedIn(*detector, {}, 8000, [&](size_t i) { return (i < 5000 ? 100 : 40) + noise.Normal(); });
  for (size_t i = 5000; i < 5200; ++i) {
    const Verdict& verdict = trace.verdicts[i];
    EXPECT_LT(verdict.state, 1) << "a drop is no anomaly here: " << i << " " << verdict.expected
                                << " " << verdict.upper;
  }
  const Verdict& before = trace.verdicts[4999];
  EXPECT_NEAR(trace.verdicts[5150].expected, 40, 6);
  const double width = before.upper - before.expected;
  EXPECT_LT(trace.verdicts[5150].upper - trace.verdicts[5150].expected, 3 * width)
      << "and does not spoil the scale";
}

TEST_P(EachBand, AThresholdHoldsForRunsToo) {
  DetectorOptions options;
  options.threshold = 8;
  const auto detector = Make(GetParam(), options);
  Noise noise(17);
  // Off to one side for long, each sample well within the band.
  const Trace trace = FeedIn(*detector, {}, 3100,
                             [&](size_t i) { return 50 + noise.Normal() + (i >= 3000 ? 4.5 : 0); });
  for (size_t i = 3000; i < 3030; ++i) {
    ASSERT_LT(trace.verdicts[i].state, 1) << i << ": " << trace.verdicts[i].upper;
  }
}

TEST_P(EachBand, AnAnomalyDoesNotTeachTheBand) {
  const auto detector = Make(GetParam());
  Noise noise(8);
  const Trace trace = FeedIn(*detector, {}, 4000, [&](size_t i) {
    const bool away = i >= 3000 && i < 3010;
    return (away ? 1000 : 10) + noise.Normal();
  });
  EXPECT_LT(std::fabs(trace.verdicts[3011].expected - 10), 3);
  EXPECT_LT(trace.verdicts[3100].upper, 40);
  EXPECT_GT(trace.verdicts[3100].lower, -20);
}

TEST_P(EachBand, AnAnomalyOfManySamplesTeachesAYoungSeriesNoFaster) {
  const auto detector = Make(GetParam());
  Noise noise(13);
  const Trace trace = FeedIn(*detector, {.step = kSecond}, 1000, [&](size_t i) {
    const bool away = i >= 120 && i < 720;
    return (away ? 150 : 25) + noise.Normal();
  });
  for (size_t i = 120; i < 720; ++i) ASSERT_GE(trace.verdicts[i].state, 1) << i;
  EXPECT_LT(trace.HighestState(740, 1000), 1) << "it is over when it is over";
}

TEST_P(EachBand, AYoungSeriesOfManySamplesForgetsHowItBegan) {
  const auto detector = Make(GetParam());
  Noise noise(14);
  const Trace trace = FeedIn(*detector, {.step = kSecond}, 120,
                             [&](size_t i) { return (i < 3 ? 5 : 20) + noise.Normal(); });
  EXPECT_NEAR(trace.verdicts.back().expected, 20, 2.5);
}

TEST_P(EachBand, ForgetsOverWeeks) {
  DetectorOptions options;
  options.half_life = kDay;
  const auto detector = Make(GetParam(), options);
  Noise noise(9);
  const Feed feed{5 * kMinute, kMonday};
  constexpr size_t kDayOfSamples = 288;
  // A noisy week, then four quiet ones: the band is that of the quiet ones.
  const Trace trace = FeedIn(*detector, feed, 35 * kDayOfSamples, [&](size_t i) {
    return 100 + (i < 7 * kDayOfSamples ? 20 : 1) * noise.Normal();
  });
  const Verdict& noisy = trace.verdicts[7 * kDayOfSamples - 1];
  const Verdict& quiet = trace.verdicts.back();
  EXPECT_GT(noisy.upper - noisy.lower, 80);
  EXPECT_LT(quiet.upper - quiet.lower, 20);
}

TEST_P(EachBand, ExplainsItself) {
  const auto detector = Make(GetParam());
  Noise noise(10);
  FeedIn(*detector, {}, 3000, [&](size_t i) { return (i < 2995 ? 10 : 30) + noise.Normal(); });
  const Explanation explanation = detector->Explain();
  EXPECT_EQ(explanation.samples, 3000U);
  EXPECT_EQ(explanation.since, kMonday + 2995 * kMinute);
  EXPECT_NEAR(explanation.verdict.expected, 10, 3);
  EXPECT_LT(explanation.tail_probability, 1e-3);
  ASSERT_FALSE(explanation.reasons.empty());
  EXPECT_NE(explanation.reasons[0].find("times the usual deviation above"), std::string::npos)
      << explanation.reasons[0];
  EXPECT_NE(explanation.reasons[0].find("rarer than 1 in"), std::string::npos);
}

TEST_P(EachBand, TheExplainedPartsAddUp) {
  const auto detector = Make(GetParam());
  Noise noise(18);
  for (size_t i = 0; i < 3200; ++i) {
    const double wave = 5 * std::sin(static_cast<double>(i) / 100);
    detector->Observe(kMonday + static_cast<DurationMs>(i) * kMinute,
                      (i < 3000 ? 10 : 40) + wave + noise.Normal());
    if (i < 200) continue;
    const Explanation why = detector->Explain();
    const double season = std::isnan(why.season) ? 0 : why.season;
    ASSERT_NEAR(why.level + season, why.verdict.expected, 1e-9) << i;
  }
}

TEST(Auto, NoPartsAreToldOfACounter) {
  const auto detector = Make("auto");
  Noise noise(19);
  FeedIn(*detector, {}, 3000,
         [&](size_t i) { return 300.0 * static_cast<double>(i) + noise.Unit(); });
  const Explanation why = detector->Explain();
  ASSERT_NE(why.chosen_because.find("a counter"), std::string::npos) << why.chosen_because;
  EXPECT_GT(why.verdict.expected, 300.0 * 2990);
  for (const double part : {why.level, why.season, why.trend_per_hour, why.deviation}) {
    EXPECT_TRUE(std::isnan(part)) << "they would be those of the increase: " << part;
  }
}

TEST(LevelShift, FindsTheShiftAndNoSingleSpike) {
  const auto detector = Make("level_shift");
  Noise noise(11);
  const Trace trace = FeedIn(*detector, {}, 4000, [&](size_t i) {
    return 10 + noise.Normal() + (i == 2500 ? 200 : 0) + (i >= 3500 ? 6 : 0);
  });
  EXPECT_LT(trace.HighestState(2500, 2520), 1);
  EXPECT_GE(trace.HighestState(3500, 3510), 1);
}

class EachOnset : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Detectors, EachOnset,
                         testing::Values("seasonal", "mad", "zscore", "level_shift", "novelty"),
                         [](const auto& tested) { return tested.param; });

TEST_P(EachOnset, ASlowLeakIsFoundLongBeforeTheLimit) {
  // From 30 % of the limit upwards by 0.25 % an hour, over a daily rhythm of 5 %: no step of it is
  // unusual.
  const auto detector = Make(GetParam());
  Noise noise(12);
  constexpr size_t kLeak = 7 * kDayOfMinutes;
  double found_at = 0;
  const auto share = [&](size_t i) {
    const double day = std::sin(2 * std::numbers::pi * static_cast<double>(i) / kDayOfMinutes);
    const double leak = i < kLeak ? 0 : 0.0025 * static_cast<double>(i - kLeak) / 60;
    return 0.30 + 0.05 * day + 0.005 * noise.Normal() + leak;
  };
  for (size_t i = 0; found_at == 0 && i < 16 * kDayOfMinutes; ++i) {
    const double value = share(i);
    const Timestamp time = kMonday + static_cast<DurationMs>(i) * kMinute;
    const Verdict verdict = detector->Observe(time, value);
    if (i >= kLeak && verdict.onset >= 1) found_at = value;
  }
  EXPECT_GT(found_at, 0.25);
  EXPECT_LT(found_at, 0.5);
}

TEST(Novelty, WhatWasNeverSeenIsNewOnce) {
  const auto detector = Make("novelty");
  Noise noise(13);
  const Feed feed{5 * kMinute, kMonday};
  const Trace trace = FeedIn(*detector, feed, 3000, [&](size_t i) {
    const double wave = 10 * std::sin(2 * std::numbers::pi * static_cast<double>(i) / 288);
    return (i == 2500 ? 80 : 20 + wave) + 0.1 * noise.Normal();
  });
  EXPECT_LE(trace.Onsets(600, 2500), 3U);
  EXPECT_GE(trace.verdicts[2500].onset, 1);
  EXPECT_EQ(trace.Onsets(2501, 2512), 0U);
}

}  // namespace
}  // namespace outrider
