// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/sender_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace outrider {
namespace {

using enum SenderLimit;

uint64_t Limited(const SenderLimits& limits, SenderLimits::Id id, SenderLimit reason) {
  return limits.Stats().at(id).limited.at(static_cast<size_t>(reason));
}

TEST(SenderLimits, WhoIsASender) {
  SenderLimits limits({.max_senders = 2});
  const SenderLimits::Id a = limits.IdOf("10.0.0.1");
  const SenderLimits::Id b = limits.IdOf(std::string(500, 'x'));
  EXPECT_NE(a, b);
  EXPECT_NE(a, SenderLimits::kOther);
  EXPECT_EQ(limits.IdOf("10.0.0.1"), a);
  EXPECT_EQ(limits.IdOf(std::string(128, 'x') + "y"), b);  // cut
  EXPECT_EQ(limits.IdOf("10.0.0.3"), SenderLimits::kOther);
  EXPECT_EQ(limits.IdOf("10.0.0.4"), SenderLimits::kOther);
  const std::vector<SenderStats> stats = limits.Stats();
  ASSERT_EQ(stats.size(), 3U);
  EXPECT_EQ(stats[0].sender, "other");
  EXPECT_EQ(stats[1].sender, "10.0.0.1");
  SenderLimits odd({});
  odd.IdOf("\xff");
  EXPECT_EQ(odd.Stats().at(1).sender, "\"\\xff\"");
  SenderLimits none({.max_senders = 0});
  EXPECT_EQ(none.IdOf("a"), SenderLimits::kOther);
  EXPECT_EQ(none.Stats().size(), 1U);
}

TEST(SenderLimits, WithoutLimitsEverythingPasses) {
  SenderLimits limits({});
  const SenderLimits::Id id = limits.IdOf("a");
  EXPECT_EQ(limits.CheckBody(id, SIZE_MAX), kNone);
  EXPECT_TRUE(limits.AdmitSamples(id, 1'000'000'000, 0).admitted);
  const std::vector<LabelView> labels(10'000, LabelView{"name", "value"});
  EXPECT_EQ(limits.CheckLabels(id, labels), kNone);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.Reserve(id), kNone);
  EXPECT_EQ(limits.Stats().at(id).samples_accepted, 1'000'000'000U);
}

TEST(SenderLimits, BodyAndLabels) {
  SenderLimits limits({.max_label_names = 2,
                       .max_label_name_length = 4,
                       .max_label_value_length = 5,
                       .max_body_bytes = 100});
  const SenderLimits::Id id = limits.IdOf("a");
  EXPECT_EQ(limits.CheckBody(id, 100), kNone);
  EXPECT_EQ(limits.CheckBody(id, 101), kBodyBytes);
  struct Case {
    std::vector<LabelView> labels;
    SenderLimit limit;
  };
  const Case cases[] = {
      {{}, kNone},
      {{{"abcd", "12345"}, {"b", ""}}, kNone},
      {{{"a", ""}, {"b", ""}, {"c", ""}}, kLabelNames},
      {{{"a", ""}, {"abcde", ""}}, kLabelNameLength},
      {{{"a", "123456"}}, kLabelValueLength},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(limits.CheckLabels(id, one.labels), one.limit) << ReasonOf(one.limit);
  }
  for (const SenderLimit reason : {kBodyBytes, kLabelNames, kLabelNameLength, kLabelValueLength}) {
    EXPECT_EQ(Limited(limits, id, reason), 1U) << ReasonOf(reason);
  }
}

TEST(SenderLimits, SamplesPerSecond) {
  struct Step {
    const char* what;
    const char* sender;
    uint64_t samples;
    Timestamp now;
    bool admitted;
    DurationMs retry_after;
  };
  const Step steps[] = {
      // 100 a second, 1000 at once
      {"ten seconds' worth at once", "a", 1000, 0, true, 0},
      {"nothing left", "a", 1, 0, false, 10},
      {"of others nothing is taken", "b", 1000, 0, true, 0},
      {"no samples always pass", "a", 0, 0, true, 0},
      {"half a second later", "a", 51, 500, false, 10},
      {"what has come back", "a", 50, 500, true, 0},
      {"an earlier time gives nothing", "a", 1, 400, false, 10},
      {"nor does the same time after it", "a", 1, 500, false, 10},
      {"never more than the burst", "a", 1001, 1'000'000, true, 0},
      {"what was lent is owed", "a", 1, 1'000'000, false, 20},
      {"and paid back", "a", 1, 1'000'020, true, 0},
      {"a large one waits for a full bucket", "a", 5000, 1'000'020, false, 10'000},
      {"as told", "a", 5000, 1'010'020, true, 0},
      {"and owes long", "a", 100, 1'050'020, false, 1000},
      {"a clock that is set back", "a", 100, 2000, false, 1000},
      {"goes on from there", "a", 100, 3000, true, 0},
  };
  SenderLimits limits({.max_samples_per_second = 100});
  for (const Step& one : steps) {
    const auto result = limits.AdmitSamples(limits.IdOf(one.sender), one.samples, one.now);
    EXPECT_EQ(result.admitted, one.admitted) << one.what;
    EXPECT_NEAR(static_cast<double>(result.retry_after), static_cast<double>(one.retry_after), 1)
        << one.what;
  }
  const SenderLimits::Id a = limits.IdOf("a");
  EXPECT_EQ(limits.Stats().at(a).samples_accepted, 1000U + 50 + 1001 + 1 + 5000 + 100);
  EXPECT_EQ(Limited(limits, a, kSamplesPerSecond), 1U + 51 + 2 + 1 + 5000 + 200);
}

TEST(SenderLimits, Series) {
  SenderLimits limits({.max_series = 5, .max_series_per_sender = 2});
  const SenderLimits::Id a = limits.IdOf("a");
  const SenderLimits::Id b = limits.IdOf("b");
  const SenderLimits::Id c = limits.IdOf("c");
  EXPECT_EQ(limits.Reserve(a), kNone);
  limits.Added(a);
  EXPECT_EQ(limits.Reserve(a), kSeriesPerSender);
  EXPECT_EQ(limits.Reserve(b), kNone);
  limits.Added(kNoSender);  // a rule of ours
  EXPECT_EQ(limits.Reserve(c), kNone);
  EXPECT_EQ(limits.series(), 5U);
  EXPECT_EQ(limits.Reserve(c), kSeries);  // the daemon is full
  limits.Added(kNoSender);                // which no rule cares about
  limits.Removed(kNoSender);
  limits.Removed(a);
  EXPECT_EQ(limits.Reserve(c), kNone);
  EXPECT_EQ(limits.Stats().at(a).series, 1U);
  EXPECT_EQ(limits.Stats().at(c).series, 2U);
  EXPECT_EQ(limits.series(), 5U);
  EXPECT_EQ(Limited(limits, a, kSeriesPerSender), 1U);
  EXPECT_EQ(Limited(limits, c, kSeries), 1U);
}

TEST(SenderLimitsConcurrency, ManySenders) {
  SenderLimits limits({.max_series = 10'000,
                       .max_series_per_sender = 100,
                       .max_samples_per_second = 10,
                       .max_senders = 8});
  std::vector<std::jthread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&limits] {
      for (int i = 0; i < 1000; ++i) {
        const SenderLimits::Id id = limits.IdOf(std::to_string(i % 10));
        (void)limits.AdmitSamples(id, 1, i);
        if (i % 2 == 0) limits.Added(id);
        if (limits.Reserve(id) == kNone && i % 2 == 0) limits.Removed(id);
        if (i % 100 == 0) (void)limits.Stats();
      }
    });
  }
  threads.clear();
  uint64_t series = 0;
  for (const SenderStats& stats : limits.Stats()) series += stats.series;
  EXPECT_EQ(series, limits.series());
  EXPECT_GT(series, 0U);
}

}  // namespace
}  // namespace outrider
