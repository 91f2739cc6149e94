// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/overlays.h"

#include "notifiers/config/policy_index.h"
#include "tests/notifiers/incident/incident_fixture.h"

namespace outrider {
namespace {

using S = IncidentState;
using A = IncidentAction;
const Actor kAnna{"anna", "cli", "why not"};

// Policies by severity: critical `p` (pager, then boss), high `h` (desk), others none.
IncidentsConfig TwoPolicies() {
  IncidentsConfig config = Config({Tier(0, {"pager"}), Tier(5 * kMinute, {"boss"})});
  EscalationPolicy high = config.escalation_policies[0];
  high.name = "h";
  high.severities = {Severity::kHigh};
  high.tiers = {Tier(0, {"desk"})};
  config.escalation_policies.push_back(high);
  return config;
}

TEST(Assign, IsToldOnceAndCanBeTakenBack) {
  const Incident incident = Open(Config({})).incident;
  const IncidentDecision assigned = AssignIncident(incident, "bob", kAnna, kT0 + Min(1));
  EXPECT_EQ(assigned.incident.assignee, "bob");
  ASSERT_EQ(assigned.events.size(), 1U);
  EXPECT_EQ(assigned.events[0].who, "anna");
  EXPECT_EQ(assigned.events[0].to, "bob");
  EXPECT_TRUE(AssignIncident(assigned.incident, "bob", kAnna, kT0 + Min(2)).events.empty());
  const IncidentDecision nobody = AssignIncident(assigned.incident, "", kAnna, kT0 + Min(2));
  EXPECT_EQ(nobody.incident.assignee, "");
  EXPECT_EQ(nobody.events[0].from, "bob");
}

TEST(Severity, ByHandChangesClocksAndPolicy) {
  struct Case {
    const char* name;
    const char* opened;  // value of the severity label
    Severity to;
    bool acknowledged;
    AuditKind kind;
    std::string policy;
    std::string paged;  // who is paged at once
    bool active;
  };
  const Case cases[] = {
      {"up while new", "high", Severity::kCritical, false, AuditKind::kSeverityRaised, "p", "pager",
       true},
      {"up while acknowledged", "high", Severity::kCritical, true, AuditKind::kSeverityRaised, "p",
       "", false},
      {"down to another policy", "critical", Severity::kHigh, false, AuditKind::kSeverityLowered,
       "h", "desk", false},
      {"down to none", "critical", Severity::kLow, false, AuditKind::kSeverityLowered, "", "",
       false},
      {"up to none keeps what runs", "info", Severity::kLow, false, AuditKind::kSeverityRaised, "",
       "", false},
  };
  IncidentsConfig config = TwoPolicies();
  config.severity_map["high"] = Severity::kHigh;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Incident incident = Open(config, c.opened).incident;
    if (c.acknowledged) {
      incident = Act(config, incident, A::kAcknowledge, kAnna, kT0 + Min(1))->incident;
    }
    const IncidentDecision decision =
        ChangeSeverity(config, incident, c.to, kAnna, kT0 + Min(2)).value();
    EXPECT_EQ(decision.incident.severity, c.to);
    ASSERT_EQ(CountEvents(decision, c.kind), 1);
    EXPECT_EQ(decision.events[0].who, "anna");
    EXPECT_EQ(decision.events[0].text, "why not");
    EXPECT_EQ(decision.events[0].to, SeverityText(c.to));
    EXPECT_EQ(decision.incident.escalation.policy, c.policy);
    EXPECT_EQ(decision.incident.escalation.active, c.active);
    EXPECT_EQ(decision.pages.empty() ? "" : decision.pages[0].receiver, c.paged);
    if (!c.paged.empty()) {
      EXPECT_GT(decision.incident.epoch, incident.epoch);
    }
  }
}

TEST(Severity, LoweringKeepsTheEscalationOfTheSamePolicy) {
  IncidentsConfig config = TwoPolicies();
  config.escalation_policies.pop_back();
  config.escalation_policies[0].severities = {};
  const Incident incident = Open(config).incident;
  const IncidentDecision decision =
      ChangeSeverity(config, incident, Severity::kHigh, kAnna, kT0 + Min(2)).value();
  EXPECT_EQ(decision.incident.epoch, incident.epoch);
  EXPECT_TRUE(decision.incident.escalation.active);
  EXPECT_EQ(decision.incident.escalation.next_tier, 1);
  EXPECT_EQ(TimerOf(decision, TimerKind::kEscalate), -1) << "the next tier is due as before";
}

TEST(Severity, APolicyChosenByNameStays) {
  const IncidentsConfig config = TwoPolicies();
  Alert alert = MakeAlert("critical");
  alert.annotations["outrider_escalation"] = "h";
  const Incident incident = OpenIncident(config, "i1", alert, nullptr, kT0).incident;
  ASSERT_EQ(incident.escalation.policy, "h");
  EXPECT_EQ(ChangeSeverity(config, incident, Severity::kLow, kAnna, kT0 + Min(1))
                ->incident.escalation.policy,
            "h");
}

// A policy of the night and one of the day; what is chosen by name does not depend on the hour.
TEST(Severity, AChoiceByNameDoesNotDependOnTheHour) {
  constexpr Nanos kNight = kT0;
  constexpr Nanos kByDay = kT0 + Min(600);
  IncidentsConfig config = TwoPolicies();
  std::vector<EscalationPolicy> policies = config.escalation_policies;
  for (EscalationPolicy& policy : policies) policy.severities.clear();
  policies[0].active_time_intervals = {"nights"};
  config.policy_index = std::make_shared<const PolicyIndex>(
      policies, [](const std::vector<std::string>&, Nanos time) { return time < kT0 + Min(300); });
  struct Case {
    const char* name;
    const char* wanted;  // "" : by its conditions
    Nanos opened;
    const char* at_first;
    const char* raised;    // in the day
    const char* lowered;   // …
    const char* reopened;  // …
  };
  const Case cases[] = {{"by its hour", "", kNight, "p", "h", "h", "h"},
                        {"the night's by name, at night", "p", kNight, "p", "p", "p", "p"},
                        {"the night's by name, by day", "p", kByDay, "p", "p", "p", "p"},
                        {"the day's by name, at night", "h", kNight, "h", "h", "h", "h"},
                        {"one that is not there", "x", kNight, "p", "h", "h", "h"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Alert alert = MakeAlert("warning");
    if (*c.wanted != 0) alert.annotations["outrider_escalation"] = c.wanted;
    const Incident incident = OpenIncident(config, "i1", alert, nullptr, c.opened).incident;
    EXPECT_EQ(incident.escalation.policy, c.at_first);
    const Incident kept = DecodeIncident(EncodeIncident(incident)).value();
    const Nanos later = kByDay + Min(1);
    const auto policy = [](const IncidentDecision& decision) {
      return decision.incident.escalation.policy;
    };
    EXPECT_EQ(policy(ChangeSeverity(config, kept, Severity::kHigh, kAnna, later).value()),
              c.raised);
    EXPECT_EQ(policy(AddAlert(config, kept, MakeAlert("critical", "b"), later)), c.raised);
    EXPECT_EQ(policy(ChangeSeverity(config, kept, Severity::kLow, kAnna, later).value()),
              c.lowered);
    const Incident closed = ResolveAlert(kept, alert, later).incident;
    EXPECT_EQ(policy(ReopenByAlert(config, closed, MakeAlert("warning"), later + 1)), c.reopened);
  }
}

TEST(Severity, ANewNameTakesTheOthersPlace) {
  const IncidentsConfig config = TwoPolicies();
  Alert alert = MakeAlert("warning");
  alert.annotations["outrider_escalation"] = "h";
  const Incident incident = OpenIncident(config, "i1", alert, nullptr, kT0).incident;
  Alert worse = MakeAlert("critical", "b");
  worse.annotations["outrider_escalation"] = "p";
  const Incident raised = AddAlert(config, incident, worse, kT0 + Min(1)).incident;
  EXPECT_EQ(raised.escalation.policy, "p");
  EXPECT_TRUE(raised.escalation.by_name);
}

// Who hears that it became worse by another alert, while its policy is the same; the desk knows who
// "those who were told" are.
TEST(Severity, ARiseUnderTheSamePolicyIsNews) {
  struct Case {
    const char* name;
    bool acknowledged;
    const char* assignee;
    bool policy;
    const char* told;  // nullptr: nobody
  };
  const Case cases[] = {{"new", false, "", true, ""},
                        {"new and assigned", false, "bob", true, ""},
                        {"acknowledged", true, "", true, "user:anna"},
                        {"acknowledged and assigned", true, "bob", true, "user:bob"},
                        {"without a policy", true, "", false, nullptr}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    IncidentsConfig config = Config({Tier(0, {"pager"}), Tier(5 * kMinute, {"boss"})});
    config.escalation_policies[0].severities.clear();
    if (!c.policy) config.escalation_policies.clear();
    Incident incident = Open(config, "warning").incident;
    if (c.acknowledged) {
      incident = Act(config, incident, A::kAcknowledge, kAnna, kT0 + Min(1))->incident;
    }
    incident.assignee = c.assignee;
    const IncidentDecision raised =
        AddAlert(config, incident, MakeAlert("critical", "b"), kT0 + Min(2));
    EXPECT_EQ(raised.incident.epoch, incident.epoch);
    EXPECT_EQ(raised.incident.escalation.loop_at, incident.escalation.loop_at);
    EXPECT_EQ(raised.incident.escalation.next_tier, incident.escalation.next_tier);
    EXPECT_EQ(TimerOf(raised, TimerKind::kEscalate), -1) << "the next tier is due as before";
    ASSERT_EQ(raised.pages.size(), c.told == nullptr ? 0U : 1U);
    if (c.told == nullptr) continue;
    EXPECT_EQ(raised.pages[0].receiver, c.told);
    EXPECT_EQ(raised.pages[0].tier, kRaisedTier);
    EXPECT_TRUE(
        AddAlert(config, raised.incident, MakeAlert("warning", "c"), kT0 + Min(3)).pages.empty())
        << "as severe as before is no news";
  }
}

TEST(Severity, NotOfAResolvedOneAndNotTwice) {
  const IncidentsConfig config = Config({});
  const Incident incident = Open(config).incident;
  EXPECT_TRUE(
      ChangeSeverity(config, incident, Severity::kCritical, kAnna, kT0).value().events.empty());
  const Incident over = Act(config, incident, A::kResolve, kAnna, kT0 + Min(1))->incident;
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ChangeSeverity(config, over, Severity::kLow, kAnna, kT0 + Min(2)).status()));
}

