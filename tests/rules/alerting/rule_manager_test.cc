// SPDX-License-Identifier: Apache-2.0
// Whole rule sets in virtual time: real expressions over series in a map.
#include "rules/alerting/rule_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <thread>

#include "storage/state/memory_store.h"
#include "tests/rules/alerting/fakes.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Timestamp kStart = 1'700'000'000'000;

// One process: it can be thrown away and started again on the same store and windows.
struct Process {
  Process(FakeClock& c, FakeWindows& w, StateStore& s, RuleManagerOptions options = {})
      : clock(c), windows(w), store(s), sink(&s), manager(Seams(), options) {}

  RuleManager::Seams Seams() { return {engine, windows, windows, sink, store, clock}; }
  Status Load(const std::string& text, RuleContext context = {}) {
    RuleFile file = TRY(ParseRuleFile(text, "f.yml"));
    context.external_url = "http://o";
    std::vector<RuleFile> files;
    files.push_back(std::move(file));
    return manager.Apply(std::move(files), context);
  }
  // Every 15 s `feed` is asked for samples, then what is due runs.
  template <typename Feed>
  void Run(DurationMs duration, Feed feed) {
    const Timestamp end = clock.Now() + duration;
    while (clock.Now() < end) {
      clock.Advance(15 * kSecond);
      feed(clock.Now());
      manager.RunDue(clock.Now());
    }
  }

  FakeClock& clock;
  FakeWindows& windows;
  StateStore& store;
  FakeSink sink;
  promql::Engine engine{promql::EngineOptions(), clock};
  RuleManager manager;
};

class RuleManagerTest : public ::testing::Test {
 protected:
  RuleManagerTest() { Restart(); }
  void Restart() { process = std::make_unique<Process>(clock, windows, store); }
  auto Feed(double value) {
    return [this, value](Timestamp now) { windows.Put(kUp, now, value); };
  }
  size_t Rows() const {
    size_t rows = 0;
    EXPECT_TRUE(store.Scan(Family::kRules, "", "", [&](const Row&) { return ++rows > 0; }).ok());
    return rows;
  }

  const Labels kUp = {{"__name__", "up"}, {"instance", "a"}};
  FakeClock clock{kStart * kNanosPerMilli};
  FakeWindows windows;
  MemoryStore store;
  std::unique_ptr<Process> process;
};

constexpr const char* kDown = R"(groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.instance }} is down", outrider_receiver: ops}
)";
const Labels kFiring = {{"__name__", "ALERTS"},
                        {"alertname", "Down"},
                        {"alertstate", "firing"},
                        {"instance", "a"},
                        {"severity", "page"}};

