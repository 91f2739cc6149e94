// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/kahan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "rules/promql/aggregation.h"
#include "rules/promql/functions/buckets.h"
#include "rules/promql/sum_rows.h"
#include "storage/base/random.h"

namespace outrider::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename Accumulator>
double Of(const std::vector<double>& values) {
  Accumulator all;
  for (const double v : values) all.Add(v);
  return all.Value();
}

TEST(KahanSum, KeepsSmallTermsBesideLargeOnes) {
  EXPECT_EQ(Of<KahanSum>({2, 8, 1e100, -1e100}), 10);
  EXPECT_EQ(Of<KahanSum>({1e100, 1, -1e100, 1}), 2);
  EXPECT_EQ(Of<KahanSum>(std::vector<double>(10, 0.1)), 1);
  EXPECT_EQ(Of<KahanSum>({kInfinity, 1}), kInfinity);
  EXPECT_TRUE(std::isnan(Of<KahanSum>({kInfinity, -kInfinity})));
}

// Sums of rows, number by number, absent values passed over.
TEST(SumRow, EachStepIsASumOfItsOwn) {
  SeededRandom random(3);
  const std::vector<double> odd = {kInfinity, -kInfinity, kNan, 1e308, -1e308, -0.0, 1e100};
  for (int round = 0; round < 300; ++round) {
    const size_t steps = 1 + random.Next() % 20;
    const size_t at = random.Next() % 3;
    const bool dense = random.Next() % 2 == 0;
    SumRow sums;
    sums.Resize(at + steps);
    std::vector<KahanSum> want(steps);
    std::vector<bool> present(steps);
    for (int rows = 0; rows < 12; ++rows) {
      std::vector<double> row(steps);
      for (size_t i = 0; i < steps; ++i) {
        row[i] = static_cast<double>(random.Next() % 1000) / 7;
        if (random.Next() % 15 == 0) row[i] = odd[random.Next() % odd.size()];
        if (!dense && random.Next() % 5 == 0) row[i] = kAbsent;
        if (IsAbsent(row[i])) continue;
        want[i].Add(row[i]);
        present[i] = true;
      }
      sums.Add(row, at);
    }
    for (size_t i = 0; i < at; ++i) EXPECT_TRUE(IsAbsent(sums.ValueAt(i)));
    for (size_t i = 0; i < steps; ++i) {
      const double got = sums.ValueAt(at + i);
      if (!present[i]) {
        EXPECT_TRUE(IsAbsent(got));
      } else if (std::isnan(want[i].Value())) {
        EXPECT_TRUE(std::isnan(got) && !IsAbsent(got));
      } else {
        EXPECT_TRUE(SameBits(got, want[i].Value())) << round << " step " << i;
      }
    }
  }
}

TEST(KahanMean, SurvivesOverflowAndInfinities) {
  constexpr double kBig = 9.988465674311579e+307;
  EXPECT_EQ(Of<KahanMean>({2, 8, 1e100, -1e100}), 2.5);
  EXPECT_EQ(Of<KahanMean>({kBig, kBig, kBig, kBig}), kBig);
  EXPECT_EQ(Of<KahanMean>({-kBig, -kBig, kBig, kBig}), 0);
  EXPECT_EQ(Of<KahanMean>({0, kInfinity, 0, kInfinity}), kInfinity);
  EXPECT_EQ(Of<KahanMean>({kInfinity}), kInfinity);
  EXPECT_TRUE(std::isnan(Of<KahanMean>({kInfinity, kInfinity, -kInfinity})));
  EXPECT_EQ(Of<KahanMean>(std::vector<double>(11, 52)), 52);
}

TEST(KahanVariance, OfEqualValuesIsZero) {
  EXPECT_EQ(Of<KahanVariance>({13.3, 13.3, 13.3}), 0);
  EXPECT_EQ(Of<KahanVariance>({1, 2}), 0.25);
  EXPECT_TRUE(std::isnan(Of<KahanVariance>({1, kNan})));
  EXPECT_TRUE(std::isnan(Of<KahanVariance>({kInfinity})));
}

TEST(Quantile, InterpolatesAndTakesNanAsSmallest) {
  struct Case {
    double q;
    std::vector<double> values;
    double expected;
  };
  const Case cases[] = {{0.8, {0, 1}, 0.8},      {0.8, {1, 4, 0}, 2.8}, {0.8, {0, 1, kNan}, 0.6},
                        {-0.1, {1}, -kInfinity}, {1.1, {1}, kInfinity}, {0, {3, 1, 2}, 1},
                        {1, {3, 1, 2}, 3}};
  for (const Case& c : cases) {
    std::vector<double> values = c.values;
    EXPECT_DOUBLE_EQ(Quantile(c.q, &values), c.expected) << c.q;
  }
  std::vector<double> none;
  EXPECT_TRUE(std::isnan(Quantile(0.5, &none)));
}

