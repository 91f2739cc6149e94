// SPDX-License-Identifier: Apache-2.0
// Evaluation when the data is there, and after a start; on virtual time.
#include "rules/alerting/arrivals.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/alerting/startup_hold.h"
#include "storage/window/windows.h"
#include "tests/rules/alerting/process.h"

namespace outrider {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

GroupInputs Reading(const char* metric) {
  GroupInputs inputs;
  inputs.selectors = {{Matcher::Equal("__name__", metric)}};
  return inputs;
}

Labels Up(int i) { return Labels{{"__name__", "up"}, {"i", std::to_string(1000 + i)}}; }

struct JudgeCase {
  bool arrived;
  DurationMs waited, bound;
  ArrivalVerdict verdict;
};

TEST(ArrivalsTest, Judge) {
  using enum ArrivalVerdict;
  for (const JudgeCase& c :
       {JudgeCase{true, 0, 5000, kArrived}, JudgeCase{false, 0, 5000, kWait},
        JudgeCase{false, 4999, 5000, kWait}, JudgeCase{false, 5000, 5000, kBound},
        JudgeCase{false, 9000, 5000, kBound}, JudgeCase{true, 9000, 5000, kArrived}}) {
    EXPECT_EQ(JudgeArrival(c.arrived, c.waited, c.bound), c.verdict)
        << c.arrived << " " << c.waited;
  }
  for (const bool was_late : {false, true}) {
    EXPECT_EQ(LookAgainAfter(100, was_late), 50);
    EXPECT_EQ(LookAgainAfter(kHour, was_late), kSecond);
  }
  EXPECT_EQ(LookAgainAfter(2000, false), 100);
  EXPECT_EQ(LookAgainAfter(2000, true), 500);
}

TEST(ArrivalsTest, EachSeriesHasItsOwnSpacing) {
  FakeWindows windows;
  for (Timestamp t = kStart; t <= kStart + 4 * kMinute; t += 15 * kSecond) windows.Put(Up(0), t, 1);
  for (Timestamp t = kStart; t <= kStart + 4 * kMinute; t += kMinute) windows.Put(Up(1), t, 1);
  const Timestamp end = kStart + 4 * kMinute;
  const ArrivalWatch watch = ArrivalWatch::Learn(windows, Reading("up"), end);
  EXPECT_TRUE(watch.Arrived(windows, end));
  EXPECT_TRUE(watch.Arrived(windows, end + 15 * kSecond));  // within the room for jitter
  EXPECT_FALSE(watch.Arrived(windows, end + 20 * kSecond));
  EXPECT_FALSE(watch.Arrived(windows, end + 70 * kSecond));
}

NativeHistogram OneObservation() {
  NativeHistogram histogram;
  histogram.count = 1;
  histogram.zero_count = 1;
  return histogram;
}

// Series that have nothing but native histograms are waited for as others are.
TEST(ArrivalsTest, HistogramsAreWaitedFor) {
  Windows windows({.retention = kDay, .unreferenced_retention = kDay});
  const std::vector<LabelView> labels = {{"__name__", "latency"}};
  const auto put = [&](Timestamp t, NativeHistogram histogram) {
    const HistogramSample sample{.time = t, .histogram = std::move(histogram)};
    windows.AppendHistograms(labels, {&sample, 1}, {}, Origin::kRemote, t);
  };
  const Timestamp end = kStart + 2 * kMinute;
  for (Timestamp t = kStart; t <= end; t += 15 * kSecond) put(t, OneObservation());
  const ArrivalWatch watch = ArrivalWatch::Learn(windows, Reading("latency"), end);
  EXPECT_FALSE(watch.empty());
  EXPECT_TRUE(watch.Arrived(windows, end));
  EXPECT_FALSE(watch.Arrived(windows, end + 20 * kSecond));

  const Timestamp started = end + kMinute;
  StartupHold hold(windows, Reading("latency"), /*has_state=*/true, started, started + kHour);
  EXPECT_TRUE(hold.Holds(windows, Reading("latency"), started + 30 * kSecond));
  put(started + 31 * kSecond, OneObservation());
  EXPECT_FALSE(hold.Holds(windows, Reading("latency"), started + 32 * kSecond));

  NativeHistogram stale;
  stale.sum = StaleNan();
  put(started + 46 * kSecond, stale);
  EXPECT_TRUE(ArrivalWatch::Learn(windows, Reading("latency"), started + 47 * kSecond).empty());
}

TEST(ArrivalsTest, WhatIsNotWaitedFor) {
  FakeWindows windows;
  for (Timestamp t = kStart; t <= kStart + kMinute; t += 15 * kSecond) {
    windows.Put(Up(0), t, 1);
    windows.Put(Labels{{"__name__", "recorded"}}, t, 1);
    windows.Put(kFiring, t, 1);
  }
  windows.Put(Up(0), kStart + 70 * kSecond, StaleNan());  // has ended
  windows.Put(Up(1), kStart + kMinute, 1);                // one sample: nothing is usual yet
  GroupInputs inputs = Reading("up");
  inputs.selectors.push_back({Matcher::Equal("__name__", "recorded")});
  inputs.selectors.push_back({Matcher::Equal("__name__", "ALERTS")});
  inputs.own_names.insert("recorded");
  inputs.own_alerts.insert("Down");
  const ArrivalWatch watch = ArrivalWatch::Learn(windows, inputs, kStart + 70 * kSecond);
  EXPECT_TRUE(watch.empty());
  EXPECT_TRUE(watch.Arrived(windows, kStart + kHour));
}

// A series of native histograms, or of both kinds in turn, is waited for like any other.
TEST(ArrivalsTest, NativeHistogramsAreWaitedFor) {
  FakeWindows windows;
  const auto histogram = std::make_shared<NativeHistogram>();
  const auto put = [&](int i, Timestamp t, bool stale = false) {
    windows.PutHistogram(Up(i), t, stale ? StaleHistogram() : *histogram);
  };
  for (int i = 0; i < 5; ++i) {
    const Timestamp t = kStart + i * 15 * kSecond;
    put(0, t);
    if (i % 2 == 0) {
      put(1, t);
    } else {
      windows.Put(Up(1), t, 1);
    }
    put(2, t, i == 4);  // has ended
  }
  const Timestamp end = kStart + kMinute;
  const ArrivalWatch watch = ArrivalWatch::Learn(windows, Reading("up"), end);
  EXPECT_TRUE(watch.Arrived(windows, end + 15 * kSecond));
  EXPECT_FALSE(watch.Arrived(windows, end + 20 * kSecond));
  put(0, end + 15 * kSecond);
  EXPECT_FALSE(watch.Arrived(windows, end + 20 * kSecond));
}

TEST(ArrivalsTest, AStartWaitsForNativeHistogramsToo) {
  FakeWindows windows;
  for (int i = 0; i < 5; ++i) {
    windows.PutHistogram(Up(0), kStart + i * 15 * kSecond, NativeHistogram());
  }
  const Timestamp start = kStart + 10 * kMinute;
  StartupHold hold(windows, Reading("up"), false, start, start + 5 * kMinute);
  EXPECT_TRUE(hold.Holds(windows, Reading("up"), start + 15 * kSecond));
  windows.PutHistogram(Up(0), start + 20 * kSecond, NativeHistogram());
  EXPECT_FALSE(hold.Holds(windows, Reading("up"), start + 30 * kSecond));
}

// Wherever the late ones stand: 15 of 300 may be late, 16 may not.
TEST(ArrivalsTest, NearlyAllIsExact) {
  for (const bool at_end : {false, true}) {
    FakeWindows windows;
    for (int i = 0; i < 300; ++i) {
      windows.Put(Up(i), kStart, 1);
      windows.Put(Up(i), kStart + 15 * kSecond, 1);
    }
    const ArrivalWatch watch = ArrivalWatch::Learn(windows, Reading("up"), kStart + 15 * kSecond);
    const auto arrives = [&](int i) { windows.Put(Up(i), kStart + 30 * kSecond, 1); };
    for (int i = 16; i < 300; ++i) arrives(at_end ? i - 16 : i);
    EXPECT_FALSE(watch.Arrived(windows, kStart + 31 * kSecond));
    arrives(at_end ? 284 : 0);
    EXPECT_TRUE(watch.Arrived(windows, kStart + 31 * kSecond));
  }
}

TEST(ArrivalsTest, OfManySeriesSomeAreWatched) {
  FakeWindows windows;
  for (int i = 0; i < 3000; ++i) {
    windows.Put(Up(i), kStart, 1);
    windows.Put(Up(i), kStart + 15 * kSecond, 1);
  }
  const ArrivalWatch watch = ArrivalWatch::Learn(windows, Reading("up"), kStart + 15 * kSecond);
  const Timestamp next = kStart + 31 * kSecond;
  EXPECT_FALSE(watch.Arrived(windows, next));
  const auto put = [&](int from, int to) {
    for (int i = from; i < to; ++i) windows.Put(Up(i), kStart + 30 * kSecond, 1);
  };
  put(0, 2800);
  EXPECT_FALSE(watch.Arrived(windows, next));
  put(2800, 2900);
  EXPECT_TRUE(watch.Arrived(windows, next));
}

// A group of an interval of 15 s whose samples come `delay` after their time.
class LateDataTest : public RuleManagerTest {
 protected:
  // Time passes as the manager asks for; samples of 20 series arrive on the way.
  void Pass(DurationMs duration, DurationMs delay) {
    const Timestamp end = clock.Now() + duration;
    while (clock.Now() < end) {
      const Timestamp next = std::min(process->manager.NextDue(), clock.Now() + 100);
      clock.Set(std::max(next, clock.Now() + 10) * kNanosPerMilli);
      for (; scraped_ + DelayNow(delay) <= clock.Now(); scraped_ += 15 * kSecond) {
        for (int i = 0; i < 20; ++i) windows.Put(Up(i), scraped_, down_ ? 0 : 1);
      }
      process->manager.RunDue(clock.Now());
    }
  }
  DurationMs DelayNow(DurationMs delay) const {
    return every_other_ && scraped_ / (15 * kSecond) % 2 == 0 ? 0 : delay;
  }
  RuleGroupStats Stats() { return process->manager.Stats().groups[0]; }

