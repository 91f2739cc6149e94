// SPDX-License-Identifier: Apache-2.0
// Rows named by keys, and samples that come late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "storage/base/random.h"
#include "storage/window/series_identity.h"
#include "storage/window/windows.h"
#include "tests/support/append_row.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kNow = 1'800'000'000'000;
const std::vector<LabelView> kUp = {{"__name__", "up"}, {"job", "node"}};
const std::vector<LabelView> kDown = {{"__name__", "down"}};

std::vector<double> Values(const Windows& windows, std::string name) {
  SeriesSet set;
  const Matcher matcher = Matcher::Equal("__name__", std::move(name));
  EXPECT_TRUE(windows.Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  EXPECT_TRUE(std::is_sorted(set.times.begin(), set.times.end()));
  return set.values;
}

TEST(SeriesIdentity, OrderDoesNotMatterTheRestDoes) {
  const std::vector<LabelView> turned = {kUp[1], kUp[0]};
  EXPECT_EQ(IdentityOf(kUp, 1), IdentityOf(turned, 1));
  EXPECT_NE(IdentityOf(kUp, 1), IdentityOf(kUp, 2));
  const std::vector<std::vector<LabelView>> sets = {
      {},
      {{"a", "b"}},
      {{"b", "a"}},
      {{"a", "a"}},
      {{"b", "b"}},
      {{"a", "b"}, {"c", "d"}},
      {{"a", "d"}, {"c", "b"}},
      {{"ab", "cd"}},
      {{"a", "bcd"}},
  };
  std::map<std::pair<uint64_t, uint64_t>, size_t> seen;
  for (size_t i = 0; i < sets.size(); ++i) {
    const Hash128 identity = IdentityOf(sets[i], 1);
    EXPECT_TRUE(seen.emplace(std::pair(identity.low, identity.high), i).second) << i;
  }
}

// One request of rows, all of one sample.
KeyedOutcome Send(Windows* windows, KeyKind kind, const std::vector<Hash128>& keys,
                  const std::vector<Sample>& samples) {
  std::vector<KeyedRow> rows;
  for (uint32_t i = 0; i < keys.size(); ++i) {
    rows.push_back({.key = keys[i], .begin = i, .end = i + 1});
  }
  KeyedOutcome outcome;
  windows->FindKeyed(kind, rows, &outcome);
  windows->AppendKeyed(kind, rows, {samples, {}}, {.now = kNow}, &outcome);
  return outcome;
}

TEST(KeyedAppend, AKeyIsLearnedWithTheLabels) {
  Windows windows({.seed = 4});
  const Hash128 key{11, 12};
  KeyedOutcome outcome = Send(&windows, KeyKind::kSender, {key}, {{kNow, 1}});
  EXPECT_THAT(outcome.unknown, ElementsAre(0U));
  const std::vector<Sample> first = {{kNow, 1}};
  EXPECT_EQ(AppendRow(&windows, {.labels = kUp, .samples = first, .key = key}, kNow).new_series,
            1U);
  outcome = Send(&windows, KeyKind::kSender, {{9, 9}, key, key, key},
                 {{kNow, 5}, {kNow + 1, 2}, {kNow + 2, 3}, {kNow + 2, 4}});
  EXPECT_THAT(outcome.unknown, ElementsAre(0U));
  EXPECT_EQ(outcome.counts.accepted, 2U);
  EXPECT_EQ(outcome.counts.duplicate, 1U);
  ASSERT_EQ(outcome.refused.size(), 1U);
  EXPECT_EQ(outcome.refused[0].row, 3U);
  EXPECT_THAT(Values(windows, "up"), ElementsAre(1, 2, 3));
  // By identity, without any learning; and by the sender's new way to write it.
  outcome = Send(&windows, KeyKind::kIdentity, {IdentityOf(kUp, 4)}, {{kNow + 3, 4}});
  EXPECT_EQ(outcome.counts.accepted, 1U);
  const Hash128 other{21, 22};
  const std::vector<Sample> fifth = {{kNow + 4, 5}};
  EXPECT_EQ(AppendRow(&windows, {.labels = kUp, .samples = fifth, .key = other}, kNow).new_series,
            0U);
  EXPECT_THAT(Send(&windows, KeyKind::kSender, {key}, {{kNow + 5, 6}}).unknown, ElementsAre(0U));
  EXPECT_THAT(Send(&windows, KeyKind::kSender, {other}, {{kNow + 5, 6}}).unknown, IsEmpty());
  EXPECT_THAT(Values(windows, "up"), ElementsAre(1, 2, 3, 4, 5, 6));
}

// A series is itself whoever made it: under a sender's key (its identity is not kept then), without
// one, by a rule, twice in one request.
TEST(KeyedAppend, OneLabelSetIsOneSeriesHoweverItIsNamed) {
  struct Case {
    const char* what;
    bool has_key;
    bool by_rule;
  };
  for (const Case& one : {Case{"a sender's key", true, false}, Case{"its identity", false, false},
                          Case{"a rule", false, true}}) {
    SCOPED_TRACE(one.what);
    Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 4});
    const Hash128 identity = IdentityOf(kUp, 4);
    const Hash128 key = one.has_key ? Hash128{11, 12} : Hash128();
    const std::vector<Sample> samples = {{kNow - 3, 1}, {kNow - 2, 2}};
    if (one.by_rule) {
      windows.Append(kUp, samples, Origin::kLocal, kNow);
      windows.Append(kDown, samples, Origin::kLocal, kNow);
    } else {
      const LabeledRow rows[] = {
          {.labels = kUp, .samples = std::span(samples).first(1), .key = key},
          {.labels = kDown, .samples = samples},
          {.labels = kUp, .samples = std::span(samples).last(1), .key = key}};
      std::vector<AppendCounts> counts;
      windows.AppendLabeled(rows, kNow, kNoSender, &counts);
      EXPECT_EQ(counts[0].new_series, 1U);
      EXPECT_EQ(counts[2].new_series, 0U);
    }
    EXPECT_EQ(windows.Stats().series, 2U);
    EXPECT_TRUE(windows.Has(identity));
    EXPECT_FALSE(windows.Has({identity.low, 1}));  // the same tag
    for (int i = 0; i < 2; ++i) {
      const KeyedOutcome outcome =
          Send(&windows, KeyKind::kIdentity, {{identity.low, 1}, identity}, {{kNow, 1}, {kNow, 7}});
      // What a rule writes is left to its labels.
      EXPECT_EQ(outcome.unknown.size(), one.by_rule ? 2U : 1U);
      EXPECT_EQ(outcome.ids[0], kNoSeries);
      EXPECT_NE(outcome.ids[1], kNoSeries);
    }
    EXPECT_EQ(windows.Append(kUp, samples, Origin::kRemote, kNow).new_series, 0U);
    EXPECT_EQ(Values(windows, "up").size(), one.by_rule ? 2U : 3U);
    // It goes, and its identity with it.
    const Sample later{kNow + kDay, 1};
    windows.Append(kDown, {&later, 1}, Origin::kLocal, kNow + kDay);
    windows.Expire();
    EXPECT_FALSE(windows.Has(identity));
    EXPECT_EQ(windows.Stats().series, 1U);
  }
}

