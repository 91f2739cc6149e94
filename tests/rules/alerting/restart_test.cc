// SPDX-License-Identifier: Apache-2.0
// Restarts, crashes and reloads: nothing is lost, repeated or resolved by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/alerting/process.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

TEST_F(RuleManagerTest, RangesWaitForASecondSample) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: A, expr: 'rate(requests_total[1m]) > 0'}]}]";
  const auto count = [this](Timestamp now) {
    windows.Put(Labels{{"__name__", "requests_total"}}, now, static_cast<double>(now));
  };
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(2 * kMinute, count);
  ASSERT_THAT(process->sink.lines, SizeIs(1));
  Restart();
  clock.Advance(10 * kMinute);
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(5 * kMinute, count);
  EXPECT_THAT(process->sink.lines, IsEmpty());
  EXPECT_EQ(process->manager.OwnedAlerts().size(), 1U);
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

// Annotations that change at every evaluation are told once a minute, and the minute goes on.
TEST_F(RuleManagerTest, TheTimeOfTheLastTellingSurvivesARestart) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: A, expr: up > 0, annotations: {t: '{{ $value }}'}}]}]";
  double value = 0;
  const auto feed = [&](Timestamp now) { windows.Put(kUp, now, ++value); };
  const auto told_times = [&](bool restart) {
    clock.Set(kStart * kNanosPerMilli);
    StartAfresh();
    EXPECT_TRUE(process->Load(rules).ok());
    process->Run(2 * kMinute, Feed(0.5));
    std::vector<Nanos> times;
    for (int i = 0; i < 40; ++i) {
      process->Run(15 * kSecond, feed);
      for (const Alert& alert : process->sink.told) times.push_back(alert.updated_at);
      process->sink.told.clear();
      if (!restart) continue;
      Restart();  // after every evaluation
      EXPECT_TRUE(process->Load(rules).ok());
    }
    return times;
  };
  const std::vector<Nanos> undisturbed = told_times(false);
  EXPECT_THAT(undisturbed, SizeIs(11));
  EXPECT_EQ(told_times(true), undisturbed);
}

// A change that had to wait for its minute is told after the restart, even when nothing changes any
// more; one that was told is not.
TEST_F(RuleManagerTest, UntoldAnnotationsSurviveARestart) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: A, expr: up > 0, keep_firing_for: 1h, annotations: "
      "{t: '{{ $value }}'}}]}]";
  for (const bool missing : {false, true}) {
    SCOPED_TRACE(missing);
    StartAfresh();
    ASSERT_TRUE(process->Load(rules).ok());
    process->Run(30 * kSecond, Feed(1));
    process->Run(30 * kSecond, Feed(2));               // untold
    if (missing) process->Run(30 * kSecond, Feed(0));  // and kept firing: a row is written
    ASSERT_THAT(process->sink.told, SizeIs(1));
    Restart();
    ASSERT_TRUE(process->Load(rules).ok());
    process->Run(3 * kMinute, Feed(2));
    ASSERT_THAT(process->sink.told, SizeIs(1));
    EXPECT_EQ(process->sink.told[0].annotations.at("t"), "2");
    Restart();
    ASSERT_TRUE(process->Load(rules).ok());
    process->Run(3 * kMinute, Feed(2));
    EXPECT_THAT(process->sink.told, IsEmpty());
  }
}

// A clean stop writes what has changed since it was told; that it is untold goes on too.
TEST_F(RuleManagerTest, ACleanStopKeepsTheNewestTexts) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: A, expr: up > 0, annotations: {t: '{{ $value }}'}}, "
      "{alert: P, expr: up > 0, for: 1h}]}]";
  for (const bool clean : {false, true}) {
    SCOPED_TRACE(clean);
    StartAfresh();
    ASSERT_TRUE(process->Load(rules).ok());
    process->Run(30 * kSecond, Feed(1));
    process->Run(30 * kSecond, Feed(2));
    if (clean) process->manager.WriteRest();
    Restart();
    ASSERT_TRUE(process->Load(rules).ok());
    const auto view = process->manager.Snapshot()[0];
    ASSERT_THAT(view->rules[0].alerts, SizeIs(1));
    EXPECT_EQ(view->rules[0].alerts[0]->annotations.at("t"), clean ? "2" : "1");
    EXPECT_EQ(view->rules[0].alerts[0]->value, clean ? 2 : 1);
    EXPECT_EQ(view->rules[1].alerts[0]->value, clean ? 2 : 1);
    process->Run(3 * kMinute, Feed(2));
    ASSERT_THAT(process->sink.told, SizeIs(1));
    EXPECT_EQ(process->sink.told[0].annotations.at("t"), "2");
  }
}