  bool every_other_ = false;  // scrape is late
  Timestamp scraped_ = kStart;
  bool down_ = false;
};

constexpr const char* kUpRules = R"(groups:
- name: g
  rules:
  - {record: r, expr: count(up)}
  - {alert: Down, expr: up == 0}
)";

TEST_F(LateDataTest, TheSlotIsEvaluatedWhenItsDataHasCome) {
  ASSERT_TRUE(process->Load(kUpRules).ok());
  Pass(2 * kMinute, 0);
  const RuleGroupStats before = Stats();
  EXPECT_EQ(before.data_late_total, 0U);
  EXPECT_LT(before.last_data_wait_seconds, 0.011);
  // From now on everything comes so late that the newest sample is missing at each slot.
  const Timestamp slot = process->manager.NextDue();
  const DurationMs into = (slot - kStart) % (15 * kSecond);  // the slot behind the scrape
  Pass(2 * kMinute, into + 3 * kSecond);
  const RuleGroupStats after = Stats();
  EXPECT_EQ(after.data_late_total, 0U);
  EXPECT_NEAR(after.last_data_wait_seconds, 3, 0.3);
  EXPECT_EQ(after.iterations_missed_total, 0U);
  // A wait for data is no lag; the test looks every tenth of a second.
  const DurationStats lag = process->manager.Stats().group_lag;
  EXPECT_GE(lag.count, 16U);
  EXPECT_LE(lag.sum, static_cast<double>(lag.count) * 0.1);
  // The slots stay on their grid, each sees the sample that came late.
  const auto& recorded = windows.series[Labels{{"__name__", "r"}}];
  for (size_t i = 1; i < recorded.size(); ++i) {
    EXPECT_EQ(recorded[i].time - recorded[i - 1].time, 15 * kSecond);
  }
}