TEST_F(RuleManagerTest, FiresAndResolvesOnce) {
  RuleContext context;
  context.external_labels = Labels{{"cluster", "c"}, {"severity", "never"}};
  ASSERT_TRUE(process->Load(kDown, context).ok());
  process->Run(5 * kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  process->Run(5 * kMinute, Feed(0));
  ASSERT_THAT(process->sink.told, SizeIs(1));
  const Alert fired = process->sink.told[0];
  EXPECT_EQ(
      fired.labels,
      (Labels{{"alertname", "Down"}, {"cluster", "c"}, {"instance", "a"}, {"severity", "page"}}));
  EXPECT_EQ(fired.annotations.at("summary"), "a is down");
  EXPECT_EQ(fired.annotations.at("outrider_receiver"), "ops");
  EXPECT_EQ(fired.generator_url, "http://o/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
  EXPECT_EQ(fired.ends_at.nanos, 0);
  EXPECT_EQ(fired.source, AlertSource::kRule);
  ASSERT_NE(windows.Last(kFiring), nullptr);
  EXPECT_EQ(windows.Last(kFiring)->value, 1);
  process->Run(5 * kMinute, Feed(1));
  ASSERT_THAT(process->sink.told, SizeIs(2));
  EXPECT_EQ(process->sink.told[1].starts_at, fired.starts_at);
  EXPECT_GT(process->sink.told[1].ends_at.nanos, fired.starts_at.nanos);
  EXPECT_TRUE(IsStale(windows.Last(kFiring)->value));
  EXPECT_EQ(Rows(), 0U);
}

TEST_F(RuleManagerTest, PendingSeriesGoesStaleWhenFiring) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(5 * kMinute, Feed(0));
  const Labels pending = kFiring.With("alertstate", "pending");
  EXPECT_TRUE(IsStale(windows.Last(pending)->value));
  EXPECT_EQ(windows.Last(kFiring.With("__name__", "ALERTS_FOR_STATE").Without("alertstate"))->value,
            static_cast<double>(windows.series[pending].front().time / 1000));
}

TEST_F(RuleManagerTest, AWeekOfFlapping) {
  ASSERT_TRUE(process->Load(kDown).ok());
  const Timestamp first = clock.Now();
  process->Run(7 * kDay, [&](Timestamp now) {           // down 10 minutes an hour
    std::vector<Sample>& points = windows.series[kUp];  // the newest few will do
    if (points.size() > 100) points.erase(points.begin(), points.end() - 10);
    points.push_back({now, (now - first) % kHour < 10 * kMinute ? 0.0 : 1.0});
  });
  EXPECT_THAT(process->sink.lines, SizeIs(2 * 7 * 24));
  for (size_t i = 0; i < process->sink.told.size(); ++i) {
    EXPECT_EQ(process->sink.told[i].ends_at.nanos != 0, i % 2 == 1);
  }
  const RuleStats stats = process->manager.Stats();
  ASSERT_THAT(stats.groups, SizeIs(1));
  EXPECT_EQ(stats.groups[0].iterations_total, 7U * 24 * 60 * 4);
  EXPECT_EQ(stats.groups[0].iterations_missed_total, 0U);
  EXPECT_EQ(stats.groups[0].evaluation_failures_total, 0U);
  EXPECT_EQ(stats.evaluation_duration.count, stats.groups[0].evaluations_total);
}

TEST_F(RuleManagerTest, LaterRulesSeeEarlierOnes) {
  ASSERT_TRUE(process
                  ->Load(R"(groups:
- name: g
  rules:
  - {record: r, expr: up + 1}
  - {alert: First, expr: r == 2}
  - {alert: Second, expr: 'ALERTS{alertname="First"} == 1'}
)")
                  .ok());
  process->Run(30 * kSecond, Feed(1));
  ASSERT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_THAT(process->sink.lines[0], HasSubstr("First firing"));
  EXPECT_THAT(process->sink.lines[1], HasSubstr("Second firing"));
}

TEST_F(RuleManagerTest, QueryOffsetMovesQueryAndSamples) {
  ASSERT_TRUE(
      process
          ->Load("groups: [{name: g, query_offset: 1m, rules: [{record: r, expr: timestamp(up)}]}]")
          .ok());
  process->Run(3 * kMinute, Feed(1));
  const Sample* last = windows.Last(Labels{{"__name__", "r"}, {"instance", "a"}});
  ASSERT_NE(last, nullptr);
  const auto view = process->manager.Snapshot()[0];
  EXPECT_EQ(last->time, view->last_evaluation - kMinute);
  EXPECT_LE(last->value * 1000, static_cast<double>(last->time));
  const auto reaches = process->manager.Reaches();
  ASSERT_THAT(reaches, SizeIs(1));
  EXPECT_EQ(reaches[0].horizon, 6 * kMinute);
}

TEST_F(RuleManagerTest, VanishedSeriesGoStaleAtTheSameTime) {
  ASSERT_TRUE(process->Load("groups: [{name: g, rules: [{record: r, expr: up > 0}]}]").ok());
  process->Run(kMinute, Feed(1));
  const Labels r = {{"__name__", "r"}, {"instance", "a"}};
  EXPECT_EQ(windows.Last(r)->value, 1);
  process->Run(kMinute, Feed(0));
  EXPECT_TRUE(IsStale(windows.Last(r)->value));
  EXPECT_EQ(windows.series[r].size(), 5U);  // one marker, not one an evaluation
}

TEST_F(RuleManagerTest, FailedEvaluationLeavesEverything) {
  ASSERT_TRUE(process
                  ->Load(R"(groups:
- name: g
  rules:
  - {alert: Join, expr: up + on (job) group_left other}
)")
                  .ok());
  windows.Put(Labels{{"__name__", "other"}, {"n", "1"}}, clock.Now(), 1);
  process->Run(kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, SizeIs(1));
  windows.Put(Labels{{"__name__", "other"}, {"n", "2"}}, clock.Now(), 1);  // many to many
  process->Run(kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, SizeIs(1));
  const auto view = process->manager.Snapshot()[0];
  EXPECT_EQ(view->rules[0].health, RuleHealth::kError);
  EXPECT_THAT(view->rules[0].last_error, HasSubstr("many-to-many"));
  EXPECT_EQ(view->rules[0].StateText(), "firing");
  for (const auto& [labels, points] : windows.series) {
    for (const Sample& point : points) EXPECT_FALSE(IsStale(point.value)) << labels.ToString();
  }
  EXPECT_EQ(process->manager.Stats().groups[0].evaluation_failures_total, 4U);
}

TEST_F(RuleManagerTest, RefusedBatchIsTriedAgain) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(kMinute, Feed(0));
  process->sink.refuse = true;
  process->Run(3 * kMinute, Feed(0));
  EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].StateText(), "pending");
  EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].last_error, "disk full");
  EXPECT_EQ(windows.Last(kFiring), nullptr);  // memory never ahead of the store
  process->sink.refuse = false;
  process->Run(kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(1));
  EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].StateText(), "firing");
}