// Series that were made one after the other have ids in that order, over the borders of shards.
TEST(KeyedAppend, RowsAreFoundInAnyOrder) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 4});
  constexpr uint32_t kSeries = 300;
  const auto key_of = [](uint32_t i) { return Hash128{i * 77 + 1, i * 33 + 1}; };
  const auto name_of = [](uint32_t i) { return "m" + std::to_string(i); };
  const auto append = [&](uint32_t i, Timestamp time) {
    const std::string name = name_of(i);
    const std::vector<LabelView> labels = {{"__name__", name}};
    const std::vector<Sample> samples = {{time, 1}};
    AppendRow(&windows, {.labels = labels, .samples = samples, .key = key_of(i)}, kNow);
  };
  for (uint32_t i = 0; i < kSeries; ++i) append(i, kNow - 2 * kHour);
  for (uint32_t i = 0; i < kSeries; ++i) {
    if (i % 3 != 2) append(i, kNow);  // the others go
  }
  windows.Expire();

  std::vector<uint32_t> in_order(kSeries);
  for (uint32_t i = 0; i < kSeries; ++i) in_order[i] = i;
  std::vector<uint32_t> turned(in_order.rbegin(), in_order.rend());
  std::vector<uint32_t> mixed = in_order;
  SeededRandom random(5);
  for (uint32_t i = kSeries - 1; i > 0; --i) std::swap(mixed[i], mixed[random.Next() % (i + 1)]);
  for (const auto& order : {in_order, turned, mixed}) {
    std::vector<KeyedRow> rows;
    for (const uint32_t i : order) {
      rows.push_back({.key = key_of(i)});
      if (i % 50 == 0) rows.push_back({.key = {}});  // not known, and no series' key
    }
    KeyedOutcome outcome;
    windows.FindKeyed(KeyKind::kSender, rows, &outcome);
    size_t at = 0;
    for (const uint32_t i : order) {
      EXPECT_EQ(outcome.ids[at++], i % 3 == 2 ? kNoSeries : i) << i;
      if (i % 50 == 0) {
        EXPECT_EQ(outcome.ids[at++], kNoSeries) << i;
      }
    }
  }
  // Those that come again fill the last block and then take the places that are free.
  for (uint32_t i = 0; i < kSeries; ++i) append(i, kNow + 1);
  EXPECT_EQ(windows.AllSizes().size(), 320U);
}