TEST(Snooze, StopsPagesAndNotClocks) {
  const IncidentsConfig config = TwoPolicies();
  const Incident incident = Open(config).incident;
  const IncidentDecision asleep =
      SnoozeIncident(incident, kT0 + Min(60), kAnna, kT0 + Min(1)).value();
  EXPECT_EQ(asleep.incident.snoozed_until, kT0 + Min(60));
  EXPECT_EQ(asleep.incident.epoch, incident.epoch + 1);
  EXPECT_EQ(TimerOf(asleep, TimerKind::kEscalate), 0);
  EXPECT_EQ(TimerOf(asleep, TimerKind::kSnoozeEnd), kT0 + Min(60));
  EXPECT_EQ(TimerOf(asleep, TimerKind::kAckBreach), -1) << "a snooze is no response";
  EXPECT_TRUE(asleep.incident.Clock(SlaKind::kAcknowledge).Running());
  const IncidentDecision awake =
      WakeIncident(asleep.incident, {"", "", "over"}, kT0 + Min(60)).value();
  EXPECT_EQ(awake.incident.snoozed_until, 0);
  ASSERT_EQ(awake.pages.size(), 1U);
  EXPECT_EQ(awake.pages[0].tier, 0);
  EXPECT_EQ(awake.pages[0].epoch, asleep.incident.epoch + 1);
  EXPECT_EQ(TimerOf(awake, TimerKind::kEscalate), kT0 + Min(65));
  EXPECT_TRUE(absl::IsFailedPrecondition(WakeIncident(awake.incident, kAnna, kT0).status()));
}