TEST(Quantile, OfAnyNumberOfValuesAsOfTheSortedOnes) {
  SeededRandom random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<double> values(1 + random.Next() % 60);
    for (double& v : values) {
      v = random.Next() % 20 == 0 ? std::nan("") : static_cast<double>(random.Next() % 50);
    }
    std::vector<double> sorted = values;
    const auto numbers = std::ranges::partition(sorted, [](double v) { return std::isnan(v); });
    std::ranges::sort(numbers);
    const double q = random.Next() % 2 == 0 ? 0.9 + 0.1 * random.Unit() : random.Unit();
    const double rank = q * static_cast<double>(values.size() - 1);
    const double low = sorted[static_cast<size_t>(rank)];
    const double high = sorted[std::min(static_cast<size_t>(rank) + 1, values.size() - 1)];
    const double weight = rank - std::floor(rank);
    const double want = low * (1 - weight) + high * weight;
    const double got = Quantile(q, &values);
    ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << round << ": " << q;
  }
}

TEST(BucketQuantile, KnowsTheTraps) {
  struct Case {
    const char* what;
    double q;
    std::vector<Bucket> buckets;
    double expected;
  };
  const double inf = kInfinity;
  const Case cases[] = {
      {"linear inside a bucket", 0.5, {{1, 0}, {2, 10}, {inf, 10}}, 1.5},
      {"the first bucket starts at 0", 0.5, {{2, 10}, {inf, 10}}, 1},
      {"a first bucket below 0 gives its bound", 0.5, {{-1, 10}, {inf, 10}}, -1},
      {"the last bucket gives its lower bound", 0.99, {{1, 1}, {inf, 10}}, 1},
      {"no +Inf bucket", 0.5, {{1, 5}, {2, 10}}, kNan},
      {"no observations", 0.5, {{1, 0}, {inf, 0}}, kNan},
      {"only +Inf", 0.5, {{inf, 10}}, kNan},
      {"equal bounds add up", 0.5, {{2, 5}, {2, 5}, {inf, 10}}, 1},
      {"unsorted input", 0.5, {{inf, 10}, {2, 10}, {1, 0}}, 1.5},
      {"below 0", -0.1, {{1, 1}, {inf, 1}}, -inf},
      {"above 1", 1.1, {{1, 1}, {inf, 1}}, inf},
  };
  for (const Case& c : cases) {
    std::vector<Bucket> buckets = c.buckets;
    const double got = BucketQuantile(c.q, &buckets).value;
    if (std::isnan(c.expected)) {
      EXPECT_TRUE(std::isnan(got)) << c.what;
    } else {
      EXPECT_DOUBLE_EQ(got, c.expected) << c.what;
    }
  }
}

TEST(BucketQuantile, ForcesMonotonicityButForgivesRounding) {
  std::vector<Bucket> broken{{1, 10}, {2, 8}, {4, 9}, {kInfinity, 20}};
  const BucketQuantileResult result = BucketQuantile(0.5, &broken);
  EXPECT_TRUE(result.forced_monotonic);
  EXPECT_EQ(result.min_bucket, 2);
  EXPECT_EQ(result.max_bucket, 4);
  EXPECT_EQ(result.max_diff, 2);
  std::vector<Bucket> rounded{{1, 1}, {2, 1 - 1e-15}, {kInfinity, 2}};
  EXPECT_FALSE(BucketQuantile(0.5, &rounded).forced_monotonic);
}

TEST(BucketFraction, OfIntervals) {
  const std::vector<Bucket> buckets{{1, 1}, {2, 3}, {3, 6}, {kInfinity, 100}};
  struct Case {
    double lower;
    double upper;
    double expected;
  };
  constexpr Case kCases[] = {{0, 1.5, 0.02},
                             {1, 3, 0.05},
                             {2, 5, 0.03},
                             {400, kInfinity, 0.94},
                             {2, 2, 0},
                             {3, 2, 0},
                             {-kInfinity, kInfinity, 1},
                             {-10, -5, 0}};
  for (const Case& c : kCases) {
    std::vector<Bucket> copy = buckets;
    EXPECT_DOUBLE_EQ(BucketFraction(c.lower, c.upper, &copy), c.expected)
        << c.lower << ' ' << c.upper;
  }
}

}  // namespace
}  // namespace outrider::promql
