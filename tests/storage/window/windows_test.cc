// SPDX-License-Identifier: Apache-2.0
// Appending, reading and retention. Chunk files are in windows_chunks_test.cc.
#include "storage/window/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr Timestamp kFar = std::numeric_limits<Timestamp>::max();

AppendCounts Append(Windows* windows, const Labels& labels, std::vector<Sample> samples,
                    Origin origin = Origin::kRemote, Timestamp now = kNow) {
  return windows->Append(std::vector<LabelView>(labels.begin(), labels.end()), samples, origin,
                         now);
}

SeriesSet SelectAll(const Windows& windows, const std::vector<Matcher>& matchers = {},
                    Timestamp from = 0, Timestamp to = kFar) {
  SeriesSet set;
  EXPECT_TRUE(windows.Select(matchers, from, to, SIZE_MAX, &set).ok());
  return set;
}

std::vector<double> ValuesOf(const Windows& windows, const Labels& labels) {
  std::vector<Matcher> matchers;
  for (const LabelView label : labels) {
    matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
  }
  const SeriesSet set = SelectAll(windows, matchers);
  for (const SeriesSet::Row& row : set.rows) {
    if (row.labels.All() == labels) return {set.Values(row).begin(), set.Values(row).end()};
  }
  return {};
}

const Labels kUp{{"__name__", "up"}, {"job", "node"}};

TEST(Windows, AppendRules) {
  struct Case {
    const char* what;
    Sample sample;
    uint64_t AppendCounts::* count;
    bool stored;
  };
  const double nan = std::bit_cast<double>(kNormalNanBits);
  const Case cases[] = {
      {"newer", {kNow + 1, 2}, &AppendCounts::accepted, true},
      {"same time, same bits", {kNow, 1}, &AppendCounts::accepted, false},
      {"same time, other value", {kNow, 2}, &AppendCounts::duplicate, false},
      {"same time, NaN", {kNow, nan}, &AppendCounts::duplicate, false},
      {"older", {kNow - 1, 1}, &AppendCounts::out_of_order, false},
      {"older than kept", {kNow - 7 * kHour, 1}, &AppendCounts::too_old, false},
      {"ten minutes ahead", {kNow + 10 * kMinute, 1}, &AppendCounts::accepted, true},
      {"more ahead", {kNow + 10 * kMinute + 1, 1}, &AppendCounts::too_far_ahead, false},
      {"stale marker", {kNow + 1, StaleNan()}, &AppendCounts::accepted, true},
      {"the end of time", {kFar, 1}, &AppendCounts::too_far_ahead, false},
      {"the beginning of time",
       {std::numeric_limits<Timestamp>::min(), 1},
       &AppendCounts::too_old,
       false},
  };
  for (const Case& one : cases) {
    Windows windows({});
    Append(&windows, kUp, {{kNow, 1}});
    const AppendCounts counts = Append(&windows, kUp, {one.sample});
    EXPECT_EQ(counts.*one.count, 1U) << one.what;
    EXPECT_EQ(counts.accepted + counts.Rejected(), 1U) << one.what;
    EXPECT_EQ(ValuesOf(windows, kUp).size(), one.stored ? 2U : 1U) << one.what;
  }
}

TEST(Windows, ABadSampleNeverCostsTheOthers) {
  Windows windows({});
  const AppendCounts counts =
      Append(&windows, kUp, {{kNow, 1}, {kNow - 1, 9}, {kNow, 8}, {kNow + 5, 2}});
  EXPECT_EQ(counts.accepted, 2U);
  EXPECT_EQ(counts.out_of_order, 1U);
  EXPECT_EQ(counts.duplicate, 1U);
  EXPECT_EQ(counts.new_series, 1U);
  EXPECT_THAT(ValuesOf(windows, kUp), ElementsAre(1, 2));
}

