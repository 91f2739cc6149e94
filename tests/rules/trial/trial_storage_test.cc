// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/trial_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;

TEST(TrialStorageTest, KeepsTheOrderOfTime) {
  RuleTestCase test;
  test.interval = kMinute;
  test.input = {{{}, "m", "1 2 3"}, {{}, "m", "4 _ 6"}};  // the later line counts
  TrialStorage storage;
  ASSERT_TRUE(storage.SetInput(test).ok());
  const Labels m = {{kMetricName, "m"}};
  const Labels alerts = {{kMetricName, "ALERTS"}, {kAlertName, "A"}};
  ASSERT_TRUE(storage.Advance(0).ok());
  const std::vector<LabeledSample> first = {{m, {0, 4}}, {alerts, {kMinute, 1}}};
  EXPECT_EQ(storage.AppendBatch(first, Origin::kLocal, 0).accepted, 2U);  // a repeat is fine
  EXPECT_TRUE(storage.TakeRefused().empty());
  const std::vector<LabeledSample> second = {
      {m, {0, 5}}, {alerts, {0, 1}}, {alerts, {0, StaleNan()}}};
  const AppendCounts counts = storage.AppendBatch(second, Origin::kLocal, 0);
  EXPECT_EQ(counts.duplicate, 1U);
  EXPECT_EQ(counts.out_of_order, 2U);
  const auto refused = storage.TakeRefused();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].rule, "m");
  EXPECT_STREQ(refused[0].error, "duplicate sample for timestamp");
  EXPECT_EQ(refused[1].rule, "A");
  EXPECT_STREQ(refused[1].error, "out of order sample");
  const std::vector<LabeledSample> third = {{m, {3 * kMinute, 5}}};
  storage.AppendBatch(third, Origin::kLocal, 0);
  EXPECT_THAT(Message(storage.Advance(2 * kMinute)),
              HasSubstr("input series m at 2m: a rule has written to this series already"));
}

TEST(TrialStorageTest, ComparesHistogramsOfOneTime) {
  TrialStorage storage;
  const Labels h = {{kMetricName, "h"}};
  const auto make = [](double count) {
    auto histogram = std::make_shared<NativeHistogram>();
    histogram->count = count;
    return histogram;
  };
  const auto one = make(1);
  const auto same = make(1);
  const auto two = make(2);
  const std::vector<LabeledSample> samples = {
      {h, {0, 0}, one}, {h, {0, 0}, same}, {h, {0, 0}, two}, {h, {0, 0}}};
  const AppendCounts counts = storage.AppendBatch(samples, Origin::kLocal, 0);
  EXPECT_EQ(counts.accepted, 2U);
  EXPECT_EQ(counts.duplicate, 2U);
}

TEST(TrialStorageTest, RefusesInputThatStorageWould) {
  const std::pair<const char*, const char*> kBad[] = {
      {"m{", "1"}, {"m {a=\"b\"}", "1"}, {"{}", "1"},           {"m{a=\"1\",a=\"2\"}", "1"},
      {"m", "1x"}, {"m", "1,2"},         {"m", "{{count:-1}}"}, {"", "1"}};
  for (const auto& [series, values] : kBad) {
    RuleTestCase test;
    test.input = {{{7, 3}, series, values}};
    TrialStorage storage;
    EXPECT_THAT(Message(storage.SetInput(test)), HasSubstr("7:3: input series")) << series;
  }
}

}  // namespace
}  // namespace outrider