TEST(Snooze, AsksForATimeAhead) {
  const IncidentsConfig config = Config({});
  const Incident incident = Open(config).incident;
  for (const Nanos until : {kT0 - 1, kT0, kT0 + kLongestSnooze + 1}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SnoozeIncident(incident, until, kAnna, kT0).status()));
  }
  const Incident over = Act(config, incident, A::kResolve, kAnna, kT0)->incident;
  EXPECT_TRUE(absl::IsFailedPrecondition(SnoozeIncident(over, kT0 + Min(1), kAnna, kT0).status()));
}

TEST(Snooze, EveryAnswerEndsIt) {
  const IncidentsConfig config = TwoPolicies();
  const Incident asleep =
      SnoozeIncident(Open(config).incident, kT0 + Min(60), kAnna, kT0 + Min(1))->incident;
  for (const A action : {A::kAcknowledge, A::kInvestigate, A::kResolve}) {
    const IncidentDecision answered = Act(config, asleep, action, kAnna, kT0 + Min(2)).value();
    EXPECT_EQ(answered.incident.snoozed_until, 0);
    EXPECT_EQ(TimerOf(answered, TimerKind::kSnoozeEnd), 0);
    EXPECT_TRUE(answered.pages.empty());
  }
  const IncidentDecision same = AddAlert(config, asleep, MakeAlert("critical", "b"), kT0 + Min(3));
  EXPECT_NE(same.incident.snoozed_until, 0) << "one more of the kind changes nothing";
  EXPECT_TRUE(same.pages.empty());
}

