// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/novelty_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace outrider {
namespace {

using Kind = NoveltyTable::Kind;

class Feeder {
 public:
  explicit Feeder(DurationMs half_life) : table(half_life) {
    // The range first, so that levels mean the same from the beginning.
    Add(0);
    Add(19);
  }
  NoveltyTable::Finding Add(double value, bool gap = false) {
    return table.Observe({5 * kMinute, 1, gap}, value);
  }
  // A sawtooth through all levels; how many findings.
  size_t Saw(size_t rounds) {
    size_t findings = 0;
    for (size_t i = 0; i < rounds * 20; ++i) {
      findings += Add(static_cast<double>(i % 20)).strength >= 1 ? 1U : 0U;
    }
    return findings;
  }
  NoveltyTable table;
};

TEST(NoveltyTable, KnowsASawtoothAfterARound) {
  Feeder feeder(7 * kDay);
  feeder.Saw(3);
  EXPECT_EQ(feeder.Saw(40), 0U);
}

TEST(NoveltyTable, ATransitionThatNeverWasIsNewOnce) {
  Feeder feeder(7 * kDay);
  feeder.Saw(20);
  // From the top the sawtooth falls to the bottom; staying at the top for six samples is new.
  for (int i = 0; i < 20; ++i) feeder.Add(i);
  std::vector<Kind> kinds;
  for (int i = 0; i < 6; ++i) kinds.push_back(feeder.Add(19).kind);
  EXPECT_EQ(std::ranges::count(kinds, Kind::kTransition), 1)
      << testing::PrintToString(kinds.size());
}

TEST(NoveltyTable, OutsideTheRangeIsNewAndALittleMoreIsTheRangeGrowing) {
  Feeder feeder(7 * kDay);
  feeder.Saw(20);
  EXPECT_EQ(feeder.Add(19.3).kind, Kind::kNothing);  // 1.6 % of the range
  const auto far = feeder.Add(60);
  EXPECT_EQ(far.kind, Kind::kOutside);
  EXPECT_GT(far.strength, 1.9);
}

TEST(NoveltyTable, CountsMoveWithTheRange) {
  // A spike of ten times the range puts all that was known on the lowest level. The level in the
  // middle was never seen, although its number was.
  Feeder feeder(7 * kDay);
  feeder.Saw(20);
  feeder.Add(200);
  feeder.Saw(5);
  EXPECT_EQ(feeder.Saw(5), 0U);
  bool found = false;
  for (int i = 0; i < 6; ++i) found = found || feeder.Add(120).kind == Kind::kTransition;
  EXPECT_TRUE(found);
}

TEST(NoveltyTable, AStayOfTwiceTheLongestIsNew) {
  Feeder feeder(30 * kDay);
  // 60 low, 60 high, again and again; then low for good.
  for (int i = 0; i < 2000; ++i) {
    const auto finding = feeder.Add(i / 60 % 2 == 0 ? 0 : 10);
    if (i <= 200) continue;
    ASSERT_NE(finding.kind, Kind::kLongStay) << i;
  }
  for (int i = 0; i < 60; ++i) feeder.Add(10);
  int at = 0;
  for (int i = 1; i <= 200 && at == 0; ++i) {
    if (feeder.Add(0).kind == Kind::kLongStay) at = i;
  }
  EXPECT_GE(at, 118);
  EXPECT_LE(at, 125);
}

TEST(NoveltyTable, AFlatSeriesStaysWithoutNews) {
  NoveltyTable table(7 * kDay);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(table.Observe({5 * kMinute, 1, false}, 45).strength, 0) << i;
  }
}

TEST(NoveltyTable, TheSmallestAndTheLargestRangesHaveLevels) {
  for (const double unit : {5e-324, 1e150}) {
    NoveltyTable table(7 * kDay);
    for (int i = 0; i < 300; ++i) {
      const double value = i % 2 == 0 ? unit : -unit;
      ASSERT_LE(table.Observe({5 * kMinute, 1, false}, value).strength, 2) << unit;
    }
    EXPECT_EQ(table.highest(), unit);
  }
}

TEST(NoveltyTable, ForgetsWhatIsLongPast) {
  Feeder feeder(kDay);  // with 5-minute samples: the floor of 1000 samples
  feeder.Saw(20);
  for (int i = 0; i < 12'000; ++i) feeder.Add(2);  // 40 days at the bottom
  EXPECT_LT(feeder.table.highest(), 8) << "the range narrows";
  EXPECT_EQ(feeder.Add(19).kind, Kind::kOutside) << "and its old top is news again";
}

TEST(NoveltyTable, NoTransitionLeadsAcrossAGap) {
  Feeder feeder(7 * kDay);
  feeder.Saw(20);
  for (int i = 0; i < 4; ++i) feeder.Add(i);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(feeder.Add(19, i == 0).kind, Kind::kNothing);
}

}  // namespace
}  // namespace outrider
