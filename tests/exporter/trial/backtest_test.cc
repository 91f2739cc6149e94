// SPDX-License-Identifier: Apache-2.0
// Back-tests against the same rules run live: groups of rules/alerting, evaluated in the order of
// time while samples arrive, which knows nothing of pieces, stages and answers asked for ahead.
#include "exporter/trial/backtest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "exporter/trial/file_history.h"
#include "rules/alerting/group.h"
#include "rules/rulefile/rule_file.h"
#include "storage/base/random.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000 / kHour * kHour;
constexpr DurationMs kLength = 7 * kHour + 13 * kMinute;

// Gauges and counters of a few instances, with gaps, resets, an end and stale markers.
SampleTable RandomHistory(uint64_t seed) {
  SeededRandom random(seed);
  SampleTable table;
  for (const std::string name : {"gauge", "requests_total", "up"}) {
    for (const std::string instance : {"a", "b", "c", "d"}) {
      const size_t series =
          table.Find(Labels({{"__name__", name}, {"instance", instance}, {"job", "j"}}));
      double value = 50;
      DurationMs step = 15 * kSecond;
      for (Timestamp time = kStart - 2 * kHour + static_cast<Timestamp>(random.Next() % 15000);
           time < kStart + kLength; time += step) {
        if (random.Unit() < 0.004) {
          if (random.Unit() < 0.5) table.Add(series, {time, StaleNan()});
          time += static_cast<Timestamp>(random.Next() % (20 * kMinute));
        }
        if (name == "up") {
          if (random.Unit() < 0.03) value = value == 1 ? 0 : 1;
          table.Add(series, {time, value == 0 ? 0.0 : 1.0});
        } else if (name == "gauge") {
          value += random.Unit() * 20 - 10 - (value - 50) * 0.05;
          table.Add(series, {time, std::floor(value)});
        } else {
          value = random.Unit() < 0.002 ? 0 : value + std::floor(random.Unit() * 40);
          table.Add(series, {time, value});
        }
      }
    }
  }
  return table;
}

constexpr const char* kRules = R"yaml(
groups:
- name: records
  interval: 30s
  rules:
  - {record: "job:rate", expr: "sum by (job) (rate(requests_total[5m]))"}
  - {record: "late:max", expr: "max(after:avg) + 1"}
  - {record: "after:avg", expr: "avg by (instance) (gauge)"}
  - {record: "one", expr: "scalar(count(up))"}
- name: alerts
  interval: 45s
  rules:
  - {alert: Down, expr: "up == 0", for: 2m, labels: {severity: page, v: "{{ $value }}"}}
  - {alert: High, expr: "gauge > 55", for: 1m, keep_firing_for: 2m, annotations: {s: "{{ $value }}"}}
  - {alert: Rate, expr: "job:rate > 5.4", for: 90s}
  - {alert: Late, expr: "late:max > 60"}
  - {alert: Both, expr: "count(ALERTS{alertname=\"Down\",alertstate=\"firing\"}) > 1"}
  - {alert: Quiet, expr: "absent(up{instance=\"a\"})"}
  - {alert: Sub, expr: "max_over_time(avg by (job) (gauge)[10m:1m]) > 58", for: 5m}
  - {alert: Future, expr: "gauge offset -5m > 55"}
  - {alert: Clash, expr: "label_replace(up == 0, \"instance\", \"x\", \"\", \"\")"}
  - {alert: Text, expr: "up == 0", annotations: {s: "{{ with query \"one\" }}{{ . | first | value }}{{ end }}"}}
- name: offset
  interval: 1m
  query_offset: 90s
  rules:
  - {record: "behind", expr: "sum(up)"}
  - {alert: Behind, expr: "changes(one[10m]) > 0"}
- name: behind
  interval: 1m
  limit: 2
  rules:
  - {alert: Few, expr: "behind < 3", for: 1m}
  - {alert: Limit, expr: "gauge > 56"}
  - {alert: Self, expr: "up == 0 unless ignoring(alertname, alertstate) ALERTS{alertname=\"Self\"}"}
)yaml";

std::vector<RuleGroup> Groups(std::string_view yaml) {
  const auto file = ParseRuleFile(yaml, "rules.yml");
  EXPECT_TRUE(file.ok()) << Message(file.status());
  return file->groups;
}