TEST(Snooze, AWorseAlertWakesIt) {
  const IncidentsConfig config = TwoPolicies();
  const Incident asleep =
      SnoozeIncident(Open(config, "warning").incident, kT0 + Min(60), kAnna, kT0 + Min(1))
          ->incident;
  const IncidentDecision worse = AddAlert(config, asleep, MakeAlert("critical", "b"), kT0 + Min(2));
  EXPECT_EQ(worse.incident.snoozed_until, 0);
  EXPECT_EQ(CountEvents(worse, AuditKind::kWoken), 1);
  ASSERT_EQ(worse.pages.size(), 1U);
  EXPECT_EQ(worse.pages[0].epoch, worse.incident.epoch);
}

struct Pair {
  Incident parent, part;
};
Pair MakePair(const IncidentsConfig& config, const char* parent, const char* part) {
  Alert other = MakeAlert(part, "b");
  other.labels = other.labels.With("alertname", "Slow");
  return {.parent = Open(config, parent).incident,
          .part = OpenIncident(config, "i2", other, nullptr, kT0).incident};
}

TEST(Merge, ThePartStopsAndTheParentTakesItsAlerts) {
  const IncidentsConfig config = TwoPolicies();
  const Pair pair = MakePair(config, "warning", "critical");
  const IncidentDecision part = MergeIncident(pair.part, pair.parent, kAnna, kT0 + Min(1)).value();
  EXPECT_EQ(part.incident.merged_into, "i1");
  EXPECT_EQ(part.incident.state, S::kNew);
  EXPECT_TRUE(part.incident.firing.empty());
  EXPECT_GT(part.incident.epoch, pair.part.epoch);
  EXPECT_EQ(TimerOf(part, TimerKind::kEscalate), 0);
  EXPECT_EQ(TimerOf(part, TimerKind::kAckBreach), -1) << "its clocks run until the parent's answer";
  const IncidentDecision parent = TakeOver(config, pair.parent, pair.part, kAnna, kT0 + Min(1));
  EXPECT_EQ(parent.incident.firing.size(), 2U);
  EXPECT_EQ(parent.incident.severity, Severity::kCritical) << "as severe as its worst part";
  ASSERT_EQ(parent.pages.size(), 1U);
  EXPECT_EQ(CountEvents(parent, AuditKind::kMerged), 1);
  EXPECT_TRUE(MergeIncident(part.incident, pair.parent, kAnna, kT0 + Min(2))->events.empty());
}

