// SPDX-License-Identifier: Apache-2.0
// Whole rule sets in virtual time.
#include "rules/alerting/rule_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <set>
#include <thread>

#include "rules/alerting/slot.h"
#include "storage/base/file.h"
#include "tests/rules/alerting/process.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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
  const Timestamp since = windows.series[pending].front().time / 1000;
  EXPECT_EQ(windows.Last(kFiring.With("__name__", "ALERTS_FOR_STATE").Without("alertstate"))->value,
            static_cast<double>(since));
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

struct RefusedCase {
  const char* kind;
  uint64_t AppendCounts::* count;
  const char* error;
};

// Samples that the windows do not take: the rule is failing, its evaluations are not.
TEST_F(RuleManagerTest, RefusedSamplesAreAnErrorOfTheRule) {
  for (const RefusedCase& c :
       {RefusedCase{"out of order", &AppendCounts::out_of_order, "out of order sample"},
        RefusedCase{"duplicate", &AppendCounts::duplicate, "duplicate sample for timestamp"},
        RefusedCase{"too old", &AppendCounts::too_old, "too old sample"},
        RefusedCase{"ahead", &AppendCounts::too_far_ahead, "out of bounds"}}) {
    SCOPED_TRACE(c.kind);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    ASSERT_TRUE(process
                    ->Load(R"(groups:
- name: g
  rules:
  - {record: r, expr: vector(1)}
  - {record: other, expr: vector(1)}
  - {alert: A, expr: vector(1)}
)")
                    .ok());
    windows.refuse = c.count;
    windows.refused_name = "r";
    process->Run(kMinute, Feed(1));
    const auto view = process->manager.Snapshot()[0];
    EXPECT_EQ(view->rules[0].health, RuleHealth::kError);
    EXPECT_EQ(view->rules[0].last_error, c.error);
    EXPECT_EQ(view->rules[1].health, RuleHealth::kOk);
    EXPECT_EQ(view->rules[2].health, RuleHealth::kOk);
    const RuleGroupStats stats = process->manager.Stats().groups[0];
    EXPECT_EQ(stats.evaluation_failures_total, 0U);
    EXPECT_EQ(stats.refused_samples_total, 4U);
    EXPECT_EQ(stats.failing_rules, 1U);
    windows.refused_name = "ALERTS";  // an alert goes on all the same
    process->Run(kMinute, Feed(1));
    EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].health, RuleHealth::kOk);
    EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].last_error, "");
    EXPECT_EQ(process->manager.Snapshot()[0]->rules[2].health, RuleHealth::kError);
    EXPECT_EQ(process->manager.Snapshot()[0]->rules[2].StateText(), "firing");
    windows.refuse = nullptr;
    ASSERT_TRUE(process->Load("groups: []").ok());
  }
}

// Two rules that write one series: the second one's marker is refused, which is no error.
TEST_F(RuleManagerTest, ARefusedMarkerIsNoError) {
  ASSERT_TRUE(process
                  ->Load(R"(groups:
- name: g
  rules:
  - {record: r, expr: up == 1}
  - {record: r, expr: up == 0}
)")
                  .ok());
  process->Run(kMinute, Feed(0));
  process->Run(15 * kSecond, Feed(1));
  const auto view = process->manager.Snapshot()[0];
  EXPECT_EQ(view->rules[0].health, RuleHealth::kOk);
  EXPECT_EQ(view->rules[1].health, RuleHealth::kOk);
  EXPECT_EQ(process->manager.Stats().groups[0].refused_samples_total, 0U);
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

// A reload that disables a rule leaves its alerts as they are, for those who read ALERTS too; what
// a recording rule wrote ends.
TEST_F(RuleManagerTest, ADisabledRuleKeepsItsSeries) {
  const std::string rules = kDown + std::string("  - record: r\n    expr: count(up)\n");
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(3 * kMinute, Feed(0));
  const Labels recorded = {{"__name__", "r"}};
  ASSERT_EQ(windows.Last(recorded)->value, 1);
  std::string broken = rules;
  broken.replace(broken.find("up == 0"), 7, "up ==");
  broken.replace(broken.find("count(up)"), 9, "count(");
  ASSERT_TRUE(process->Load(broken).ok());
  process->Run(kMinute, Feed(0));
  EXPECT_EQ(process->manager.Snapshot()[0]->rules[0].health, RuleHealth::kError);
  ASSERT_NE(windows.Last(kFiring), nullptr);
  EXPECT_EQ(windows.Last(kFiring)->value, 1);
  EXPECT_GT(windows.Last(kFiring)->time, clock.Now() - 15 * kSecond);
  EXPECT_TRUE(IsStale(windows.Last(recorded)->value));
  EXPECT_EQ(process->sink.lines.size(), 1U);
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
  EXPECT_EQ(process->manager.Stats().group_lag.sum, 10);
}

TEST_F(RuleManagerTest, RulesGoOnWhenTheClockIsSetBack) {
  ASSERT_TRUE(process->Load("groups: [{name: g, rules: [{record: r, expr: vector(1)}]}]").ok());
  process->Run(2 * kMinute, [](Timestamp) {});
  const auto iterations = [&] { return process->manager.Stats().groups[0].iterations_total; };
  EXPECT_EQ(iterations(), 8U);
  clock.Advance(-15 * kSecond);  // no more than an interval: nothing twice
  process->Run(15 * kSecond, [](Timestamp) {});
  EXPECT_EQ(iterations(), 8U);
  process->Run(kMinute, [](Timestamp) {});
  EXPECT_EQ(iterations(), 12U);
  clock.Advance(-kHour);
  process->Run(2 * kMinute, [](Timestamp) {});
  EXPECT_EQ(iterations(), 19U);  // from the next slot on
  EXPECT_EQ(process->manager.Stats().groups[0].iterations_missed_total, 0U);
}

TEST_F(RuleManagerTest, LoadIsAllOrNothing) {
  ASSERT_TRUE(process->Load(kDown).ok());
  const std::vector<RuleFileSource> missing = {{"/nonexistent/rules.yml"}};
  EXPECT_THAT(Message(process->manager.Load(missing, {})), HasSubstr("/nonexistent/rules.yml"));
  EXPECT_THAT(process->manager.Snapshot(), SizeIs(1));
}

TEST_F(RuleManagerTest, RealRuleFilesEvaluate) {
  const std::string top = OUTRIDER_SOURCE_DIR "/../shared/conformance/rules";
  if (!FileExists(top)) GTEST_SKIP() << "no ../shared/conformance";
  std::vector<RuleFileSource> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
    if (entry.path().extension() == ".yml") files.push_back({entry.path().string()});
  }
  const Status loaded = process->manager.Load(files, {});
  ASSERT_TRUE(loaded.ok()) << loaded;
  clock.Advance(kMinute);
  process->manager.RunDue(clock.Now());
  for (const auto& view : process->manager.Snapshot()) {
    for (const RuleView& rule : view->rules) {
      EXPECT_EQ(rule.health, RuleHealth::kOk) << rule.rule->expr << "\n" << rule.last_error;
    }
  }
  EXPECT_GE(process->manager.Snapshot().size(), 100U);
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
    threads.reserve(3);
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
