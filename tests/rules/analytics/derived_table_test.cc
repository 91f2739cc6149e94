// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/derived_table.h"

#include <gtest/gtest.h>

#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr DerivedMetric kMetric = {"outrider_b", "B."};
constexpr DerivedMetric kOther = {"outrider_a", "A."};

Labels Named(const char* name, const char* job) {
  return Labels({{"__name__", name}, {"job", job}});
}

TEST(DerivedTable, SnapshotGroupsByFamily) {
  DerivedTable table;
  table.Add(kMetric, Labels({{"job", "x"}}), 1);
  table.Add(kOther, Labels({{"job", "x"}}), 2);
  const auto handle = table.Add(kMetric, Labels({{"job", "y"}}), 3);
  const DerivedTable::Update updates[] = {{handle, 4}, {DerivedTable::kNone, 9}};
  table.Set(updates);
  const auto families = table.Snapshot();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].metric->name, "outrider_a");
  EXPECT_EQ(families[1].series.size(), 2U);
  EXPECT_EQ(DerivedText(table)["outrider_b{job=\"y\"}"], 4);
  EXPECT_EQ(table.size(), 3U);
}

TEST(DerivedTable, RefusesTheSameSeriesTwice) {
  DerivedTable table;
  const auto first = table.Add(kMetric, Labels({{"job", "x"}}), 1);
  EXPECT_EQ(table.Add(kMetric, Labels({{"job", "x"}}), 2), DerivedTable::kNone);
  EXPECT_EQ(table.collisions(), 1U);
  table.Remove(std::span(&first, 1));
  EXPECT_NE(table.Add(kMetric, Labels({{"job", "x"}}), 3), DerivedTable::kNone);
}

TEST(DerivedTable, FlushWritesAndEndsSeries) {
  DerivedTable table;
  FakeWindows windows;
  const auto x = table.Add(kMetric, Labels({{"job", "x"}}), 1);
  const auto y = table.Add(kMetric, Labels({{"job", "y"}}), 2);
  EXPECT_EQ(table.Flush(windows, 1000).accepted, 2U) << "as Origin::kLocal";
  table.Remove(std::span(&x, 1));
  table.Remove(std::span(&y, 1));
  table.Add(kMetric, Labels({{"job", "y"}}), 5);  // gone and back between two flushes
  table.Flush(windows, 2000);
  table.Flush(windows, 3000);

  const auto ended = windows.Samples(Named("outrider_b", "x"));
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].value, 1);
  EXPECT_TRUE(IsStale(ended[1].value));
  EXPECT_EQ(ended[1].time, 2000);
  const auto back = windows.Samples(Named("outrider_b", "y"));
  ASSERT_EQ(back.size(), 3U);
  EXPECT_EQ(back[1].value, 5);
}

TEST(DerivedTable, AtItsOwnPaceWhatWasSetIsWritten) {
  DerivedTable table;
  FakeWindows windows;
  const auto handle = table.Add(kMetric, Labels({{"job", "x"}}), 1, DerivedTable::Pace::kWhenSet);
  table.Flush(windows, 1000);
  table.Flush(windows, 2000);
  const DerivedTable::Update same[] = {{handle, 1}};
  table.Set(same);
  table.Flush(windows, 3000);
  const auto samples = windows.Samples(Named("outrider_b", "x"));
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[1].time, 3000);
  EXPECT_EQ(DerivedText(table)["outrider_b{job=\"x\"}"], 1) << "on /metrics all the time";
}

TEST(DerivedTable, FlushesManyInBatches) {
  DerivedTable table;
  FakeWindows windows;
  for (int i = 0; i < 3000; ++i) table.Add(kMetric, Labels({{"i", std::to_string(i)}}), i);
  EXPECT_EQ(table.Flush(windows, 1000).accepted, 3000U);
}

TEST(DerivedPublisher, RemovesWhatIsNotSetAgain) {
  DerivedTable table;
  {
    DerivedPublisher publisher(table);
    publisher.Set(kMetric, Labels({{"job", "x"}}), 1);
    publisher.Set(kMetric, Labels({{"job", "y"}}), 2);
    publisher.Finish();
    EXPECT_EQ(table.size(), 2U);
    publisher.Set(kMetric, Labels({{"job", "x"}}), 7);
    publisher.Finish();
    EXPECT_EQ(DerivedText(table), (std::map<std::string, double>{{"outrider_b{job=\"x\"}", 7}}));
  }
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace outrider
