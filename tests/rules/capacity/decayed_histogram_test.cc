// SPDX-License-Identifier: Apache-2.0
// The histogram against what VPA's own code computes (tests/data/vpa), and its own properties.
#include "rules/capacity/recommend/decayed_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'700'006'400'000;

std::vector<std::vector<std::string>> ReadTable(const std::string& name) {
  const auto text = ReadFile(std::string(OUTRIDER_SOURCE_DIR) + "/tests/data/vpa/" + name);
  EXPECT_TRUE(text.ok()) << Message(text.status());
  std::vector<std::vector<std::string>> rows;
  for (std::string_view line : Split(*text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> row;
    for (std::string_view field : Split(line, ' ')) row.emplace_back(field);
    rows.push_back(std::move(row));
  }
  return rows;
}

uint64_t Bits(const std::string& hex) { return std::stoull(hex, nullptr, 16); }

TEST(DecayedHistogram, BucketsBeginWhereVpasDo) {
  const auto rows = ReadTable("buckets.txt");
  ASSERT_EQ(rows.size(), kBuckets);
  for (const auto& row : rows) {
    const size_t bucket = std::stoul(row[0]);
    EXPECT_EQ(std::bit_cast<uint64_t>(kCpuBuckets.Start(bucket)), Bits(row[1])) << bucket;
    EXPECT_EQ(std::bit_cast<uint64_t>(kMemoryBuckets.Start(bucket)), Bits(row[2])) << bucket;
    // An edge itself: rounding decides, and it must decide as there.
    EXPECT_EQ(kCpuBuckets.Find(kCpuBuckets.Start(bucket)), std::stoul(row[3])) << bucket;
    EXPECT_EQ(kMemoryBuckets.Find(kMemoryBuckets.Start(bucket)), std::stoul(row[4])) << bucket;
  }
  EXPECT_EQ(kCpuBuckets.Find(0), 0);
  EXPECT_EQ(kCpuBuckets.Find(1e15), kBuckets - 1);
}

TEST(DecayedHistogram, PowersOfTwoHaveGosBits) {
  const auto rows = ReadTable("exp2.txt");
  ASSERT_EQ(rows.size(), 200);
  for (const auto& row : rows) {
    const auto x = std::bit_cast<double>(Bits(row[0]));
    EXPECT_EQ(std::bit_cast<uint64_t>(Exp2AsGo(x)), Bits(row[1])) << x;
  }
}

TEST(DecayedHistogram, OldWeightsHalveEachDay) {
  DecayedHistogram<double> histogram;
  EXPECT_TRUE(histogram.IsEmpty());
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 0.9), 0);
  histogram.Add(10, kStart, 1);
  histogram.Add(20, kStart + kDay, 1);
  histogram.Add(30, kStart + 2 * kDay, 1);
  EXPECT_DOUBLE_EQ(histogram.WeightOf(30), 4 * histogram.WeightOf(10));
  EXPECT_DOUBLE_EQ(histogram.WeightOf(20), 2 * histogram.WeightOf(10));
  // 4 of 7 parts lie in bucket 30.
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 0.42), kCpuBuckets.Start(21));
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 0.44), kCpuBuckets.Start(31));
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 0.14), kCpuBuckets.Start(11));
}

TEST(DecayedHistogram, AHundredHalvingsAndMoreKeepTheNewest) {
  DecayedHistogram<float> histogram;
  histogram.Add(10, kStart, 1);
  histogram.Add(20, kStart + 99 * kDay, 1);
  histogram.Add(30, kStart + 150 * kDay, 1);
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 0.01), kCpuBuckets.Start(31));
  EXPECT_TRUE(std::isfinite(histogram.total()));
  EXPECT_EQ(histogram.WeightOf(10), 0);
}

TEST(DecayedHistogram, MergedIsAsIfOneHadSeenAll) {
  DecayedHistogram<double> all;
  DecayedHistogram<double> one;
  DecayedHistogram<double> other;
  uint32_t dice = 1;
  for (int i = 0; i < 500; ++i) {
    dice = dice * 1664525U + 1013904223U;
    const Timestamp time = kStart + i * kHour;
    all.Add(dice >> 25U, time, 0.1);
    (i % 3 == 0 ? one : other).Add(dice >> 25U, time, 0.1);
  }
  one.Merge(other);
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    EXPECT_NEAR(one.WeightOf(bucket), all.WeightOf(bucket), 1e-9 * all.total()) << bucket;
  }
  for (double p : {0.1, 0.5, 0.9, 0.99}) {
    EXPECT_EQ(one.UpperPercentile(kCpuBuckets, p), all.UpperPercentile(kCpuBuckets, p));
  }
}

TEST(DecayedHistogram, PercentilesLieWithinTheirBucketAndRise) {
  DecayedHistogram<float> histogram;
  for (int i = 1; i <= 1000; ++i) {
    histogram.Add(kCpuBuckets.Find(i * 0.002), kStart + i * kMinute, 0.1);
  }
  double last = 0;
  for (double p = 0.01; p < 1; p += 0.01) {
    const double value = histogram.Percentile(kCpuBuckets, p);
    EXPECT_GE(value, last);
    EXPECT_LE(value, histogram.UpperPercentile(kCpuBuckets, p));
    last = value;
  }
  // Evenly spread from 0 to 2: half of the time below 1.07 (the newer count more), half of the
  // work below 1.44.
  EXPECT_NEAR(histogram.Percentile(kCpuBuckets, 0.5), 1.1, 0.08);
  EXPECT_NEAR(histogram.Percentile(kCpuBuckets, 0.5, true), 1.45, 0.08);
}

TEST(DecayedHistogram, SubtractTakesBackWhatAddGave) {
  DecayedHistogram<double> histogram;
  histogram.Add(10, kStart, 1);
  histogram.Add(40, kStart, 1);
  histogram.Subtract(40, kStart, 1);
  EXPECT_EQ(histogram.UpperPercentile(kCpuBuckets, 1), kCpuBuckets.Start(11));
  histogram.Subtract(10, kStart, 1);
  EXPECT_TRUE(histogram.IsEmpty());
}

TEST(DecayedHistogram, IsRestoredToTheBitAndRefusesWhatCannotBe) {
  DecayedHistogram<double> histogram;
  for (int i = 0; i < 300; ++i) histogram.Add(10 + i % 20, kStart + i * kHour, 0.1);
  RowWriter out(1);
  histogram.Save(out);
  const std::string row = out.Take();
  DecayedHistogram<double> loaded;
  RowReader in(row, 1, "histogram");
  loaded.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    EXPECT_EQ(loaded.WeightOf(bucket), histogram.WeightOf(bucket));
  }
  loaded.Add(12, kStart + kDay * 20, 0.1);
  histogram.Add(12, kStart + kDay * 20, 0.1);
  EXPECT_EQ(loaded.total(), histogram.total());

  RowWriter bad(1);
  bad.U64(200).U64(10).U64(0).U64(0).Double(1).I64(0);
  const std::string bad_row = bad.Take();
  RowReader bad_in(bad_row, 1, "histogram");
  loaded.Load(bad_in);
  EXPECT_FALSE(bad_in.Finish().ok());
}

}  // namespace
}  // namespace outrider