TEST_F(RuleManagerTest, AResolvedAlertIsRememberedFifteenMinutesWhateverHappens) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  process->Run(kMinute, Feed(1));
  const AlertSet before = process->manager.Snapshot()[0]->rules[0].alerts;
  ASSERT_THAT(before, SizeIs(1));
  ASSERT_EQ(before[0]->state, AlertState::kInactive);
  Restart();
  ASSERT_TRUE(process->Load(kDown).ok());
  const AlertSet after = process->manager.Snapshot()[0]->rules[0].alerts;
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0]->state, AlertState::kInactive);
  EXPECT_EQ(after[0]->resolved_at, before[0]->resolved_at);
  EXPECT_TRUE(process->manager.OwnedAlerts().empty());
  process->Run(13 * kMinute, Feed(1));
  EXPECT_EQ(RowsIn({AlertState::kInactive}), 1U);
  process->Run(3 * kMinute, Feed(1));
  EXPECT_EQ(RowsIn({AlertState::kInactive}), 0U);
  EXPECT_THAT(process->manager.Snapshot()[0]->rules[0].alerts, IsEmpty());
  EXPECT_THAT(process->sink.lines, IsEmpty());
}

TEST_F(RuleManagerTest, RowsOfResolvedAlertsGoWithTheirRule) {
  for (const bool restart : {false, true}) {
    SCOPED_TRACE(restart);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load(kDown).ok());
    process->Run(3 * kMinute, Feed(0));
    process->Run(kMinute, Feed(1));
    EXPECT_EQ(RowsIn({AlertState::kInactive}), 1U);
    const size_t told = process->sink.lines.size();
    if (restart) Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    process->Run(kMinute, Feed(1));
    EXPECT_EQ(RowsIn({AlertState::kInactive}), 0U);
    EXPECT_EQ(process->sink.lines.size(), restart ? 0 : told);
  }
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

TEST_F(RuleManagerTest, FarewellsWaitEvenWithoutGroups) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  process->sink.refuse = true;
  ASSERT_TRUE(process->Load("groups: []").ok());
  process->Run(kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(1));
  process->sink.refuse = false;
  process->Run(kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_TRUE(process->manager.OwnedAlerts().empty());
}