TEST_F(RuleManagerTest, RestartContinuesPendingAndFiring) {
  for (const bool firing : {false, true}) {
    SCOPED_TRACE(firing);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load(kDown).ok());
    process->Run(firing ? 3 * kMinute : 45 * kSecond, Feed(0));
    EXPECT_EQ(Rows(), 1U);
    const AlertSet before = process->manager.Snapshot()[0]->rules[0].alerts;
    Restart();  // kill -9
    clock.Advance(20 * kSecond);
    ASSERT_TRUE(process->Load(kDown).ok());
    const AlertSet after = process->manager.Snapshot()[0]->rules[0].alerts;
    ASSERT_THAT(after, SizeIs(1));
    EXPECT_EQ(after[0]->state, before[0]->state);
    EXPECT_EQ(after[0]->active_at, before[0]->active_at);
    EXPECT_EQ(after[0]->fired_at, before[0]->fired_at);
    EXPECT_EQ(after[0]->annotations, before[0]->annotations);
    process->Run(2 * kMinute, Feed(0));
    EXPECT_THAT(process->sink.lines, SizeIs(firing ? 0 : 1));
    process->Run(kMinute, Feed(1));
    EXPECT_THAT(process->sink.lines.back(), HasSubstr("resolved"));
    EXPECT_EQ(Rows(), 0U);
  }
}

TEST_F(RuleManagerTest, NothingResolvesBeforeDataIsBack) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  Restart();
  clock.Advance(20 * kMinute);  // longer than the look-back
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(2 * kMinute, [](Timestamp) {});
  EXPECT_THAT(process->sink.lines, IsEmpty());
  EXPECT_TRUE(process->manager.Stats().groups[0].held);
  EXPECT_EQ(windows.Last(kFiring)->value, 1);  // ALERTS goes on
  process->Run(kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  EXPECT_FALSE(process->manager.Stats().groups[0].held);
  process->Run(kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, SizeIs(1));
}

TEST_F(RuleManagerTest, TheHoldEnds) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  Restart();
  clock.Advance(20 * kMinute);
  const Timestamp start = clock.Now();
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(6 * kMinute, [](Timestamp) {});
  ASSERT_THAT(process->sink.told, SizeIs(1));
  EXPECT_GE(process->sink.told[0].ends_at.nanos, (start + 5 * kMinute) * kNanosPerMilli);
}

