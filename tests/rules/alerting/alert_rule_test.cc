// SPDX-License-Identifier: Apache-2.0
// The state machine as a table. One letter is one evaluation, a minute apart:
//   given   1 the condition holds, . it does not
//   state   . none, P pending, F firing, K kept firing, I inactive (resolved, remembered)
//   told    F told as firing, R told as resolved, . nothing
#include "rules/alerting/alert_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'000 * kMinute;

struct MachineCase {
  const char* name;
  DurationMs hold;
  DurationMs keep;
  std::string given;
  std::string state;
  std::string told;
};

const MachineCase kMachineCases[] = {
    {"for 0 fires at once", 0, 0, "11..1", "FFIIF", "F.R.F"},
    {"pending until for has passed", 2 * kMinute, 0, "1111..", "PPFFII", "..F.R."},
    {"pending and gone", 3 * kMinute, 0, "11.1", "PP.P", "...."},
    {"for shorter than the interval", 15 * kSecond, 0, "11.", "PFI", ".FR"},
    {"flapping restarts for", 2 * kMinute, 0, "11.11.111.", "PP.PP.PPFI", "........FR"},
    {"kept firing", 0, 3 * kMinute, "1......", "FKKKIII", "F...R.."},
    {"kept, comes back", 0, 3 * kMinute, "1..1...1", "FKKFKKKF", "F......."},
    {"keep shorter than the interval", 0, 30 * kSecond, "1..", "FKI", "F.R"},
    {"for and keep", kMinute, kMinute, "11..1", "PFKIP", ".F.R."},
    {"resolved is remembered 15 minutes", 0, 0, "1.................", "FIIIIIIIIIIIIIIII.",
     "FR................"},
};

char StateLetter(const AlertSet& set) {
  if (set.empty()) return '.';
  const ActiveAlert& alert = *set[0];
  if (alert.state == AlertState::kInactive) return 'I';
  if (alert.state == AlertState::kPending) return 'P';
  return alert.keep_firing_since != 0 ? 'K' : 'F';
}

char ToldLetter(const AlertSet& told) {
  if (told.empty()) return '.';
  return told[0]->state == AlertState::kInactive ? 'R' : 'F';
}

AlertInstance Instance(const char* label = "a", double value = 1, const char* note = "n") {
  return {Labels{{"alertname", "A"}, {"i", label}}, {{"note", note}}, value, 1};
}

// An hour back: what fires goes on, what waits waits from now on.
TEST(AlertRuleTest, TheClockIsSetBack) {
  const AlertTiming timing{2 * kMinute, 2 * kMinute, 0};
  const auto step = [&](const AlertSet& set, std::vector<AlertInstance> now, Timestamp ts) {
    return StepAlerts(timing, set, std::move(now), ts);
  };
  Timestamp ts = kStart;
  AlertSet set = step({}, {Instance("a")}, ts).next;
  set = step(set, {Instance("a")}, ts += 2 * kMinute).next;
  set = step(set, {Instance("a"), Instance("b")}, ts += kMinute).next;
  ASSERT_EQ(set[0]->state, AlertState::kFiring);
  ASSERT_EQ(set[1]->state, AlertState::kPending);
  const Timestamp fired_at = set[0]->fired_at;

  ts -= kHour;
  AlertStep back = step(set, {Instance("a"), Instance("b")}, ts);
  EXPECT_TRUE(back.tell.empty());
  ASSERT_EQ(back.write.size(), 1U);
  EXPECT_EQ(back.next[0]->state, AlertState::kFiring);
  EXPECT_EQ(back.next[0]->fired_at, fired_at);
  EXPECT_EQ(back.next[1]->active_at, ts);
  back = step(back.next, {Instance("a", 1, "new"), Instance("b")}, ts += 2 * kMinute);
  EXPECT_EQ(back.next[1]->state, AlertState::kFiring);
  EXPECT_EQ(back.tell.size(), 2U);  // b, and the new text of a
  back = step(back.next, {}, ts += kMinute);
  EXPECT_TRUE(back.tell.empty());  // kept firing
  back = step(back.next, {}, ts - kHour);
  EXPECT_TRUE(back.tell.empty());
  back = step(back.next, {}, ts - kHour + 2 * kMinute);
  EXPECT_EQ(back.tell.size(), 2U);
}

