// SPDX-License-Identifier: Apache-2.0
// Analytics back-tests against the same entries run live, while samples arrive.
#include "exporter/trial/analytics_backtest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "exporter/trial/analytics_report.h"
#include "exporter/trial/file_history.h"
#include "rules/analytics/analytics_file.h"
#include "storage/base/random.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000 / kHour * kHour;
constexpr DurationMs kLength = 5 * kHour + 7 * kMinute;
constexpr const char* kEntries = R"(entries:
- {name: load, kind: anomaly, expr: load, detector: robust_z}
- {name: usual, kind: anomaly, expr: load}
- {name: sum, kind: anomaly, expr: sum(load), interval: 1m, detector: robust_z}
- {name: slope, kind: trend, expr: load, windows: [5m, 1h]}
- {name: later, kind: forecast, expr: load, threshold: 1000}
- {name: watch, kind: anomaly, expr: 'outrider_trend_slope{window="5m"}', detector: robust_z}
)";

std::vector<Entry> Entries(const std::string& text = kEntries) {
  const auto file = ParseAnalyticsFile(text, "a.yml");
  EXPECT_TRUE(file.ok()) << file.status();
  return file->entries;
}

SampleTable History() {
  SeededRandom random(5);
  SampleTable table;
  for (int i = 0; i < 4; ++i) {
    const size_t series =
        table.Find(Labels({{"__name__", "load"}, {"instance", fmt::format("n{}", i)}}));
    for (Timestamp time = kStart + i * 1000; time < kStart + kLength; time += 15 * kSecond) {
      const bool spike = i == 1 && (time - kStart) / kMinute % 90 == 70;
      table.Add(series, {time, 10 + i + random.Unit() + (spike ? 60 : 0)});
    }
  }
  table.Sort();
  return table;
}

AnalyticsBacktestOptions Options(DurationMs piece) {
  AnalyticsBacktestOptions options;
  options.start = kStart;
  options.end = kStart + kLength;
  options.piece = piece;
  return options;
}

