// SPDX-License-Identifier: Apache-2.0
// NAB's rules against values worked out by hand: sigma(y) = 2 / (1 + e^5y) - 1, a hit is worth
// sigma(y) / sigma(-1) at y = -(points to the window's end + 1) / length.
#include "exporter/trial/nab_score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace outrider {
namespace {

struct Case {
  std::string name;
  std::vector<size_t> called;  // points with score 1, of 100
  double standard;
  double low_fp;
  double low_fn;
  size_t found;
  size_t false_alarms;
};

// One series of 100 points with the window 40 to 49.
NabSeries One(const std::vector<size_t>& called) {
  NabSeries series{std::vector<double>(100, 0.0), {{40, 49}}};
  for (const size_t point : called) series.scores[point] = 1;
  return series;
}

TEST(NabScore, OneWindow) {
  const Case cases[] = {
      {"nothing", {}, 0, 0, 0, 0, 0},
      {"at the window's first point", {40}, 100, 100, 100, 1, 0},
      // y = -1/10: (0.2449187 / 0.9866143 + 1) / 2; missing weighs twice: (0.2482415 + 2) / 3.
      {"at its last point", {49}, 62.412077, 62.412077, 74.941385, 1, 0},
      // y = -5/10.
      {"in its middle", {45}, 92.989628, 92.989628, 95.326419, 1, 0},
      {"the earliest of a window counts, the others cost nothing",
       {40, 44, 49},
       100,
       100,
       100,
       1,
       0},
      {"a false alarm before any window", {20}, -5.5, -11, -3.666667, 0, 1},
      {"in the probation nothing counts", {0, 14}, 0, 0, 0, 0, 0},
      {"the first point after it does", {15}, -5.5, -11, -3.666667, 0, 1},
      // y = 1/9: -0.2708471.
      {"just after the window", {50}, -1.489659, -2.979318, -0.993106, 0, 1},
      // y = 28/9 > 3.
      {"long after the window", {77}, -5.5, -11, -3.666667, 0, 1},
      {"hit and false alarm", {40, 90}, 94.5, 89, 96.333333, 1, 1},
  };
  for (const Case& c : cases) {
    const std::vector<NabSeries> series = {One(c.called)};
    const double expected[] = {c.standard, c.low_fp, c.low_fn};
    for (size_t p = 0; p < kNabProfiles.size(); ++p) {
      const NabScore score = ScoreNab(series, 1, kNabProfiles[p]);
      EXPECT_NEAR(score.normalised, expected[p], 1e-5) << c.name << " " << kNabProfiles[p].name;
      EXPECT_EQ(score.found, c.found) << c.name;
      EXPECT_EQ(score.false_alarms, c.false_alarms) << c.name;
    }
  }
}

TEST(NabScore, ProbationIsFifteenPercentAndAtMost750) {
  EXPECT_EQ(NabProbation(0), 0U);
  EXPECT_EQ(NabProbation(99), 14U);
  EXPECT_EQ(NabProbation(4032), 604U);
  EXPECT_EQ(NabProbation(5000), 750U);
  EXPECT_EQ(NabProbation(22'695), 750U);
}

TEST(NabScore, AWindowThatReachesIntoTheProbationCountsFromItsScoredPoints) {
  NabSeries series{std::vector<double>(100, 0.0), {{10, 19}}};
  series.scores[12] = 1;  // not scored
  EXPECT_NEAR(ScoreNab({&series, 1}, 1, kNabProfiles[0]).normalised, 0, 1e-9);
  series.scores[15] = 1;  // y = -5/10
  EXPECT_NEAR(ScoreNab({&series, 1}, 1, kNabProfiles[0]).normalised, 92.989628, 1e-5);
}

TEST(NabScore, SeriesAreAddedUpBeforeTheyAreNormalised) {
  // Two windows in one, none in the other: a false alarm there costs the whole.
  std::vector<NabSeries> series = {One({40}), {std::vector<double>(50, 0.0), {}}};
  series[0].windows.emplace_back(80, 89);
  series[1].scores[30] = 1;
  // raw = 1 - 1 - 0.11; null -2, perfect 2.
  EXPECT_NEAR(ScoreNab(series, 1, kNabProfiles[0]).normalised, 100 * (2 - 0.11) / 4, 1e-9);
  EXPECT_EQ(ScoreNab({}, 1, kNabProfiles[0]).normalised, 0);
}

TEST(NabScore, TheBestThresholdIsOneOfTheScores) {
  NabSeries series = One({});
  series.scores[20] = 0.3;  // false alarm
  series.scores[41] = 0.5;
  series.scores[60] = 0.2;  // false alarm
  const NabScore best = BestNabScore({&series, 1}, kNabProfiles[0]);
  EXPECT_EQ(best.threshold, 0.5);
  EXPECT_EQ(best.found, 1U);
  EXPECT_EQ(best.false_alarms, 0U);
  EXPECT_EQ(best.normalised, ScoreNab({&series, 1}, 0.5, kNabProfiles[0]).normalised);
  // Where only false alarms are to be had it is best to say nothing.
  NabSeries quiet = One({});
  quiet.scores[20] = 1;
  EXPECT_TRUE(std::isinf(BestNabScore({&quiet, 1}, kNabProfiles[0]).threshold));
}

}  // namespace
}  // namespace outrider