TEST_F(RuleManagerTest, KeepFiringClockSurvivesARestart) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: A, expr: up == 0, keep_firing_for: 10m}]}]";
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(kMinute, Feed(0));
  process->Run(5 * kMinute, Feed(1));
  const Timestamp since = process->manager.Snapshot()[0]->rules[0].alerts[0]->keep_firing_since;
  EXPECT_GT(since, 0);
  Restart();
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(10 * kMinute, Feed(1));
  ASSERT_THAT(process->sink.told, SizeIs(1));
  EXPECT_EQ(process->sink.told[0].ends_at.nanos, (since + 10 * kMinute) * kNanosPerMilli);
}

TEST_F(RuleManagerTest, RuleGoneAfterARestartIsResolvedOnce) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  const Alert fired = process->sink.told[0];
  Restart();
  process->sink.refuse = true;
  ASSERT_TRUE(process->Load("groups: [{name: other, rules: [{record: r, expr: up}]}]").ok());
  process->Run(kMinute, Feed(0));
  EXPECT_EQ(Rows(), 1U);
  process->sink.refuse = false;
  process->Run(kMinute, Feed(0));
  ASSERT_THAT(process->sink.told, SizeIs(1));
  EXPECT_EQ(process->sink.told[0].labels, fired.labels);
  EXPECT_EQ(process->sink.told[0].starts_at, fired.starts_at);
  EXPECT_EQ(process->sink.told[0].generator_url, fired.generator_url);
  EXPECT_NE(process->sink.told[0].ends_at.nanos, 0);
  EXPECT_EQ(Rows(), 0U);
}

// What a reload does to an alert that fires: (new rules) -> told lines.
struct ReloadCase {
  const char* name;
  const char* rules;
  bool resolved;
  size_t rows;
};

const ReloadCase kReloads[] = {
    {"unchanged", kDown, false, 1},
    {"another rule beside it",
     "groups:\n- name: g\n  rules:\n  - {record: n, expr: up}\n  - {alert: Down, expr: up == 0, "
     "for: 1m, labels: {severity: page}}",
     false, 1},
    {"another expression",
     "groups: [{name: g, rules: [{alert: Down, expr: up < 1, labels: {severity: page}}]}]", false,
     1},
    {"other labels",
     "groups: [{name: g, rules: [{alert: Down, expr: up > 1, labels: {severity: x}}]}]", true, 0},
    {"rule removed", "groups: [{name: g, rules: [{record: n, expr: up}]}]", true, 0},
    {"group removed", "groups: [{name: h, rules: [{record: n, expr: up}]}]", true, 0},
    {"everything removed", "groups: []", true, 0},
};

TEST_F(RuleManagerTest, Reload) {
  for (const ReloadCase& c : kReloads) {
    SCOPED_TRACE(c.name);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    process->sink.lines.clear();
    ASSERT_TRUE(process->Load(kDown).ok());
    process->Run(3 * kMinute, Feed(0));
    ASSERT_THAT(process->sink.told, SizeIs(1));
    ASSERT_TRUE(process->Load(c.rules).ok());
    process->Run(kMinute, Feed(0));
    EXPECT_EQ(process->sink.told.back().ends_at.nanos != 0, c.resolved);
    EXPECT_EQ(IsStale(windows.Last(kFiring)->value), c.resolved);
    EXPECT_EQ(Rows(), c.rows);
    ASSERT_TRUE(process->Load("groups: []").ok());
    EXPECT_EQ(Rows(), 0U);
  }
}

TEST_F(RuleManagerTest, UnchangedGroupsKeepRunning) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(kMinute, Feed(1));
  const auto before = process->manager.Snapshot()[0];
  ASSERT_TRUE(process->Load(std::string("# comment\n") + kDown).ok());
  EXPECT_EQ(process->manager.Snapshot()[0], before);
  EXPECT_EQ(process->manager.Stats().groups[0].iterations_total, 4U);
}