TEST_F(LateDataTest, TheWaitHasABound) {
  RuleContext context;
  ASSERT_TRUE(process->Load(kUpRules, context).ok());
  Pass(2 * kMinute, 0);
  Pass(2 * kMinute, kHour);  // silence
  const RuleGroupStats stats = Stats();
  EXPECT_GE(stats.data_late_total, 7U);
  EXPECT_NEAR(stats.last_data_wait_seconds, 5, 0.3);
  EXPECT_EQ(stats.iterations_missed_total, 0U);
}

// A reload in the middle of a wait: the changed group waits on and evaluates that slot.
TEST_F(LateDataTest, AReloadLeavesNoSlotOut) {
  ASSERT_TRUE(process->Load(kUpRules).ok());
  Pass(2 * kMinute, 0);
  const DurationMs into = (process->manager.NextDue() - kStart) % (15 * kSecond);
  const DurationMs delay = into + 3 * kSecond;
  Pass(kMinute, delay);
  for (int reload = 0; reload < 4; ++reload) {
    const Timestamp last = process->manager.Snapshot()[0]->last_evaluation;
    Pass(last + 16 * kSecond - clock.Now(), delay);  // a second into the wait for the next slot
    ASSERT_EQ(process->manager.Snapshot()[0]->last_evaluation, last);
    ASSERT_TRUE(process
                    ->Load(std::string(kUpRules) +
                           fmt::format("  - {{record: r{}, expr: vector(1)}}\n", reload))
                    .ok());
    Pass(500, delay);
    EXPECT_EQ(process->manager.Snapshot()[0]->last_evaluation, last);  // still waits
    Pass(4 * kSecond, delay);
    EXPECT_EQ(process->manager.Snapshot()[0]->last_evaluation, last + 15 * kSecond);
  }
  EXPECT_EQ(Stats().iterations_missed_total, 0U);
  EXPECT_EQ(Stats().data_late_total, 0U);
  const auto& recorded = windows.series[Labels{{"__name__", "r"}}];
  for (size_t i = 1; i < recorded.size(); ++i) {
    EXPECT_EQ(recorded[i].time - recorded[i - 1].time, 15 * kSecond);
  }
}