TEST(KeyedAppend, ASeriesThatWentIsNotFound) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 4});
  const Hash128 key{11, 12};
  const std::vector<Sample> first = {{kNow - 2 * kHour, 1}};
  AppendRow(&windows, {.labels = kUp, .samples = first, .key = key}, kNow);
  std::vector<KeyedRow> rows = {{.key = key, .begin = 0, .end = 1}};
  KeyedOutcome outcome;
  windows.FindKeyed(KeyKind::kSender, rows, &outcome);
  ASSERT_NE(outcome.ids[0], kNoSeries);
  const std::vector<Sample> now = {{kNow, 1}};
  windows.Append(kDown, now, Origin::kRemote, kNow);
  windows.Expire();
  windows.AppendKeyed(KeyKind::kSender, rows, {now, {}}, {.now = kNow}, &outcome);
  EXPECT_THAT(outcome.unknown, ElementsAre(0U));
  EXPECT_THAT(Values(windows, "up"), IsEmpty());
}

TEST(KeyedAppend, SeriesOfOurRulesAreLeftToTheirLabels) {
  Windows windows({.seed = 4});
  const Hash128 key{11, 12};
  const std::vector<Sample> first = {{kNow, 1}};
  AppendRow(&windows, {.labels = kUp, .samples = first, .key = key}, kNow);
  const std::vector<Sample> ours = {{kNow + 1, 2}};
  windows.Append(kUp, ours, Origin::kLocal, kNow);
  EXPECT_THAT(Send(&windows, KeyKind::kSender, {key}, {{kNow + 2, 3}}).unknown, ElementsAre(0U));
  EXPECT_THAT(Values(windows, "up"), ElementsAre(1, 2));
}