std::string Describe(const std::string& rule, const std::vector<AlertTrack>& tracks) {
  std::string text;
  for (const AlertTrack& track : tracks) {
    text += fmt::format("{} {}:", rule, track.labels.ToString());
    for (const ActiveRun& run : track.runs) {
      text += fmt::format(" {}-{}{}", (run.first - kStart) / kSecond, (run.last - kStart) / kSecond,
                          run.open ? "+" : "");
    }
    for (const Firing& firing : track.firings) {
      const Timestamp to = firing.resolved_at == 0 ? 0 : (firing.resolved_at - kStart) / kSecond;
      text +=
          fmt::format(" fires {}-{} at {}", (firing.fired_at - kStart) / kSecond, to, firing.value);
      for (const auto& [name, value] : firing.annotations)
        text += fmt::format(" {}={}", name, value);
    }
    text += "\n";
  }
  return text;
}

// The same live. Groups that are due together go in the order of the file.
std::string Live(const SampleTable& table, std::string_view yaml) {
  FakeClock clock;
  Windows windows({.retention = 30 * kHour, .unreferenced_retention = 30 * kHour});
  const promql::Engine engine({}, clock);
  ToldAlertsSink sink;
  ForgetfulStore store;
  RuleWorkshop workshop(
      {.query = [&](const promql::Expression& expression,
                    Timestamp ts) { return engine.Instant(expression, windows, ts); },
       .querier = windows,
       .lookback = engine.options().lookback,
       .appender = windows,
       .sink = sink,
       .store = store,
       .clock = clock},
      /*share_from=*/0);
  struct Live {
    std::unique_ptr<Group> group;
    std::vector<AlertRecorder> recorders;
  };
  std::vector<Live> groups;
  for (const RuleGroup& group : Groups(yaml)) {
    Live live;
    live.group = std::make_unique<Group>(group, RuleContext(), workshop);
    live.recorders.resize(group.rules.size());
    groups.push_back(std::move(live));
  }
  std::vector<size_t> next(table.series().size(), 0);
  for (Timestamp now = kStart; now <= kStart + kLength; now += kSecond) {
    for (size_t s = 0; s < table.series().size(); ++s) {
      const auto& series = table.series()[s];
      const std::vector<LabelView> labels(series.labels.begin(), series.labels.end());
      for (; next[s] < series.samples.size() && series.samples[next[s]].time <= now; ++next[s]) {
        windows.Append(labels, {&series.samples[next[s]], 1}, Origin::kRemote, now);
      }
    }
    for (Live& live : groups) {
      if (now % live.group->interval() != 0) continue;
      live.group->Evaluate(now, 0);
      const auto view = live.group->View();
      for (size_t r = 0; r < view->rules.size(); ++r) {
        live.recorders[r].Observe(view->rules[r].alerts, now);
      }
    }
  }
  std::string text;
  for (Live& live : groups) {
    for (size_t r = 0; r < live.recorders.size(); ++r) {
      text += Describe(live.group->spec().rules[r].name, live.recorders[r].Finish());
    }
  }
  return text;
}

BacktestOptions Options() {
  BacktestOptions options;
  options.start = kStart;
  options.end = kStart + kLength;
  options.piece = 2 * kHour;
  return options;
}

BacktestSeams SeamsOf(FileHistory& history, const Clock& clock) {
  return {history, clock, [](const BacktestProgress&) {},
          [](const ToldAlerts&) { return absl::OkStatus(); }};
}

StatusOr<BacktestResult> Try(const SampleTable& table, std::string_view yaml,
                             const BacktestOptions& options) {
  FakeClock clock;
  FileHistory history{SampleTable(table)};
  return RunBacktest(Groups(yaml), options, SeamsOf(history, clock), {});
}

std::string Describe(const BacktestResult& result) {
  std::string text;
  for (const RuleOutcome& rule : result.rules) text += Describe(rule.rule.name, rule.tracks);
  return text;
}

TEST(Backtest, GivesWhatLiveRulesDid) {
  for (const uint64_t seed : {1, 2, 3}) {
    SampleTable table = RandomHistory(seed);
    table.Sort();
    const std::string live = Live(table, kRules);
    for (const char* alert : {"Down", "High", "Rate", "Late", "Both", "Quiet", "Sub", "Clash",
                              "Behind", "Few", "Limit", "Self", "Text"}) {
      EXPECT_NE(live.find(std::string("\n") + alert + " "), std::string::npos)
          << alert << " never held: the test shows nothing of it";
    }
    for (const DurationMs piece : {17 * kMinute, 2 * kHour, kDay}) {
      BacktestOptions options = Options();
      options.piece = piece;
      options.threads = piece == kDay ? 3 : 1;
      const auto result = Try(table, kRules, options);
      ASSERT_TRUE(result.ok()) << Message(result.status());
      EXPECT_EQ(Describe(*result), live) << "seed " << seed << " piece " << piece;
      EXPECT_FALSE(result->stopped);
    }
  }
}