TEST(AlertRuleTest, StateMachine) {
  for (const MachineCase& c : kMachineCases) {
    SCOPED_TRACE(c.name);
    const AlertTiming timing{c.hold, c.keep, 0};
    AlertSet set;
    std::string state;
    std::string told;
    std::map<std::string, AlertState> rows;  // what a restart would find
    for (size_t i = 0; i < c.given.size(); ++i) {
      std::vector<AlertInstance> instances;
      if (c.given[i] == '1') instances.push_back(Instance());
      const Timestamp now = kStart + static_cast<Timestamp>(i) * kMinute;
      AlertStep step = StepAlerts(timing, set, std::move(instances), now);
      ASSERT_TRUE(step.error.ok());
      set = step.next;
      state += StateLetter(set);
      told += ToldLetter(step.tell);
      for (const AlertPtr& alert : step.erase) rows.erase(alert->labels.packed());
      for (const AlertPtr& alert : step.write) rows[alert->labels.packed()] = alert->state;
      ASSERT_EQ(rows.size(), set.size()) << "at " << i;
      if (!set.empty()) {
        EXPECT_EQ(rows.begin()->second, set[0]->state) << "at " << i;
      }
    }
    EXPECT_EQ(state, c.state);
    EXPECT_EQ(told, c.told);
  }
}

TEST(AlertRuleTest, TimesOfAnAlert) {
  const AlertTiming timing{2 * kMinute, kMinute, 0};
  AlertSet set;
  for (int i = 0; i < 3; ++i) {
    set = StepAlerts(timing, set, {Instance("a", i)}, kStart + i * kMinute).next;
  }
  EXPECT_EQ(set[0]->active_at, kStart);
  EXPECT_EQ(set[0]->fired_at, kStart + 2 * kMinute);
  EXPECT_EQ(set[0]->value, 2);
  set = StepAlerts(timing, set, {}, kStart + 3 * kMinute).next;
  EXPECT_EQ(set[0]->keep_firing_since, kStart + 3 * kMinute);
  EXPECT_EQ(set[0]->value, 2);  // of the last evaluation that gave one
  set = StepAlerts(timing, set, {}, kStart + 4 * kMinute).next;
  EXPECT_EQ(set[0]->resolved_at, kStart + 4 * kMinute);
  EXPECT_EQ(set[0]->fired_at, kStart + 2 * kMinute);
}

TEST(AlertRuleTest, NothingIsWrittenWhileNothingHappens) {
  const AlertTiming timing{};
  AlertSet set = StepAlerts(timing, {}, {Instance()}, kStart).next;
  const AlertStep same = StepAlerts(timing, set, {Instance()}, kStart + kMinute);
  EXPECT_EQ(same.next[0], set[0]);  // shared, not copied
  const AlertStep other = StepAlerts(timing, set, {Instance("a", 5)}, kStart + kMinute);
  EXPECT_EQ(other.next[0]->value, 5);
  for (const AlertStep* step : {&same, &other}) {
    EXPECT_TRUE(step->write.empty() && step->erase.empty() && step->tell.empty());
  }
}

TEST(AlertRuleTest, ChangedAnnotationsAreToldAtMostOnceAMinute) {
  const AlertTiming timing{};
  AlertSet set;
  std::string told;
  for (int i = 0; i < 9; ++i) {  // every 20 s another text, the last two the same
    const std::string note = std::to_string(std::min(i, 7));
    AlertStep step =
        StepAlerts(timing, set, {Instance("a", 1, note.c_str())}, kStart + i * 20 * kSecond);
    set = step.next;
    told += ToldLetter(step.tell);
    EXPECT_EQ(step.write.size(), step.tell.size());
    EXPECT_EQ(set[0]->annotations.at("note"), note);
  }
  EXPECT_EQ(told, "F..F..F..");
  const AlertStep last = StepAlerts(timing, set, {Instance("a", 1, "7")}, kStart + 3 * kMinute);
  EXPECT_EQ(last.tell.size(), 1U);  // the change that had to wait
}

