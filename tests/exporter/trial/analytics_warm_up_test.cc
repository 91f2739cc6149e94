// SPDX-License-Identifier: Apache-2.0
// What a replay of history leaves in a store is what a daemon that saw the same samples live has.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "exporter/trial/analytics_backtest.h"
#include "exporter/trial/file_history.h"
#include "rules/analytics/analytics_file.h"
#include "storage/base/random.h"
#include "storage/state/memory_store.h"
#include "storage/state/row_codec.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000 / kHour * kHour;
constexpr Timestamp kEnd = kStart + 6 * kHour;
constexpr const char* kPlain = R"(entries:
- {name: robust, kind: anomaly, expr: load, detector: robust_z}
- {name: usual, kind: anomaly, expr: load}
- {name: shift, kind: anomaly, expr: load, detector: level_shift}
- {name: slope, kind: trend, expr: load, windows: [5m, 1h]}
- {name: later, kind: forecast, expr: load, threshold: 1000, model: auto}
)";
constexpr const char* kEvaluated = R"(entries:
- {name: sum, kind: anomaly, expr: sum(load), interval: 1m}
- {name: rise, kind: trend, expr: 2 * load, windows: [15m]}
)";

std::vector<Entry> Parse(const std::string& text) {
  const auto file = ParseAnalyticsFile(text, "a.yml");
  EXPECT_TRUE(file.ok()) << file.status();
  return file->entries;
}

std::vector<Hash128> Identities(const std::string& text) {
  std::vector<Hash128> all;
  for (const Entry& entry : Parse(text)) all.push_back(EntryIdentity(entry));
  return all;
}