TEST(Backtest, AskingAheadChangesNothing) {
  SampleTable table = RandomHistory(4);
  table.Sort();
  BacktestOptions options = Options();
  const auto ahead = Try(table, kRules, options);
  options.stepwise = true;
  const auto steps = Try(table, kRules, options);
  ASSERT_TRUE(ahead.ok() && steps.ok());
  EXPECT_EQ(Describe(*ahead), Describe(*steps));
  for (size_t i = 0; i < ahead->rules.size(); ++i) {
    EXPECT_EQ(ahead->rules[i].samples, steps->rules[i].samples) << ahead->rules[i].rule.name;
    EXPECT_EQ(ahead->rules[i].evaluations, steps->rules[i].evaluations);
  }
  // A budget that holds few steps only is found and kept to.
  options.stepwise = false;
  options.engine.max_samples = 1500;
  const auto few = Try(table, kRules, options);
  ASSERT_TRUE(few.ok());
  EXPECT_EQ(Describe(*few), Describe(*steps));
}

const RuleOutcome& RuleOf(const BacktestResult& result, std::string_view name) {
  return *std::ranges::find(result.rules, name,
                            [](const RuleOutcome& o) -> std::string_view { return o.rule.name; });
}

TEST(Backtest, CountsFailures) {
  SampleTable table = RandomHistory(1);
  const auto result = Try(table, kRules, Options());
  ASSERT_TRUE(result.ok());
  const RuleOutcome& clash = RuleOf(*result, "Clash");
  EXPECT_GT(clash.failures, 0U);
  EXPECT_LT(clash.failures, clash.evaluations);
  EXPECT_NE(clash.last_error.find("same labelset"), std::string::npos) << clash.last_error;
  EXPECT_EQ(RuleOf(*result, "Down").failures, 0U);
  EXPECT_EQ(RuleOf(*result, "Down").evaluations, kLength / (45 * kSecond) + 1);
}

// The source's own series of what the rules record count before the start only.
TEST(Backtest, RecordedSeriesAreMadeAnew) {
  SampleTable table;
  const size_t recorded = table.Find(Labels({{"__name__", "r"}}));
  const size_t raw = table.Find(Labels({{"__name__", "x"}}));
  for (Timestamp time = kStart - kHour; time < kStart + kHour; time += kMinute) {
    table.Add(recorded, {time, 100});
    table.Add(raw, {time, 1});
  }
  BacktestOptions options = Options();
  options.end = kStart + kHour - 1;
  const auto result = Try(table,
                          "groups: [{name: g, interval: 1m, rules: [{record: r, expr: x}, "
                          "{alert: New, expr: r == 1}, {alert: Old, expr: r == 100}, "
                          "{alert: Past, expr: 'r offset 30m == 100'}]}]",
                          options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Describe(*result),
            "New {alertname=\"New\"}: 0-3540+ fires 0-0 at 1\n"
            "Past {alertname=\"Past\"}: 0-1740 fires 0-1800 at 100\n");
}

// What only a text queries is fetched, and of recorded series what was there at that time.
TEST(Backtest, TextsSeeWhatTheyQuery) {
  SampleTable table;
  for (const char* name : {"x", "other"}) {
    const size_t series = table.Find(Labels({{"__name__", name}, {"i", "a"}}));
    for (Timestamp time = kStart; time < kStart + kHour; time += kMinute) {
      table.Add(series, {time, static_cast<double>((time - kStart) / kMinute)});
    }
  }
  BacktestOptions options = Options();
  options.end = kStart + kHour - 1;
  options.threads = 4;
  const auto result = Try(
      table,
      "groups: [{name: g, interval: 1m, rules: [{record: r, expr: x * 10}, {alert: A, expr: x == "
      "30, annotations: {s: '{{ printf \"other{i=%q} + on (i) r\" $labels.i | query | first | "
      "value "
      "}}'}}, {alert: B, expr: 'ALERTS{alertname=\"A\"}'}, {alert: C, expr: x == 40, annotations: "
      "{s: '{{ query .Labels.i }}'}}]}]",
      options);
  ASSERT_TRUE(result.ok()) << Message(result.status());
  EXPECT_EQ(RuleOf(*result, "A").tracks[0].firings[0].annotations.at("s"), "330");
  EXPECT_TRUE(RuleOf(*result, "A").warnings.empty());
  EXPECT_THAT(RuleOf(*result, "C").warnings,
              ::testing::ElementsAre(::testing::HasSubstr("only running it tells")));
}

