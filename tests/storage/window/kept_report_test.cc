// SPDX-License-Identifier: Apache-2.0
#include "storage/window/kept_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'800'000'000'000;

class KeptReportTest : public testing::Test {
 protected:
  // `samples` of {__name__="<metric>", i="0"…}, a minute apart.
  void Feed(const std::string& metric, int series, int samples) {
    for (int i = 0; i < series; ++i) {
      const Labels labels{{"__name__", metric}, {"i", std::to_string(i)}};
      const std::vector<LabelView> views(labels.begin(), labels.end());
      for (int s = 0; s < samples; ++s) {
        const Sample sample{kNow + s * kMinute, s * 1.25};
        windows_.Append(views, {&sample, 1}, Origin::kRemote, sample.time);
      }
    }
  }
  static SeriesReference Reference(const char* kind, const char* name, const char* metric,
                                   DurationMs horizon) {
    return {.matchers = {Matcher::Equal("__name__", metric)},
            .horizon = horizon,
            .owner = {.kind = kind, .name = name}};
  }

  Windows windows_{{.retention = kDay, .unreferenced_retention = 6 * kHour, .seed = 1}};
};

TEST_F(KeptReportTest, Empty) {
  const KeptReport report = ReportKept(windows_);
  EXPECT_TRUE(report.owners.empty());
  EXPECT_TRUE(report.metrics.empty());
  EXPECT_EQ(report.total, SeriesUsage());
  EXPECT_EQ(report.kinds, (UsageByKind{{kUnreferencedKind, {}}}));
}

TEST_F(KeptReportTest, OwnersSeeAllTheyReferToKindsCountEachSeriesOnce) {
  Feed("up", 3, 10);
  Feed("cpu", 2, 300);
  Feed("nobody", 4, 5);
  windows_.SetReferences(
      {Reference("rule", "r1", "up", kMinute), Reference("rule", "r1", "cpu", 7 * kHour),
       Reference("rule", "r2", "cpu", 48 * kHour), Reference("analytics", "e", "cpu", 8 * kHour),
       Reference("analytics", "f", "absent", kHour)});
  const KeptReport report = ReportKept(windows_);
  const WindowsStats stats = windows_.Stats();
  EXPECT_EQ(report.retention, kDay);
  EXPECT_EQ(report.unreferenced, 6 * kHour);
  EXPECT_EQ(report.total.series, 9U);
  EXPECT_EQ(report.total.samples, stats.samples);
  EXPECT_EQ(report.total.bytes, stats.chunk_bytes);

  struct Want {
    SeriesOwner owner;
    DurationMs horizon;
    DurationMs keep;
    uint64_t series;
    uint64_t samples;
  };
  const Want wants[] = {{{"rule", "r1"}, 7 * kHour, 7 * kHour, 5, 630},
                        {{"analytics", "e"}, 8 * kHour, 8 * kHour, 2, 600},
                        {{"rule", "r2"}, 48 * kHour, kDay, 2, 600},
                        {{"analytics", "f"}, kHour, 6 * kHour, 0, 0}};
  ASSERT_EQ(report.owners.size(), std::size(wants));
  for (size_t i = 0; i < std::size(wants); ++i) {
    const OwnerUsage& got = report.owners[i];
    EXPECT_EQ(got.owner, wants[i].owner) << i;
    EXPECT_EQ(got.horizon, wants[i].horizon) << i;
    EXPECT_EQ(got.keep, wants[i].keep) << i;
    EXPECT_EQ(got.usage.series, wants[i].series) << i;
    EXPECT_EQ(got.usage.samples, wants[i].samples) << i;
  }
  EXPECT_EQ(report.kinds.size(), 3U);
  EXPECT_EQ(report.kinds.at("rule").series, 5U);  // r2 needs `cpu` longest
  EXPECT_EQ(report.kinds.at("analytics"), SeriesUsage());
  EXPECT_EQ(report.kinds.at(kUnreferencedKind).series, 4U);
  EXPECT_EQ(report.kinds.at(kUnreferencedKind).samples, 20U);
  EXPECT_EQ(report.kinds, KeptByKind(windows_));
  ASSERT_EQ(report.metrics.size(), 3U);
  EXPECT_EQ(report.metrics[0].first, "cpu");
  EXPECT_EQ(report.metrics[0].second.samples, 600U);
}

TEST_F(KeptReportTest, HistogramsAndLateSamplesCount) {
  Windows windows({.retention = kDay, .unreferenced_retention = kDay, .late_window = kHour});
  const Labels labels{{"__name__", "m"}};
  const std::vector<LabelView> views(labels.begin(), labels.end());
  const std::vector<Sample> samples{{kNow, 1}, {kNow - kMinute, 2}};
  windows.Append(views, samples, Origin::kRemote, kNow);
  EXPECT_EQ(ReportKept(windows).total.samples, 2U);
}

}  // namespace
}  // namespace outrider