TEST(KnownAppend, ASeriesIsMetOnceAndFoundByItsPlace) {
  Windows windows({.seed = 4});
  KnownSeries up(Labels::FromSorted(kUp));
  KnownSeries down(Labels::FromSorted(kDown));
  for (int i = 0; i < 5; ++i) {
    const KnownSample samples[] = {{&up, 1.0 * i}, {&down, 10.0 * i}};
    const AppendCounts counts = windows.AppendKnown(samples, kNow + i);
    EXPECT_EQ(counts.accepted, 2U);
    EXPECT_EQ(counts.new_series, i == 0 ? 2U : 0U);
  }
  EXPECT_THAT(Values(windows, "up"), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(windows.Newest(), kNow + 4);
  const KnownSample again[] = {{&up, 9}};
  EXPECT_EQ(windows.AppendKnown(again, kNow + 4).duplicate, 1U);
  EXPECT_EQ(windows.Stats().local_series, 2U);
}

// A series that went is made anew, though another has its place by then.
TEST(KnownAppend, ASeriesThatWentIsMetAgain) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 4});
  KnownSeries up(Labels::FromSorted(kUp));
  const KnownSample old[] = {{&up, 1}};
  windows.AppendKnown(old, kNow - 2 * kHour);
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    const LabelView labels[] = {{"__name__", "other"}, {"i", number}};
    const Sample sample{kNow, 7};
    windows.Append(labels, {&sample, 1}, Origin::kRemote, kNow);
    if (i == 0) windows.Expire();
  }
  EXPECT_THAT(Values(windows, "up"), IsEmpty());
  const KnownSample next[] = {{&up, 2}};
  EXPECT_EQ(windows.AppendKnown(next, kNow + 1).new_series, 1U);
  EXPECT_EQ(windows.AppendKnown(next, kNow + 2).new_series, 0U);
  EXPECT_THAT(Values(windows, "up"), ElementsAre(2, 2));
  EXPECT_EQ(Values(windows, "other").size(), 300U);
}