// The same of a group that was not come to yet, and with another interval.
TEST_F(RuleManagerTest, AReloadLeavesNoDueSlotOut) {
  const auto rules = [](int n, const char* interval) {
    return fmt::format(
        "groups: [{{name: g, interval: {}, rules: [{{record: r, expr: vector({})}}]}}]", interval,
        n);
  };
  ASSERT_TRUE(process->Load(rules(0, "15s")).ok());
  process->Run(kMinute, Feed(1));
  const auto& recorded = windows.series[Labels{{"__name__", "r"}}];
  const size_t before = recorded.size();
  for (int reload = 1; reload < 4; ++reload) {
    clock.Set((process->manager.NextDue() + 10) * kNanosPerMilli);
    ASSERT_TRUE(process->Load(rules(reload, "15s")).ok());
    process->manager.RunDue(clock.Now());
    EXPECT_EQ(recorded.back().value, reload);
  }
  EXPECT_EQ(recorded.size(), before + 3);
  EXPECT_EQ(process->manager.Stats().groups[0].iterations_missed_total, 0U);
  // Of another grid: its newest slot, unless the old group has been evaluated since.
  clock.Set((process->manager.NextDue() + 9 * kSecond) * kNanosPerMilli);
  ASSERT_TRUE(process->Load(rules(4, "5s")).ok());
  process->manager.RunDue(clock.Now());
  EXPECT_EQ(recorded.back().value, 4);
  EXPECT_LE(clock.Now() - recorded.back().time, 5 * kSecond);
  ASSERT_TRUE(process->Load(rules(5, "15s")).ok());
  process->manager.RunDue(clock.Now());
  EXPECT_EQ(recorded.back().value, 4);
}

// Else a slot would be given up for the next one, which would wait as long.
TEST_F(LateDataTest, NoSlotWaitsForLongerThanTheInterval) {
  RuleContext context;
  context.policies.usual.max_wait = kHour;
  ASSERT_TRUE(process->Load(kUpRules, context).ok());
  Pass(2 * kMinute, 0);
  Pass(4 * kMinute, kHour);  // silence
  EXPECT_GE(Stats().data_late_total, 14U);
}