TEST(Windows, NanPatternsAndRepeatsCompareByBits) {
  Windows windows({});
  EXPECT_EQ(Append(&windows, kUp, {{kNow, StaleNan()}, {kNow, StaleNan()}}).accepted, 2U);
  EXPECT_EQ(Append(&windows, kUp, {{kNow, std::bit_cast<double>(kNormalNanBits)}}).duplicate, 1U);
  ASSERT_EQ(ValuesOf(windows, kUp).size(), 1U);
  EXPECT_TRUE(IsStale(ValuesOf(windows, kUp)[0]));
  Append(&windows, kUp, {{kNow + 1, 0.0}});
  EXPECT_EQ(Append(&windows, kUp, {{kNow + 1, -0.0}}).duplicate, 1U);
}

TEST(Windows, RefusedSamplesMakeNoSeries) {
  Windows windows({});
  EXPECT_EQ(Append(&windows, kUp, {{kNow + kHour, 1}}).too_far_ahead, 1U);
  EXPECT_EQ(windows.Stats().series, 0U);
  EXPECT_EQ(windows.Stats().index.series, 0U);
}

TEST(Windows, LocalRuleWinsOverIncomingSamples) {
  Windows windows({});
  const Labels alerts{{"__name__", "ALERTS"}, {"alertname", "X"}};
  Append(&windows, alerts, {{kNow - 10, 7}, {kNow + 10, 7}});  // a sender was first, and ahead
  EXPECT_EQ(Append(&windows, alerts, {{kNow, 1}}, Origin::kLocal).accepted, 1U);
  EXPECT_THAT(ValuesOf(windows, alerts), ElementsAre(7, 1));
  const AppendCounts refused = Append(&windows, alerts, {{kNow + 15, 9}});
  EXPECT_EQ(refused.local_wins, 1U);
  EXPECT_EQ(refused.Rejected(), 0U);
  EXPECT_EQ(Append(&windows, alerts, {{kNow + 20, 2}}, Origin::kLocal).accepted, 1U);
  EXPECT_THAT(ValuesOf(windows, alerts), ElementsAre(7, 1, 2));
  // The rule is gone: after an hour the label set is free again.
  const Timestamp later = kNow + 20 + kLocalClaim + 1;
  EXPECT_EQ(Append(&windows, alerts, {{later, 3}}, Origin::kRemote, later).accepted, 1U);
}