TEST(KeyedAppend, SendersReadersAndRetentionAtOnce) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 4});
  constexpr uint32_t kSeries = 50;
  constexpr int kSteps = 200;
  std::atomic<bool> done{false};
  {
    std::vector<std::jthread> others;
    others.emplace_back([&] {
      while (!done) {
        SeriesSet set;
        EXPECT_TRUE(windows.Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
        for (const SeriesSet::Row& row : set.rows) {
          EXPECT_TRUE(std::is_sorted(set.Times(row).begin(), set.Times(row).end()));
        }
      }
    });
    others.emplace_back([&] {
      while (!done) windows.Expire();
    });
    std::vector<std::jthread> senders;
    for (uint64_t sender = 1; sender <= 2; ++sender) {
      senders.emplace_back([&windows, sender] {
        KeyedOutcome outcome;
        for (int step = 0; step < kSteps; ++step) {
          // Two minutes a step: series that miss a few steps go and come again.
          const Timestamp now = kNow + step * 2 * kMinute;
          std::vector<KeyedRow> rows;
          std::vector<Sample> samples;
          for (uint32_t i = 0; i < kSeries; ++i) {
            if (i % 5 == 0 && step % 80 > 40) continue;
            rows.push_back(
                {.key = {sender, i + 1}, .begin = static_cast<uint32_t>(samples.size())});
            samples.push_back({now, static_cast<double>(step)});
            rows.back().end = static_cast<uint32_t>(samples.size());
          }
          windows.FindKeyed(KeyKind::kSender, rows, &outcome);
          windows.AppendKeyed(KeyKind::kSender, rows, {samples, {}}, {.now = now}, &outcome);
          for (const uint32_t row : outcome.unknown) {
            const std::string id =
                std::to_string(sender) + "-" + std::to_string(rows[row].key.high);
            const std::vector<LabelView> labels = {{"__name__", "m"}, {"id", id}};
            const std::span<const Sample> all(samples);
            AppendRow(&windows,
                      {.labels = labels,
                       .samples = all.subspan(rows[row].begin, 1),
                       .key = rows[row].key},
                      now);
          }
        }
      });
    }
    senders.clear();
    done = true;
  }
  EXPECT_EQ(windows.Stats().series, 2U * kSeries);
  EXPECT_EQ(windows.Stats().damaged_chunks, 0U);
  SeriesSet set;
  ASSERT_TRUE(windows.Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  for (const SeriesSet::Row& row : set.rows) EXPECT_EQ(set.Values(row).back(), kSteps - 1);
}

TEST(LateSamples, Table) {
  struct Case {
    const char* what;
    Timestamp time;
    double value;
    uint64_t AppendCounts::* count;
    std::vector<double> values;
  };
  const Case cases[] = {
      {"between", kNow - 45'000, 9, &AppendCounts::late, {1, 9, 2, 3}},
      {"known, same", kNow - 30'000, 2, &AppendCounts::accepted, {1, 2, 3}},
      {"known, another value", kNow - 30'000, 5, &AppendCounts::duplicate, {1, 2, 3}},
      {"at the edge", kNow - 300'000, 9, &AppendCounts::late, {9, 1, 2, 3}},
      {"beyond", kNow - 300'001, 9, &AppendCounts::out_of_order, {1, 2, 3}},
  };
  for (const Case& one : cases) {
    Windows windows({.late_window = 5 * kMinute, .seed = 4});
    const std::vector<Sample> samples = {{kNow - 60'000, 1}, {kNow - 30'000, 2}, {kNow, 3}};
    windows.Append(kUp, samples, Origin::kRemote, kNow);
    const std::vector<Sample> late = {{one.time, one.value}};
    EXPECT_EQ(windows.Append(kUp, late, Origin::kRemote, kNow).*one.count, 1U) << one.what;
    EXPECT_EQ(Values(windows, "up"), one.values) << one.what;
    // A second time it is a repeat, and changes nothing.
    windows.Append(kUp, late, Origin::kRemote, kNow);
    EXPECT_EQ(Values(windows, "up"), one.values) << one.what;
  }
}

// Keeps the blocks, as chunk files do.
class Blocks final : public ChunkSink {
 public:
  Status Write(std::string_view block, Timestamp) override {
    all.emplace_back(block);
    return absl::OkStatus();
  }
  std::vector<std::string> all;
};

// Samples in random order within the window, through sealing, writing, loading and replay of all of
// them: what is read is always what was accepted, in its order.
TEST(LateSamples, RandomOrdersAgreeWithAMapAndSurviveARestart) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    const WindowsOptions options{.late_window = 5 * kMinute, .seed = 4};
    Windows windows(options);
    Blocks blocks;
    std::map<Timestamp, double> model;
    std::vector<Sample> accepted;
    for (int i = 0; i < 700; ++i) {
      const auto jitter = static_cast<Timestamp>(random.Next() % 8 == 0 ? random.Next() % 400 : 0);
      const Sample sample{kNow + i * 15'000 - jitter * 1000,
                          static_cast<double>(random.Next() % 9)};
      const AppendCounts counts =
          windows.Append(kUp, {&sample, 1}, Origin::kRemote, kNow + i * 15'000);
      if (counts.accepted == 0) continue;
      accepted.push_back(sample);
      model.emplace(sample.time, sample.value);
      if (random.Next() % 50 != 0) continue;
      windows.SealOpenedBefore(1);
      ASSERT_TRUE(windows.FlushSealed(&blocks).ok());
    }
    std::vector<double> values;
    for (const auto& [time, value] : model) values.push_back(value);
    ASSERT_EQ(Values(windows, "up"), values) << "seed " << seed;
    EXPECT_GT(windows.Stats().late_samples, 0U);

    Windows again(options);
    again.BeginReplay();
    for (const std::string& block : blocks.all) ASSERT_TRUE(again.LoadBlock(block).ok());
    for (const Sample& sample : accepted) {
      EXPECT_EQ(again.Append(kUp, {&sample, 1}, Origin::kRemote, kNow + kDay).Rejected(), 0U);
    }
    again.EndReplay();
    ASSERT_EQ(Values(again, "up"), values) << "seed " << seed << ", after a restart";
  }
}

}  // namespace
}  // namespace outrider