// The process is killed before or after its n-th commit, for every n: everything is told once.
TEST_F(RuleManagerTest, ACrashAtAnyCommitLosesAndRepeatsNothing) {
  const auto feed = [this](Timestamp now) {
    const Timestamp into = (now - kStart) % (20 * kMinute);
    windows.Put(kUp, now, into < 5 * kMinute ? 0 : 1);
  };
  int crashes = 0;
  for (const bool after : {false, true}) {
    for (uint64_t crash = 1; crash <= 6; ++crash) {
      SCOPED_TRACE(crash);
      clock.Set(kStart * kNanosPerMilli);
      windows.series.clear();
      MemoryStore disk;
      auto running = std::make_unique<Process>(clock, windows, disk);
      ASSERT_TRUE(running->Load(kDown).ok());
      std::vector<std::string> told;
      bool crashed = false;
      while (clock.Now() < kStart + kHour) {
        running->sink.refuse = !after && !crashed && disk.Stats().commits + 1 >= crash;
        const size_t errors = running->manager.Stats().groups[0].evaluation_failures_total;
        running->Run(15 * kSecond, feed);
        const bool refused = running->manager.Stats().groups[0].evaluation_failures_total > errors;
        if (crashed || !(after ? disk.Stats().commits >= crash : refused)) continue;
        crashed = true;
        ++crashes;
        told.insert(told.end(), running->sink.lines.begin(), running->sink.lines.end());
        running = std::make_unique<Process>(clock, windows, disk);
        ASSERT_TRUE(running->Load(kDown).ok());
      }
      told.insert(told.end(), running->sink.lines.begin(), running->sink.lines.end());
      ASSERT_THAT(told, SizeIs(6));
      for (size_t i = 0; i < told.size(); ++i) {
        EXPECT_THAT(told[i], HasSubstr(i % 2 == 0 ? "firing" : "resolved"));
      }
      EXPECT_TRUE(running->manager.OwnedAlerts().empty());
    }
  }
  EXPECT_EQ(crashes, 12);
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

TEST_F(RuleManagerTest, ChangedAnnotationsAreToldAfterAReload) {
  const std::string rule = "groups: [{name: g, rules: [{alert: A, expr: up == 0, annotations: {t: ";
  ASSERT_TRUE(process->Load(rule + "'old {{ $value }}'}}]}]").ok());
  process->Run(2 * kMinute, Feed(0));
  ASSERT_THAT(process->sink.told, SizeIs(1));
  ASSERT_TRUE(process->Load(rule + "'new {{ $value }}'}}]}]").ok());
  process->Run(5 * kMinute, Feed(0));
  ASSERT_THAT(process->sink.told, SizeIs(2));
  EXPECT_EQ(process->sink.told[1].annotations.at("t"), "new 0");
  EXPECT_EQ(process->sink.told[1].starts_at, process->sink.told[0].starts_at);
  EXPECT_EQ(process->sink.told[1].ends_at.nanos, 0);
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
  EXPECT_EQ(process->sink.told[2].starts_at, process->sink.told[0].starts_at);
  EXPECT_EQ(Rows(), 1U);
  Restart();  // the row knows the new ones
  ASSERT_TRUE(process->Load(kDown, context).ok());
  process->Run(3 * kMinute, Feed(0));
  EXPECT_THAT(process->sink.told, IsEmpty());
  Restart();
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_EQ(process->sink.told.back().labels.Get("cluster"), "");
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

// Another name of the file or the group is another id of the rule; its alerts go on.
TEST_F(RuleManagerTest, AlertsFindTheirRuleUnderAnotherNameOfItsGroup) {
  const std::string moved = Replaced(kDown, "name: g", "name: h");
  for (const bool firing : {false, true}) {
    for (const bool restart : {false, true}) {
      SCOPED_TRACE(firing);
      SCOPED_TRACE(restart);
      StartAfresh();
      ASSERT_TRUE(process->Load(kDown).ok());
      process->Run(firing ? 3 * kMinute : 45 * kSecond, Feed(0));
      const AlertPtr before = process->manager.Snapshot()[0]->rules[0].alerts.at(0);
      if (restart) Restart();
      process->sink.lines.clear();
      ASSERT_TRUE(process->Load(moved).ok());
      const AlertSet after = process->manager.Snapshot()[0]->rules[0].alerts;
      ASSERT_THAT(after, SizeIs(1));
      EXPECT_EQ(after[0]->state, before->state);
      EXPECT_EQ(after[0]->active_at, before->active_at);
      EXPECT_EQ(after[0]->fired_at, before->fired_at);
      EXPECT_EQ(Rows(), 1U);
      EXPECT_FALSE(IsStale(windows.Last(firing ? kFiring : kPending)->value));
      process->Run(3 * kMinute, Feed(0));
      EXPECT_THAT(process->sink.lines, SizeIs(firing ? 0 : 1));
      Restart();  // under its new id
      ASSERT_TRUE(process->Load(moved).ok());
      process->Run(3 * kMinute, Feed(0));
      EXPECT_THAT(process->sink.lines, IsEmpty());
      process->Run(kMinute, Feed(1));
      EXPECT_THAT(process->sink.lines, SizeIs(1));
      EXPECT_EQ(Rows(), 0U);
    }
  }
}

TEST_F(RuleManagerTest, AlertsOfOtherFixedLabelsAreAnotherRules) {
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  ASSERT_TRUE(process->Load(Replaced(Replaced(kDown, "name: g", "name: h"), "page", "info")).ok());
  ASSERT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_THAT(process->sink.lines[1], HasSubstr("resolved"));
  process->Run(3 * kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(3));
}

// What the sink does not take is told later; until then the old row stands, and is moved after
// another start.
TEST_F(RuleManagerTest, AMoveWaitsForTheStore) {
  RuleContext context;
  context.external_labels = Labels{{"cluster", "new"}};
  ASSERT_TRUE(process->Load(kDown).ok());
  process->Run(3 * kMinute, Feed(0));
  for (const bool restart : {true, false}) {
    process->sink.refuse = true;
    ASSERT_TRUE(process->Load(kDown, context).ok());
    if (restart) Restart();
  }
  process->sink.refuse = false;
  process->sink.lines.clear();
  process->Run(3 * kMinute, Feed(0));
  EXPECT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_THAT(process->sink.lines[0], HasSubstr("resolved"));
  EXPECT_EQ(Rows(), 1U);
}

}  // namespace
}  // namespace outrider