TEST(AlertRuleTest, RaisedForReturnsFiringToPending) {
  AlertSet set = StepAlerts({}, {}, {Instance()}, kStart).next;
  const AlertTiming raised{5 * kMinute, 0, 0};
  const AlertStep step = StepAlerts(raised, set, {Instance()}, kStart + kMinute);
  EXPECT_EQ(StateLetter(step.next), 'P');
  EXPECT_EQ(ToldLetter(step.tell), 'R');
  ASSERT_EQ(step.write.size(), 1U);
  const AlertStep later = StepAlerts(raised, step.next, {Instance()}, kStart + 5 * kMinute);
  EXPECT_EQ(later.next[0]->fired_at, kStart + 5 * kMinute);
  EXPECT_EQ(ToldLetter(later.tell), 'F');
}

TEST(AlertRuleTest, LimitClearsEverything) {
  const AlertSet set = StepAlerts({}, {}, {Instance("a")}, kStart).next;
  const AlertTiming limited{0, 0, 1};
  const AlertStep step = StepAlerts(limited, set, {Instance("a"), Instance("b")}, kStart + kMinute);
  EXPECT_EQ(Message(step.error), "exceeded limit of 1 with 2 alerts");
  EXPECT_TRUE(step.next.empty());
  EXPECT_TRUE(step.write.empty());
  EXPECT_EQ(ToldLetter(step.tell), 'R');
  EXPECT_EQ(step.erase.size(), 1U);

  // The row of one that was resolved before goes too, but nobody is told again.
  const AlertSet resolved = StepAlerts({}, set, {}, kStart + kMinute).next;
  const AlertStep later =
      StepAlerts(limited, resolved, {Instance("b"), Instance("c")}, kStart + 2 * kMinute);
  EXPECT_FALSE(later.error.ok());
  EXPECT_EQ(later.erase.size(), 1U);
  EXPECT_TRUE(later.tell.empty());
}

TEST(AlertRuleTest, SamplesOfPendingAndFiring) {
  const AlertTiming timing{kMinute, 0, 0};
  AlertSet set = StepAlerts(timing, {}, {Instance("a")}, kStart + 999).next;
  set = StepAlerts(timing, set, {Instance("a"), Instance("b")}, kStart + kMinute + 999).next;
  std::vector<std::string> texts;
  for (const LabeledSample& s : AlertSamples(set, 7)) {
    EXPECT_EQ(s.sample.time, 7);
    texts.push_back(s.labels.ToString() + " " + std::to_string(int64_t(s.sample.value)));
  }
  EXPECT_THAT(texts,
              ::testing::ElementsAre(R"(ALERTS_FOR_STATE{alertname="A", i="a"} 60000)",
                                     R"(ALERTS{alertname="A", alertstate="firing", i="a"} 1)",
                                     R"(ALERTS_FOR_STATE{alertname="A", i="b"} 60060)",
                                     R"(ALERTS{alertname="A", alertstate="pending", i="b"} 1)"));
  set = StepAlerts(timing, set, {}, kStart + 2 * kMinute).next;
  EXPECT_TRUE(AlertSamples(set, 7).empty());
}

// Prometheus begins with the rule's labels as they are written and lays the alert's over them.
TEST(AlertRuleTest, ALabelThatRendersToNothingKeepsItsTextInSamples) {
  const RawLabel raw[] = {{"i", "{{ $labels.i }}"}, {"team", "{{ if false }}web{{ end }}"}};
  const AlertSet set = StepAlerts({}, {}, {Instance("a")}, kStart).next;
  const std::vector<LabeledSample> samples = AlertSamples(set, 7, raw);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].labels.ToString(),
            R"(ALERTS_FOR_STATE{alertname="A", i="a", team="{{ if false }}web{{ end }}"})");
  EXPECT_EQ(samples[1].labels.Get("team"), "{{ if false }}web{{ end }}");
}

}  // namespace
}  // namespace outrider