TEST(Merge, FollowsTheParent) {
  const IncidentsConfig config = TwoPolicies();
  const Pair pair = MakePair(config, "critical", "critical");
  const Incident part = MergeIncident(pair.part, pair.parent, kAnna, kT0 + Min(1))->incident;
  const IncidentDecision seen = FollowParent(part, S::kAcknowledged, kAnna, kT0 + Min(2));
  EXPECT_EQ(seen.incident.state, S::kAcknowledged);
  EXPECT_EQ(seen.incident.acknowledged_by, "anna");
  EXPECT_FALSE(seen.incident.Clock(SlaKind::kAcknowledge).Running());
  EXPECT_TRUE(FollowParent(seen.incident, S::kNew, kAnna, kT0 + Min(3)).events.empty());
  const IncidentDecision over = FollowParent(seen.incident, S::kResolved, {}, kT0 + Min(4));
  EXPECT_EQ(over.incident.state, S::kResolved);
  EXPECT_FALSE(over.incident.Clock(SlaKind::kResolve).Running());
  // Merged into one that somebody works on: they work on this as well.
  const Incident working = Act(config, pair.parent, A::kInvestigate, kAnna, kT0 + Min(1))->incident;
  EXPECT_EQ(MergeIncident(pair.part, working, kAnna, kT0 + Min(2))->incident.state,
            S::kInvestigating);
}

TEST(Merge, RefusesWhatMakesNoSense) {
  const IncidentsConfig config = TwoPolicies();
  const Pair pair = MakePair(config, "critical", "critical");
  const Incident over = Act(config, pair.parent, A::kResolve, kAnna, kT0)->incident;
  Incident merged = pair.parent;
  merged.merged_into = "i9";
  struct Case {
    const char* name;
    Incident part, parent;
  };
  const Case cases[] = {{"itself", pair.parent, pair.parent},
                        {"into a resolved one", pair.part, over},
                        {"a resolved one", over, pair.part},
                        {"into a part", pair.part, merged}};
  for (const Case& c : cases) {
    EXPECT_TRUE(absl::IsFailedPrecondition(MergeIncident(c.part, c.parent, kAnna, kT0).status()))
        << c.name;
  }
}

TEST(Merge, CanBeUndone) {
  const IncidentsConfig config = TwoPolicies();
  const Pair pair = MakePair(config, "critical", "critical");
  const Incident part = MergeIncident(pair.part, pair.parent, kAnna, kT0 + Min(1))->incident;
  const Incident parent = TakeOver(config, pair.parent, pair.part, kAnna, kT0 + Min(1)).incident;
  const std::vector<uint64_t> back(pair.part.firing.begin(), pair.part.firing.end());
  const IncidentDecision alone = UnmergeIncident(part, back, kAnna, kT0 + Min(2)).value();
  EXPECT_EQ(alone.incident.merged_into, "");
  EXPECT_EQ(alone.incident.firing.size(), 1U);
  ASSERT_EQ(alone.pages.size(), 1U) << "nobody has answered it";
  EXPECT_EQ(alone.pages[0].tier, 0);
  const IncidentDecision rest = GiveBack(parent, part, back, kAnna, kT0 + Min(2));
  EXPECT_EQ(rest.incident.firing.size(), 1U);
  EXPECT_TRUE(rest.incident.Open());
  // Its alerts ended while it was merged: it is over.
  EXPECT_EQ(UnmergeIncident(part, {}, kAnna, kT0 + Min(2))->incident.state, S::kResolved);
  // The parent's own alerts ended meanwhile.
  const std::vector<uint64_t> all(parent.firing.begin(), parent.firing.end());
  EXPECT_EQ(GiveBack(parent, part, all, kAnna, kT0 + Min(2)).incident.state, S::kResolved);
  EXPECT_TRUE(absl::IsFailedPrecondition(UnmergeIncident(pair.parent, {}, kAnna, kT0).status()));
}

}  // namespace
}  // namespace outrider