AnalyticsBacktestResult Backtest(DurationMs piece) {
  FileHistory source(History());
  const FakeClock clock;
  auto result = RunAnalyticsBacktest(Entries(), Options(piece), source, clock,
                                     [](const BacktestProgress&) {}, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

std::string Describe(const AnalyticsBacktestResult& result) {
  std::string text;
  for (const AnalyticsEntryOutcome& outcome : result.entries) {
    text += fmt::format("{} {} {}\n", outcome.status.name, outcome.status.series,
                        outcome.status.samples);
    for (const AnomalyTrack& track : outcome.tracks) {
      text += fmt::format("  {} {}\n", track.labels.ToString(), track.state);
      for (const AnomalyEpisode& episode : track.episodes) {
        text += fmt::format("    {} {} {} {}\n", episode.begin - kStart, episode.end - kStart,
                            episode.peak_state, episode.peak_onset);
      }
    }
    for (const DerivedValue& value : outcome.last) {
      text += fmt::format("  {} {}\n", value.labels.ToString(), value.value);
    }
  }
  return text;
}

TEST(AnalyticsBacktest, SaysWhatTheDaemonWouldHaveSaid) {
  const AnalyticsBacktestResult result = Backtest(4 * kHour);

  const SampleTable table = History();
  std::map<Timestamp, std::vector<std::pair<Labels, Sample>>> arrivals;
  for (const auto& series : table.series()) {
    for (const Sample& sample : series.samples) {
      arrivals[sample.time].emplace_back(series.labels, sample);
    }
  }
  FakeClock clock;
  const promql::Engine promql(promql::EngineOptions(), clock);
  Windows windows({});
  DerivedTable derived;
  AnalyticsEngine engine(
      Entries(), AnalyticsOptions(),
      {.engine = promql, .querier = windows, .table = derived, .feed = &windows});
  AnomalyTracks tracks;
  auto next = arrivals.begin();
  for (Timestamp now = kStart; now <= kStart + kLength; now += 15 * kSecond) {
    for (; next != arrivals.end() && next->first <= now; ++next) {
      for (const auto& [labels, sample] : next->second) {
        windows.Append(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                       Origin::kRemote, now);
      }
    }
    engine.Run(now);
    tracks.Take(derived.Snapshot(), now);
    derived.Flush(windows, now);
  }
  AnalyticsBacktestResult live;
  const std::vector<AnomalyTrack> all = tracks.Finish();
  for (EntryStatus& status : engine.Entries()) {
    AnalyticsEntryOutcome& outcome = live.entries.emplace_back();
    outcome.status = status;
    for (const AnomalyTrack& track : all) {
      if (status.kind == EntryKind::kAnomaly && track.labels.Get("entry") == status.name) {
        outcome.tracks.push_back(track);
      }
    }
    outcome.last = result.entries[live.entries.size() - 1].last;  // compared below
  }
  EXPECT_EQ(Describe(result), Describe(live));
  std::map<Labels, double> said;
  for (const AnalyticsEntryOutcome& outcome : result.entries) {
    for (const DerivedValue& value : outcome.last) said[value.labels] = value.value;
  }
  EXPECT_EQ(said.size(), 4U * (2 * 3 + 6))
      << "trends of two windows, forecasts with their intervals";
  for (const DerivedFamily& family : derived.Snapshot()) {
    if (family.metric->name.starts_with("outrider_anomaly_")) continue;
    for (const DerivedSeries& series : family.series) {
      ASSERT_TRUE(said.contains(*series.labels)) << series.labels->ToString();
      EXPECT_EQ(said[*series.labels], series.value) << series.labels->ToString();
    }
  }
}

TEST(AnalyticsBacktest, PiecesMakeNoDifference) {
  const std::string whole = Describe(Backtest(kDay));
  EXPECT_EQ(Describe(Backtest(37 * kMinute)), whole);
  EXPECT_EQ(Describe(Backtest(4 * kHour)), whole);
}

TEST(AnalyticsBacktest, FindsTheSpikes) {
  const AnalyticsBacktestResult result = Backtest(4 * kHour);
  ASSERT_EQ(result.entries.size(), 6U);
  for (const AnomalyTrack& track : result.entries[0].tracks) {
    const size_t expected = track.labels.Get("instance") == "n1" ? 3 : 0;
    EXPECT_EQ(track.episodes.size(), expected) << track.labels.ToString();
  }
  EXPECT_EQ(result.entries[3].last.size(), 4U * 2 * 3);
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(result.samples, 4U * 1228);
  const AnomalyTotals totals = TotalsOf(result.entries[0], result.end);
  EXPECT_EQ(totals.series, 4U);
  EXPECT_EQ(totals.anomalous, 1U);
  const std::string json = AnalyticsReportJson(result);
  EXPECT_THAT(json, testing::HasSubstr("\"name\":\"load\",\"kind\":\"anomaly\""));
  EXPECT_THAT(json, testing::HasSubstr("\"complete\":true"));
}

TEST(AnalyticsBacktest, RefusesWhatCannotBeTried) {
  FileHistory source(History());
  const FakeClock clock;
  const auto run = [&](const std::string& entries) {
    return RunAnalyticsBacktest(Entries(entries), Options(kHour), source, clock,
                                [](const BacktestProgress&) {}, {})
        .status();
  };
  EXPECT_THAT(Message(run("entries:\n- {name: a, kind: trend, expr: 'sum('}\n")),
              testing::HasSubstr("a.yml:2:"));
  EXPECT_THAT(Message(run("entries:\n- {name: a, kind: trend, expr: load @ 5}\n")),
              testing::HasSubstr("fixed time"));
  EXPECT_THAT(Message(run("entries: []\n")), testing::HasSubstr("objectives are not replayed"));
}

TEST(AnalyticsBacktest, AStopGivesWhatWasFound) {
  FileHistory source(History());
  const FakeClock clock;
  std::stop_source stop;
  const auto result = RunAnalyticsBacktest(
      Entries(), Options(kHour), source, clock,
      [&](const BacktestProgress& progress) {
        if (progress.reached > kStart + 2 * kHour) stop.request_stop();
      },
      stop.get_token());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stopped);
  EXPECT_LT(result->end, kStart + 4 * kHour);
  EXPECT_GT(result->end, kStart);
  EXPECT_GT(result->entries[0].tracks.size(), 0U);
}

// Requests a stop after it was asked so often: in the middle of a stretch of history.
class StoppingClock final : public Clock {
 public:
  StoppingClock(std::stop_source stop, int after) : stop_(std::move(stop)), left_(after) {}
  Nanos NowNanos() const override { return 0; }
  int64_t MonotonicNanos() const override {
    if (--left_ == 0) stop_.request_stop();
    return 0;
  }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos /*deadline*/, std::stop_token /*stop*/) const override { return true; }

 private:
  mutable std::stop_source stop_;
  mutable int left_;
};

TEST(AnalyticsBacktest, AStopInTheMiddleEndsWhereItGot) {
  FileHistory source(History());
  std::stop_source stop;
  const StoppingClock clock(stop, 800);
  AnalyticsBacktestOptions options = Options(kDay);  // all in one stretch
  const auto result = RunAnalyticsBacktest(
      Entries(), options, source, clock, [](const BacktestProgress&) {}, stop.get_token());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stopped);
  EXPECT_GT(result->end, kStart);
  EXPECT_LT(result->end, kStart + kLength);
  size_t episodes = 0;
  for (const AnalyticsEntryOutcome& outcome : result->entries) {
    for (const AnomalyTrack& track : outcome.tracks) {
      EXPECT_GE(AnomalousTime(track, result->end), 0);
      for (const AnomalyEpisode& episode : track.episodes) {
        ++episodes;
        EXPECT_LE(episode.begin, result->end);
        EXPECT_LE(episode.end, result->end);
      }
    }
  }
  EXPECT_GT(episodes, 0U);
}

}  // namespace
}  // namespace outrider
