// SPDX-License-Identifier: Apache-2.0
// Native histograms and start times in the windows, beside floats of the same series.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <variant>

#include "storage/base/random.h"
#include "storage/window/windows.h"
#include "tests/support/append_row.h"
#include "tests/support/random_histogram.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'800'000'000'000;
const std::vector<LabelView> kName = {{"__name__", "h"}};

SeriesSet ReadAll(const Windows& windows) {
  SeriesSet set;
  set.want_histograms = true;
  set.want_starts = true;
  const Matcher matcher = Matcher::Equal("__name__", "h");
  EXPECT_TRUE(windows.Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  return set;
}

NativeHistogram Counted(double count) {
  NativeHistogram histogram;
  histogram.zero_threshold = 0x1p-128;
  histogram.zero_count = histogram.count = count;
  return histogram;
}

struct Step {
  Timestamp time;
  std::variant<double, NativeHistogram> value;
  const char* verdict;
};

std::string VerdictOf(const AppendCounts& counts) {
  if (counts.late > 0) return "late";
  if (counts.accepted > 0) return "accepted";
  if (counts.duplicate > 0) return "duplicate";
  if (counts.out_of_order > 0) return "out of order";
  if (counts.too_far_ahead > 0) return "too far ahead";
  return counts.too_old > 0 ? "too old" : "nothing";
}

AppendCounts Append(Windows* windows, Timestamp time,
                    const std::variant<double, NativeHistogram>& value, Timestamp start = 0) {
  if (const auto* number = std::get_if<double>(&value)) {
    const Sample sample{time, *number};
    return AppendRow(windows, {.labels = kName, .samples = {&sample, 1}, .starts = {&start, 1}},
                     time);
  }
  const HistogramSample sample{time, std::get<NativeHistogram>(value)};
  return windows->AppendHistograms(kName, {&sample, 1}, {&start, 1}, Origin::kRemote, kNow);
}

TEST(WindowsHistogram, Verdicts) {
  const Step steps[] = {
      {kNow, Counted(1), "accepted"},
      {kNow, Counted(1), "accepted"},
      {kNow, Counted(2), "duplicate"},
      {kNow, 7.0, "duplicate"},
      {kNow + 1000, 7.0, "accepted"},
      {kNow + 1000, Counted(3), "duplicate"},
      {kNow + 2000, Counted(3), "accepted"},
      {kNow + 500, Counted(4), "late"},
      {kNow + 500, Counted(4), "accepted"},
      {kNow + 500, Counted(5), "duplicate"},
      {kNow + 500, 5.0, "duplicate"},
      {kNow + 600, 5.0, "late"},
      {kNow + 600, Counted(5), "duplicate"},
      {kNow - 4 * kMinute, Counted(6), "late"},
      {kNow - 6 * kMinute, Counted(6), "out of order"},
      {kNow + 3000, StaleHistogram(), "accepted"},
      {kNow + 3000, StaleHistogram(), "accepted"},
      {kNow + kHour, Counted(7), "too far ahead"},
  };
  Windows windows({.late_window = 5 * kMinute, .seed = 1});
  for (const Step& step : steps) {
    EXPECT_EQ(VerdictOf(Append(&windows, step.time, step.value)), step.verdict) << &step - steps;
  }
  const SeriesSet set = ReadAll(windows);
  ASSERT_EQ(set.rows.size(), 1U);
  EXPECT_THAT(set.times, testing::ElementsAre(kNow + 600, kNow + 1000));
  std::vector<Timestamp> times;
  for (const HistogramSample& sample : set.histograms) times.push_back(sample.time);
  EXPECT_THAT(times,
              testing::ElementsAre(kNow - 4 * kMinute, kNow, kNow + 500, kNow + 2000, kNow + 3000));
  EXPECT_TRUE(IsStale(set.histograms.back().histogram));
  EXPECT_EQ(windows.Stats().histograms, 5U);
  EXPECT_EQ(windows.Stats().samples, 7U);
}

TEST(WindowsHistogram, FloatReadersDoNotSeeThem) {
  Windows windows({.seed = 1});
  Append(&windows, kNow, Counted(1));
  SeriesSet set;
  const Matcher matcher = Matcher::Equal("__name__", "h");
  ASSERT_TRUE(windows.Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  EXPECT_TRUE(set.rows.empty());
  EXPECT_EQ(windows.SelectLabels({&matcher, 1}, 0, INT64_MAX)->size(), 1U);
}

TEST(WindowsHistogram, RetentionTakesThemAndTheirSeries) {
  Windows windows({.retention = kHour, .unreferenced_retention = kHour, .seed = 1});
  Append(&windows, kNow, Counted(1));
  const Sample later{kNow + 3 * kHour, 1};
  const std::vector<LabelView> other = {{"__name__", "other"}};
  windows.Append(other, {&later, 1}, Origin::kRemote, later.time);
  windows.Expire();
  EXPECT_EQ(windows.Stats().series, 1U);
  EXPECT_TRUE(ReadAll(windows).rows.empty());
}

TEST(WindowsHistogram, WithNothingToKeepOnlyTheNewestTimeIsKnown) {
  Windows windows({.unreferenced_retention = 0, .seed = 1});
  EXPECT_EQ(VerdictOf(Append(&windows, kNow, Counted(1))), "accepted");
  EXPECT_EQ(VerdictOf(Append(&windows, kNow - 1000, Counted(1))), "out of order");
  EXPECT_TRUE(ReadAll(windows).rows.empty());
  EXPECT_EQ(windows.Stats().samples, 0U);
}

TEST(WindowsHistogram, StartTimesAreRuns) {
  Windows windows({.seed = 1});
  const std::pair<Timestamp, Timestamp> samples[] = {
      {kNow, 0}, {kNow + 1, 100}, {kNow + 2, 100}, {kNow + 3, 200}, {kNow + 4, 0}, {kNow + 5, 200}};
  for (const auto& [time, start] : samples) Append(&windows, time, 1.0, start);
  EXPECT_THAT(ReadAll(windows).starts,
              testing::ElementsAre(StartRun{kNow + 1, 100}, StartRun{kNow + 3, 200},
                                   StartRun{kNow + 4, 0}, StartRun{kNow + 5, 200}));
  SeriesSet set;
  set.want_starts = true;
  const Matcher matcher = Matcher::Equal("__name__", "h");
  ASSERT_TRUE(windows.Select({&matcher, 1}, kNow + 2, kNow + 3, SIZE_MAX, &set).ok());
  EXPECT_THAT(set.starts, testing::ElementsAre(StartRun{kNow + 2, 100}, StartRun{kNow + 3, 200}));
}

class Blocks final : public ChunkSink {
 public:
  Status Write(std::string_view block, Timestamp /*newest*/) override {
    all.emplace_back(block);
    return absl::OkStatus();
  }
  std::vector<std::string> all;
};

// What was accepted, in the order of acceptance.
struct Accepted {
  Timestamp time;
  std::variant<double, NativeHistogram> value;
  Timestamp start;
};

class Model {
 public:
  void Add(const Accepted& one) {
    if (const auto* number = std::get_if<double>(&one.value)) {
      floats_.emplace(one.time, *number);
    } else {
      histograms_.emplace(one.time, std::get<NativeHistogram>(one.value));
    }
  }
  void Expect(const Windows& windows, uint64_t seed) const {
    const SeriesSet set = ReadAll(windows);
    std::map<Timestamp, double> floats;
    for (size_t i = 0; i < set.times.size(); ++i) floats.emplace(set.times[i], set.values[i]);
    EXPECT_EQ(floats, floats_) << "seed " << seed;
    ASSERT_EQ(set.histograms.size(), histograms_.size()) << "seed " << seed;
    size_t i = 0;
    for (const auto& [time, histogram] : histograms_) {
      ASSERT_EQ(set.histograms[i].time, time) << "seed " << seed;
      ASSERT_TRUE(SameBits(set.histograms[i].histogram, histogram)) << "seed " << seed;
      ++i;
    }
  }

 private:
  std::map<Timestamp, double> floats_;
  std::map<Timestamp, NativeHistogram> histograms_;
};

// Floats and histograms by turns, late and on time, through sealing, writing, loading and replay of
// all of them.
TEST(WindowsHistogram, RandomMixesSurviveARestart) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    const WindowsOptions options{.late_window = 5 * kMinute, .seed = 4};
    Windows windows(options);
    Blocks blocks;
    Model model;
    std::vector<Accepted> accepted;
    NativeHistogram histogram = RandomHistogram(random, HistogramKind::kInteger);
    Timestamp start = kNow - kHour;
    for (int i = 0; i < 600; ++i) {
      const Timestamp jitter = random.Next() % 8 == 0 ? random.Next() % 400 * 1000 : 0;
      if (random.Next() % 100 == 0) {
        histogram = RandomHistogram(random, static_cast<HistogramKind>(random.Next() % 4));
        start += kMinute;
      }
      StepHistogram(random, &histogram);
      Accepted one{.time = kNow + i * 1000 - jitter, .value = 1.0 * i, .start = start};
      if (random.Next() % 4 != 0) one.value = histogram;
      if (Append(&windows, one.time, one.value, one.start).accepted == 0) continue;
      accepted.push_back(one);
      model.Add(one);
      if (random.Next() % 50 != 0) continue;
      windows.SealOpenedBefore(1);
      ASSERT_TRUE(windows.FlushSealed(&blocks).ok());
    }
    model.Expect(windows, seed);
    const std::vector<StartRun> starts = ReadAll(windows).starts;

    Windows again(options);
    again.BeginReplay();
    for (const std::string& block : blocks.all) ASSERT_TRUE(again.LoadBlock(block).ok());
    for (const Accepted& one : accepted) {
      EXPECT_EQ(Append(&again, one.time, one.value, one.start).Rejected(), 0U);
    }
    again.EndReplay();
    model.Expect(again, seed);
    EXPECT_EQ(ReadAll(again).starts, starts) << "seed " << seed;
  }
}

}  // namespace
}  // namespace outrider