TEST_F(RuleManagerTest, ChangedExternalLabelsResolveTheOldIdentity) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  RuleContext context;
  context.external_labels = Labels{{"cluster", "new"}};
  ASSERT_TRUE(process->Load(kDown, context).ok());
  ASSERT_THAT(process->sink.told, SizeIs(2));
  EXPECT_EQ(process->sink.told[1].labels, process->sink.told[0].labels);
  EXPECT_NE(process->sink.told[1].ends_at.nanos, 0);
  process->Run(3 * kMinute, Feed(0));
  ASSERT_THAT(process->sink.told, SizeIs(3));
  EXPECT_EQ(process->sink.told[2].labels.Get("cluster"), "new");
}

TEST_F(RuleManagerTest, WrongRuleIsShownAndTheRestRuns) {
  ASSERT_TRUE(
      process
          ->Load("groups: [{name: g, rules: [{alert: Bad, expr: 'up +'}, {record: r, expr: up}]}]")
          .ok());
  process->Run(kMinute, Feed(1));
  const auto view = process->manager.Snapshot()[0];
  EXPECT_EQ(view->rules[0].health, RuleHealth::kError);
  EXPECT_THAT(view->rules[0].last_error, HasSubstr("f.yml:1:"));
  EXPECT_EQ(view->rules[0].StateText(), "unknown");
  EXPECT_EQ(view->rules[1].health, RuleHealth::kOk);
  EXPECT_EQ(process->manager.Stats().groups[0].rules, 2U);
}

TEST_F(RuleManagerTest, MissedSlotsAreCountedAndTheNewestIsEvaluated) {
  ASSERT_TRUE(process->Load(kDown).ok());
  EXPECT_LE(process->manager.NextDue(), kStart + 15 * kSecond);
  const Timestamp slot = process->manager.NextDue();
  clock.Set((slot + 100 * kSecond) * kNanosPerMilli);
  process->manager.RunDue(clock.Now());
  const RuleGroupStats stats = process->manager.Stats().groups[0];
  EXPECT_EQ(stats.iterations_total, 7U);
  EXPECT_EQ(stats.iterations_missed_total, 6U);
  EXPECT_EQ(process->manager.Snapshot()[0]->last_evaluation, slot + 90 * kSecond);
  EXPECT_EQ(process->manager.NextDue(), slot + 105 * kSecond);
}

TEST_F(RuleManagerTest, LoadIsAllOrNothing) {
  ASSERT_TRUE(process->Load(kDown).ok());
  const std::vector<RuleFileSource> missing = {{"/nonexistent/rules.yml"}};
  EXPECT_THAT(Message(process->manager.Load(missing, {})), HasSubstr("/nonexistent/rules.yml"));
  EXPECT_THAT(process->manager.Snapshot(), SizeIs(1));
}

TEST(SlotTest, GridAndOffset) {
  std::set<DurationMs> offsets;
  for (const char* name : {"a", "b", "c", "d"}) {
    const DurationMs offset = SlotOffset("f.yml", name, kMinute);
    EXPECT_GE(offset, 0);
    EXPECT_LT(offset, kMinute);
    offsets.insert(offset);
  }
  EXPECT_GE(offsets.size(), 3U);
  struct Case {
    Timestamp now, interval, offset, slot;
  };
  for (const Case& c :
       {Case{100, 15, 4, 94}, Case{94, 15, 4, 94}, Case{93, 15, 4, 79}, Case{3, 15, 4, -11}}) {
    EXPECT_EQ(SlotAt(c.now, c.interval, c.offset), c.slot);
  }
}

TEST(WorkerTest, ThreadsShareTheGroups) {
  FakeClock clock{kStart * kNanosPerMilli};  // its sleeps jump
  FakeWindows windows;
  MemoryStore store;
  Process process(clock, windows, store);
  std::string text = "groups:\n";
  for (int i = 0; i < 4; ++i) text += "- {name: g" + std::to_string(i) + ", interval: 1m}\n";
  ASSERT_TRUE(process.Load(text).ok());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&](std::stop_token stop) { process.manager.RunWorker(stop); });
    }
    while (process.manager.Stats().group_duration.count < 40) std::this_thread::yield();
    ASSERT_TRUE(process.Load("groups: []").ok());  // waits for those at work
  }
  EXPECT_EQ(process.manager.NextDue(), std::numeric_limits<Timestamp>::max());
}

}  // namespace
}  // namespace outrider