// Some series, one of which ends, one with a hole, one that jumps.
SampleTable History(const std::string& extra = "") {
  SeededRandom random(7);
  SampleTable table;
  for (int i = 0; i < 5; ++i) {
    std::map<std::string, std::string> labels = {{"__name__", "load"},
                                                 {"instance", fmt::format("n{}", i)}};
    if (!extra.empty()) labels["cluster"] = extra;
    const size_t series = table.Find(Labels::FromMap(labels));
    for (Timestamp time = kStart + i * 1000; time <= kEnd; time += 15 * kSecond) {
      if (i == 3 && time > kStart + 3 * kHour) break;
      if (i == 4 && time > kStart + 2 * kHour && time < kStart + 4 * kHour) continue;
      const bool jump = i == 1 && time > kEnd - kHour;
      table.Add(series, {time, 10 + i + random.Unit() + (jump ? 60 : 0)});
    }
  }
  table.Sort();
  return table;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// A daemon's analytics, which sees samples as they come.
class Live {
 public:
  explicit Live(const std::string& entries)
      : engine_(Parse(entries), AnalyticsOptions(),
                {.engine = promql_,
                 .querier = windows_,
                 .table = table_,
                 .feed = &windows_,
                 .state = &store_}) {
    const SampleTable table = History();
    for (const auto& series : table.series()) {
      for (const Sample& sample : series.samples) {
        arrivals_[sample.time].emplace_back(series.labels, sample);
      }
    }
    next_ = arrivals_.begin();
  }
  // From samples behind `from` on.
  void Begin(Timestamp from) {
    next_ = arrivals_.upper_bound(from);
    engine_.Rebuild(from);
  }
  void RunTo(Timestamp from, Timestamp to) {
    for (Timestamp now = from; now <= to; now += 15 * kSecond) {
      for (; next_ != arrivals_.end() && next_->first <= now; ++next_) {
        for (const auto& [labels, sample] : next_->second) {
          windows_.Append(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                          Origin::kRemote, now);
        }
      }
      engine_.Run(now);
      onsets_ += Onsets();
      table_.Flush(windows_, now);
      EXPECT_TRUE(engine_.Checkpoint(now).ok());
    }
  }
  std::map<std::string, std::string> States(Timestamp now) {
    EXPECT_TRUE(engine_.Checkpoint(now, AnalyticsEngine::Part::kAll).ok());
    return Rows(store_);
  }
  static std::map<std::string, std::string> Rows(const StateStore& store) {
    std::map<std::string, std::string> rows;
    EXPECT_TRUE(store
                    .Scan(Family::kAnalytics, "", "",
                          [&](const Row& row) {
                            if (row.key.size() != 32) return true;
                            const Hash128 value = HashBytes128(row.value);
                            rows[Hex(row.key)] = fmt::format(
                                "{} bytes until {} s: {:x}", row.value.size(),
                                (static_cast<Timestamp>(ReadBigEndian64(row.value)) - kStart) /
                                    1000,
                                value.low);
                            return true;
                          })
                    .ok());
    return rows;
  }
  AnalyticsEngine& engine() { return engine_; }
  int onsets() const { return onsets_; }

 private:
  int Onsets() const {
    int onsets = 0;
    for (const DerivedFamily& family : table_.Snapshot()) {
      if (family.metric->name != "outrider_anomaly_onset_score") continue;
      for (const DerivedSeries& series : family.series) onsets += series.value >= 1 ? 1 : 0;
    }
    return onsets;
  }

  FakeClock clock_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  Windows windows_{WindowsOptions()};
  DerivedTable table_;
  MemoryStore store_;
  AnalyticsEngine engine_;
  std::map<Timestamp, std::vector<std::pair<Labels, Sample>>> arrivals_;
  decltype(arrivals_)::iterator next_;
  int onsets_ = 0;
};

void Replay(const std::string& entries, Timestamp from, Timestamp to, StateStore* state,
            AnalyticsBacktestOptions options = {}, SampleTable table = History()) {
  FileHistory source(std::move(table));
  const FakeClock clock;
  options.start = from;
  options.end = to;
  options.piece = kHour;
  options.judged = false;
  options.state = state;
  const auto result = RunAnalyticsBacktest(Parse(entries), options, source, clock,
                                           [](const BacktestProgress&) {}, {});
  ASSERT_TRUE(result.ok()) << result.status();
}

struct Case {
  const char* name;
  const char* entries;
  DurationMs run_every;
};

class WarmUpState : public testing::TestWithParam<Case> {
 protected:
  AnalyticsBacktestOptions Options() const {
    AnalyticsBacktestOptions options;
    options.run_every = GetParam().run_every;
    return options;
  }
};

TEST_P(WarmUpState, IsThatOfADaemonThatSawTheSame) {
  Live live(GetParam().entries);
  live.RunTo(kStart, kEnd);
  const auto wanted = live.States(kEnd);
  MemoryStore at_once;
  Replay(GetParam().entries, kStart, kEnd, &at_once, Options());
  EXPECT_EQ(Live::Rows(at_once), wanted);
  MemoryStore in_two;
  const Timestamp middle = kStart + 4 * kHour + 10 * kMinute;
  Replay(GetParam().entries, kStart, middle, &in_two, Options());
  Replay(GetParam().entries, middle, kEnd, &in_two, Options());
  EXPECT_EQ(Live::Rows(in_two), wanted);
}

// A daemon that began half an hour ago takes over what the replay learnt until five minutes ago.
TEST_P(WarmUpState, ARunningEngineGoesOnFromIt) {
  Live always(GetParam().entries);
  always.RunTo(kStart, kEnd);
  Live fresh(GetParam().entries);
  const Timestamp begun = kEnd - 50 * kMinute;
  fresh.Begin(begun);
  fresh.RunTo(begun, kEnd - 20 * kMinute);
  MemoryStore replayed;
  Replay(GetParam().entries, kStart, kEnd - 26 * kMinute, &replayed, Options());
  const int before = fresh.onsets();
  ASSERT_TRUE(
      fresh.engine().Adopt(replayed, Identities(GetParam().entries), kEnd - 20 * kMinute).ok());
  fresh.RunTo(kEnd - 20 * kMinute + 15 * kSecond, kEnd);
  EXPECT_EQ(fresh.onsets(), before) << "the jump was an hour ago: nothing of it is told";
  auto wanted = always.States(kEnd);
  auto states = fresh.States(kEnd);
  EXPECT_EQ(states.size(), wanted.size());
  EXPECT_EQ(states, wanted);
}

INSTANTIATE_TEST_SUITE_P(Cases, WarmUpState,
                         testing::Values(Case{"plain", kPlain, 0},
                                         Case{"plain_seldom", kPlain, 2 * kMinute},
                                         Case{"evaluated", kEvaluated, 0}),
                         [](const auto& test) { return test.param.name; });

TEST(WarmUpLabels, AreAddedToWhatComesWithout) {
  const std::string entries = "entries:\n- {name: a, kind: anomaly, expr: 'load{cluster=\"x\"}'}\n";
  MemoryStore wanted;
  Replay(entries, kStart, kEnd, &wanted, {}, History("x"));
  ASSERT_EQ(Live::Rows(wanted).size(), 5U);
  AnalyticsBacktestOptions options;
  options.add_labels = {{"cluster", "x"}};
  MemoryStore added;
  Replay(entries, kStart, kEnd, &added, options);
  EXPECT_EQ(Live::Rows(added), Live::Rows(wanted));
  options.add_labels = {{"cluster", "y"}};
  MemoryStore other;
  Replay(entries, kStart, kEnd, &other, options);
  EXPECT_TRUE(Live::Rows(other).empty());
}

}  // namespace
}  // namespace outrider