TEST(Backtest, TellsInTheOrderOfTime) {
  SampleTable table = RandomHistory(5);
  FakeClock clock;
  FileHistory history{std::move(table)};
  BacktestSeams seams = SeamsOf(history, clock);
  Nanos last = 0;
  size_t told = 0;
  seams.told = [&](const ToldAlerts& alerts) {
    EXPECT_GE(alerts.now, last);
    last = alerts.now;
    told += alerts.alerts.size();
    return absl::OkStatus();
  };
  BacktestOptions options = Options();
  options.context.external_labels = Labels({{"cluster", "x"}});
  ASSERT_TRUE(RunBacktest(Groups(kRules), options, seams, {}).ok());
  EXPECT_GT(told, 100U);
}

// A stop in the middle of a piece: what is there ends with the piece before.
TEST(Backtest, AStopLeavesWhatWasFound) {
  SampleTable table = RandomHistory(6);
  table.Sort();
  BacktestOptions options = Options();
  options.end = options.start + 2 * options.piece - 1;
  const auto whole = Try(table, kRules, options);
  ASSERT_TRUE(whole.ok());

  options.end = Options().end;
  FakeClock clock;
  FileHistory history{SampleTable(table)};
  BacktestSeams seams = SeamsOf(history, clock);
  std::stop_source stop;
  seams.progress = [&](const BacktestProgress& progress) {
    if (progress.done > 0.75) stop.request_stop();  // in the third of four pieces
  };
  const auto part = RunBacktest(Groups(kRules), options, seams, stop.get_token());
  ASSERT_TRUE(part.ok());
  EXPECT_TRUE(part->stopped);
  EXPECT_EQ(part->end, options.start + 2 * options.piece - 1);
  EXPECT_EQ(Describe(*part), Describe(*whole));
}

// Requests a stop when it has been read so often, which every evaluation does.
class StoppingClock final : public Clock {
 public:
  explicit StoppingClock(int reads) : left_(reads) {}
  Nanos NowNanos() const override { return 0; }
  int64_t MonotonicNanos() const override {
    if (--left_ == 0) stop_.request_stop();
    return 0;
  }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos, std::stop_token) const override { return true; }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  mutable std::atomic<int> left_;
  mutable std::stop_source stop_;
};

// It does not wait for the end of the block, neither step by step nor behind an answer that was
// asked for ahead.
TEST(Backtest, AStopEndsABlock) {
  for (const char* rule : {"{record: r, expr: 'r + 1 or vector(0)'}", "{alert: A, expr: 'up'}"}) {
    const StoppingClock clock(100);
    FileHistory history{RandomHistory(7)};
    BacktestOptions options = Options();
    options.piece = kDay;
    const auto part = RunBacktest(Groups(fmt::format("groups: [{{name: g, rules: [{}]}}]", rule)),
                                  options, SeamsOf(history, clock), clock.token());
    ASSERT_TRUE(part.ok());
    EXPECT_TRUE(part->stopped) << rule;
    EXPECT_LT(part->rules[0].evaluations, 100U) << rule;
  }
}

TEST(Backtest, AskingAheadStaysWithinOneBudget) {
  for (const unsigned threads : {1U, 2U, 7U, 64U}) {
    const size_t each = AheadBudget(50'000'000, threads);
    EXPECT_LE(each * threads, 50'000'000U);
    EXPECT_GT((each + 1) * threads, 50'000'000U - threads);
  }
  EXPECT_EQ(AheadBudget(3, 64), 1U);  // and goes step by step
  EXPECT_EQ(AheadBudget(10, 0), 10U);
}

TEST(Backtest, Refuses) {
  const struct {
    const char* rules;
    const char* error;
  } kCases[] = {
      {"{alert: A, expr: 'x @ 5'}",
       "rules.yml:1: rule A reads at a fixed time (@), for which a back-test loads no history"},
      {"{alert: A, expr: 'x +'}", "parse error"},
  };
  for (const auto& c : kCases) {
    const auto result = Try(RandomHistory(1),
                            fmt::format("groups: [{{name: g, rules: [{}]}}]", c.rules), Options());
    ASSERT_FALSE(result.ok());
    EXPECT_NE(Message(result.status()).find(c.error), std::string::npos)
        << Message(result.status());
  }
}

}  // namespace
}  // namespace outrider