TEST(Windows, TakeoverCutsSealedChunksToo) {
  Windows windows({});
  std::vector<Sample> samples;
  for (int i = 0; i < 300; ++i)
    samples.push_back({kNow - 300'000 + i * 1000, static_cast<double>(i)});
  Append(&windows, kUp, samples);
  Append(&windows, kUp, {{kNow - 300'000 + 100 * 1000, -1}}, Origin::kLocal);
  const std::vector<double> values = ValuesOf(windows, kUp);
  ASSERT_EQ(values.size(), 101U);
  EXPECT_EQ(values[99], 99);
  EXPECT_EQ(values[100], -1);
  EXPECT_EQ(Append(&windows, kUp, {{kNow - 300'000 + 101 * 1000, -2}}, Origin::kLocal).accepted,
            1U);
}

TEST(Windows, SelectRangesIdsAndLimit) {
  Windows windows({});
  std::vector<Sample> samples;
  for (int i = 0; i < 500; ++i) samples.push_back({kNow + i, static_cast<double>(i)});
  Append(&windows, kUp, samples);
  Append(&windows, Labels{{"__name__", "down"}}, {{kNow, 1}});
  const std::vector<Matcher> up = {Matcher::Equal("__name__", "up")};
  SeriesSet set = SelectAll(windows, up, kNow + 100, kNow + 130);
  ASSERT_EQ(set.rows.size(), 1U);
  EXPECT_EQ(set.rows[0].labels.All(), kUp);
  EXPECT_EQ(set.Times(set.rows[0]).front(), kNow + 100);
  EXPECT_EQ(set.Times(set.rows[0]).back(), kNow + 130);
  EXPECT_EQ(set.times.size(), 31U);
  const uint32_t id = set.rows[0].id;
  EXPECT_EQ(SelectAll(windows, up).rows[0].id, id);
  EXPECT_THAT(SelectAll(windows, up, kNow + 600, kFar).rows, IsEmpty());
  EXPECT_TRUE(absl::IsResourceExhausted(windows.Select(up, 0, kFar, 499, &set)));
  EXPECT_TRUE(windows.Select(up, 0, kFar, 500, &set).ok());
}

TEST(Windows, NewestOfSeriesByTheirIds) {
  Windows windows({});
  Append(&windows, kUp, {{kNow - 1000, 1}, {kNow, 2}});
  Append(&windows, kUp.With("job", "other"), {{kNow - 500, 1}});
  const SeriesSet set = SelectAll(windows);
  ASSERT_EQ(set.rows.size(), 2U);
  std::vector<uint32_t> ids;
  std::vector<Timestamp> newest;
  for (const SeriesSet::Row& row : set.rows) {
    ids.push_back(row.id);
    newest.push_back(set.Times(row).back());
  }
  ids.push_back(999'999);
  newest.push_back(kNoTime);
  EXPECT_EQ(windows.NewestOf(ids), newest);
}

TEST(Windows, LabelQueriesSeeOnlyTheRange) {
  Windows windows({});
  Append(&windows, kUp, {{kNow, 1}, {kNow + 100, 1}});
  Append(&windows, Labels{{"__name__", "old"}, {"zone", "a"}}, {{kNow - kHour, 1}});
  EXPECT_THAT(*windows.SelectLabels({}, kNow - 10, kFar), ElementsAre(kUp));
  EXPECT_THAT(*windows.SelectLabels({}, kNow + 1, kNow + 99), IsEmpty());  // between two samples
  EXPECT_THAT(*windows.LabelNames({}, kNow, kFar), ElementsAre("__name__", "job"));
  EXPECT_THAT(*windows.LabelNames({}, 0, kFar), ElementsAre("__name__", "job", "zone"));
  EXPECT_THAT(*windows.LabelValues("__name__", {}, 0, kFar), ElementsAre("old", "up"));
  const std::vector<Matcher> node = {Matcher::Equal("job", "node")};
  EXPECT_THAT(*windows.LabelValues("__name__", node, 0, kFar), ElementsAre("up"));
}

TEST(Windows, UnreferencedSeriesGoAfterSixHoursReferencedOnesLater) {
  Windows windows({});
  windows.SetReferences(
      {{.matchers = {Matcher::Equal("__name__", "up")}, .horizon = 12 * kHour},
       {.matchers = {*Matcher::Create(MatchType::kRegex, "zone", "a.*")}, .horizon = 48 * kHour}});
  const Labels other{{"__name__", "other"}};
  const Labels zone{{"__name__", "other"}, {"zone", "ab"}};
  for (const Labels& labels : {kUp, other, zone}) {
    EXPECT_EQ(Append(&windows, labels, {{kNow, 1}}).accepted, 1U);
  }
  const Labels clock{{"__name__", "clock"}};
  struct Case {
    DurationMs after;
    std::vector<Labels> left;
  };
  const Case cases[] = {{6 * kHour, {clock, other, zone, kUp}},
                        {6 * kHour + 1, {clock, zone, kUp}},
                        {12 * kHour + 1, {clock, zone}},
                        {24 * kHour, {clock, zone}},  // never longer than the retention
                        {24 * kHour + 1, {clock}}};
  for (const Case& one : cases) {
    const Timestamp now = kNow + one.after;
    Append(&windows, clock, {{now, 1}}, Origin::kRemote, now);
    windows.Expire();
    EXPECT_EQ(*windows.SelectLabels({}, 0, kFar), one.left) << one.after;
    EXPECT_EQ(windows.OldestKept(), now - 24 * kHour);
  }
  EXPECT_EQ(windows.Stats().index.series, 1U);
}

TEST(Windows, SaysSinceWhenSelectedSeriesAreKeptAndWhy) {
  Windows windows({});
  const auto equal = [](const char* name, const char* value) {
    return std::vector<Matcher>{Matcher::Equal(name, value)};
  };
  EXPECT_EQ(windows.KeptSinceOf({}).time, kNoTime);
  EXPECT_EQ(windows.AllKeptSince(), kNoTime);
  Append(&windows, kUp, {{kNow, 1}});
  windows.SetReferences(
      {{.matchers = {Matcher::Equal("__name__", "up"), Matcher::Equal("job", "node")},
        .horizon = 12 * kHour},
       {.matchers = {*Matcher::Create(MatchType::kRegex, "zone", "a.*")}, .horizon = 48 * kHour},
       {.matchers = equal("__name__", "seldom"), .horizon = kHour}});
  const auto with = [](std::vector<Matcher> matchers, Matcher more) {
    matchers.push_back(std::move(more));
    return matchers;
  };
  const Matcher no_zone = Matcher::Equal("zone", "");
  const struct {
    std::vector<Matcher> matchers;
    DurationMs keep;
    const char* setting;
  } kCases[] = {
      {{}, kDay, "storage.retention"},
      {equal("__name__", "any"), kDay, "storage.retention"},  // it may be in zone a
      {with(equal("__name__", "any"), no_zone), 6 * kHour, "storage.unreferenced_retention"},
      {with(equal("__name__", "seldom"), no_zone), 6 * kHour, "storage.unreferenced_retention"},
      {with(equal("__name__", "up"), no_zone), 12 * kHour, "storage.unreferenced_retention"},
      {with(with(equal("__name__", "up"), no_zone), Matcher::Equal("job", "x")), 6 * kHour,
       "storage.unreferenced_retention"},
  };
  for (const auto& one : kCases) {
    const KeptSince since = windows.KeptSinceOf(one.matchers);
    EXPECT_EQ(kNow - since.time, one.keep) << &one - kCases;
    EXPECT_EQ(since.setting, one.setting) << &one - kCases;
    EXPECT_LE(since.time, windows.AllKeptSince()) << &one - kCases;
  }
  EXPECT_EQ(windows.AllKeptSince(), kNow - 6 * kHour);
  windows.SetUnreferencedRetention(2 * kHour);
  windows.Expire();
  EXPECT_EQ(windows.AllKeptSince(), kNow - 2 * kHour);
  EXPECT_EQ(windows.KeptSinceOf(kCases[2].matchers).time, kNow - 2 * kHour);
  EXPECT_EQ(windows.KeptSinceOf(kCases[2].matchers).setting, "storage.memory_limit");
  EXPECT_EQ(windows.KeptSinceOf(kCases[4].matchers).time, kNow - 12 * kHour);
  windows.SetUnreferencedRetention(6 * kHour);  // what went does not come back
  EXPECT_EQ(windows.AllKeptSince(), kNow - 2 * kHour);
  EXPECT_EQ(windows.KeptSinceOf(kCases[2].matchers).time, kNow - 2 * kHour);
  EXPECT_EQ(windows.KeptSinceOf(kCases[2].matchers).setting, "storage.memory_limit");
}

TEST(Windows, NewReferencesReachOldSeries) {
  Windows windows({});
  const Labels clock{{"__name__", "clock"}};
  Append(&windows, kUp, {{kNow, 1}});
  windows.SetReferences({{.matchers = {Matcher::Equal("job", "node")}, .horizon = 8 * kHour}});
  Append(&windows, clock, {{kNow + 7 * kHour, 1}}, Origin::kRemote, kNow + 7 * kHour);
  windows.Expire();
  EXPECT_EQ(windows.Stats().series, 2U);
  windows.SetReferences({});
  windows.Expire();
  EXPECT_EQ(windows.Stats().series, 1U);
}

TEST(Windows, WholeChunksAreDroppedAndMemoryIsGivenBack) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 1});
  for (int i = 0; i < 2000; ++i) {
    const Timestamp now = kNow + i * 15'000;
    Append(&windows, kUp, {{now, static_cast<double>(i)}}, Origin::kRemote, now);
    if (i % 50 == 0) windows.Expire();
  }
  const WindowsStats stats = windows.Stats();
  EXPECT_LE(stats.samples, 240U + 2 * kMaxChunkSamples);
  EXPECT_GE(stats.samples, 240U);
  // A sample from before what is kept is refused, though the series is new.
  const Timestamp old = kNow + 1999 * 15'000 - kHour - 1;
  EXPECT_EQ(
      Append(&windows, Labels{{"__name__", "late"}}, {{old, 1}}, Origin::kRemote, old).too_old, 1U);
}

TEST(Windows, RetentionOfNothingKeepsLabelSetsForAnHour) {
  Windows windows({.retention = kDay, .unreferenced_retention = 0, .seed = 1});
  const Labels clock{{"__name__", "clock"}};
  EXPECT_EQ(Append(&windows, kUp, {{kNow, 1}, {kNow + 1, 1}}).accepted, 2U);
  EXPECT_EQ(windows.Stats().samples, 0U);
  EXPECT_THAT(SelectAll(windows).rows, IsEmpty());
  EXPECT_THAT(*windows.SelectLabels({}, kNow, kFar), ElementsAre(kUp));
  for (const DurationMs after : {kHour, kHour + 2}) {
    Append(&windows, clock, {{kNow + after, 1}}, Origin::kRemote, kNow + after);
    windows.Expire();
    EXPECT_EQ(windows.Stats().series, after == kHour ? 2U : 1U);
  }
}

TEST(Windows, ChurnReusesIdsAndLeavesNothing) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 1});
  for (int round = 0; round < 20; ++round) {
    const Timestamp now = kNow + round * 2 * kHour;
    for (int i = 0; i < 100; ++i) {
      Append(&windows, Labels{{"__name__", "m"}, {"pod", std::to_string(round * 1000 + i)}},
             {{now, 1}}, Origin::kRemote, now);
    }
    windows.Expire();
    EXPECT_EQ(windows.Stats().series, 100U);
    for (const SeriesSet::Row& row : SelectAll(windows).rows)
      EXPECT_LT(row.id, 256U);  // 200 at once
  }
  EXPECT_EQ(windows.Stats().index.label_pairs, 101U);
  EXPECT_EQ(windows.Stats().series_removed, 1900U);
}

TEST(Windows, SeveralWritersAndReadersAtOnce) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 1});
  constexpr int kWriters = 3;
  constexpr int kSteps = 300;
  std::atomic<bool> done{false};
  {
    std::vector<std::jthread> readers;
    readers.emplace_back([&] {
      while (!done) {
        const SeriesSet set = SelectAll(windows);
        for (const SeriesSet::Row& row : set.rows) {
          EXPECT_TRUE(row.labels.All().Has("writer")) << row.labels.All().ToString();
          const auto times = set.Times(row);
          EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
        }
        (void)windows.LabelValues("writer", {}, 0, kFar);
        (void)windows.Stats();
      }
    });
    readers.emplace_back([&] {
      while (!done) {
        windows.SetReferences({});
        windows.Expire();
      }
    });
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&, w] {
        for (int i = 0; i < kSteps; ++i) {
          const Timestamp now = kNow + i * kMinute;
          // One series of its own, one shared by all, and churn.
          const Labels own{{"__name__", "m"}, {"writer", std::to_string(w)}};
          Append(&windows, own, {{now, static_cast<double>(i)}}, Origin::kRemote, now);
          Append(&windows, Labels{{"__name__", "m"}, {"writer", "all"}}, {{now, 1}},
                 Origin::kRemote, now);
          Append(
              &windows,
              Labels{{"__name__", "c"}, {"writer", std::to_string(w)}, {"pod", std::to_string(i)}},
              {{now, 1}}, Origin::kRemote, now);
        }
      });
    }
    writers.clear();
    done = true;
  }
  windows.Expire();
  for (int w = 0; w < kWriters; ++w) {
    const auto values = ValuesOf(windows, Labels{{"__name__", "m"}, {"writer", std::to_string(w)}});
    ASSERT_FALSE(values.empty());
    EXPECT_EQ(values.back(), kSteps - 1);
  }
  EXPECT_EQ(windows.Stats().damaged_chunks, 0U);
}

}  // namespace
}  // namespace outrider