TEST_F(LateDataTest, AGroupMayGoWithout) {
  for (const bool by_name : {false, true}) {
    SCOPED_TRACE(by_name);
    windows.series.clear();
    Restart();
    scraped_ = clock.Now();
    RuleContext context;
    if (by_name) {
      context.policies.overrides.push_back({"g", "", false, std::nullopt, std::nullopt});
    } else {
      context.policies.usual.wait_for_data = false;
    }
    ASSERT_TRUE(process->Load(kUpRules, context).ok());
    Pass(2 * kMinute, 0);
    Pass(2 * kMinute, kHour);
    EXPECT_EQ(Stats().data_late_total, 0U);
    EXPECT_EQ(Stats().data_wait_seconds_total, 0);
  }
}

// An alert on a gap must not flap because its data comes seconds late.
TEST_F(LateDataTest, LateDataDoesNotMakeAlertsFlap) {
  const std::string rules =
      "groups: [{name: g, rules: [{alert: Gap, expr: 'count_over_time(up[16s]) < 1 or "
      "absent(count_over_time(up[14s]))'}]}]";
  for (const bool wait : {true, false}) {
    SCOPED_TRACE(wait);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    scraped_ = clock.Now();
    RuleContext context;
    context.policies.usual.wait_for_data = wait;
    ASSERT_TRUE(process->Load(rules, context).ok());
    Pass(2 * kMinute, 0);
    const size_t before = process->sink.lines.size();
    const DurationMs into = (process->manager.NextDue() - scraped_ + 15 * kSecond) % (15 * kSecond);
    every_other_ = true;
    Pass(2 * kMinute, into + 2 * kSecond);
    every_other_ = false;
    if (wait) {
      EXPECT_EQ(process->sink.lines.size(), before);
    } else {
      EXPECT_GT(process->sink.lines.size(), before + 2);
    }
  }
}

TEST_F(RuleManagerTest, AStartWaitsForNearlyAllSeries) {
  ASSERT_TRUE(process->Load("groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]").ok());
  const auto feed = [&](int from, int to) {
    return [=, this](Timestamp now) {
      for (int i = from; i < to; ++i) windows.Put(Up(i), now, i == 99 ? 0 : 1);
    };
  };
  process->Run(2 * kMinute, feed(0, 100));
  ASSERT_THAT(process->sink.lines, SizeIs(1));
  Restart();
  clock.Advance(10 * kMinute);
  ASSERT_TRUE(process->Load("groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]").ok());
  process->Run(2 * kMinute, feed(0, 90));  // the one that is down is not among them
  EXPECT_THAT(process->sink.lines, IsEmpty());
  EXPECT_TRUE(process->manager.Stats().groups[0].held);
  process->Run(kMinute, feed(0, 100));
  EXPECT_FALSE(process->manager.Stats().groups[0].held);
  process->Run(2 * kMinute, feed(0, 100));
  EXPECT_THAT(process->sink.lines, IsEmpty());
}

// A start that is over before the next sample is due holds nothing up.
TEST_F(RuleManagerTest, AQuickRestartLeavesNoGap) {
  const char* rules = "groups: [{name: g, rules: [{record: r, expr: 'rate(up[2m])'}]}]";
  const auto every_minute = [this](Timestamp now) {
    if (now % kMinute < 15 * kSecond) windows.Put(kUp, now, static_cast<double>(now));
  };
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(6 * kMinute, every_minute);
  Restart();
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(4 * kMinute, every_minute);
  const auto& recorded = windows.series[Labels{{"__name__", "r"}, {"instance", "a"}}];
  ASSERT_GE(recorded.size(), 30U);
  for (size_t i = 1; i < recorded.size(); ++i) {
    EXPECT_EQ(recorded[i].time - recorded[i - 1].time, 15 * kSecond);
  }
}

TEST_F(RuleManagerTest, WhatWasAbsentForTheDowntimeDoesNotFire) {
  const char* rules = "groups: [{name: g, rules: [{alert: Gone, expr: absent(up)}]}]";
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(2 * kMinute, Feed(1));
  const size_t before = process->sink.lines.size();
  Restart();
  clock.Advance(10 * kMinute);
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(kMinute, [](Timestamp) {});
  process->Run(2 * kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  EXPECT_LE(before, 2U);
}

}  // namespace
}  // namespace outrider
