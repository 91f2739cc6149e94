// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/notifiers/incident/incident_fixture.h"

namespace outrider {
namespace {

using S = IncidentState;
using A = IncidentAction;

TEST(Transitions, AreTheEightEdgesAndNoOther) {
  struct Edge {
    S from;
    A action;
    S to;
    bool legacy;
  };
  const Edge edges[] = {
      {S::kNew, A::kAcknowledge, S::kAcknowledged, true},
      {S::kNew, A::kInvestigate, S::kInvestigating, true},
      {S::kNew, A::kResolve, S::kResolved, true},
      {S::kAcknowledged, A::kInvestigate, S::kInvestigating, true},
      {S::kAcknowledged, A::kResolve, S::kResolved, true},
      {S::kInvestigating, A::kResolve, S::kResolved, true},
      {S::kResolved, A::kReopen, S::kNew, false},
      {S::kAcknowledged, A::kUnacknowledge, S::kNew, false},
  };
  const IncidentsConfig config = DefaultIncidentsConfig();
  IncidentsConfig legacy = config;
  legacy.strict_legacy = true;
  int allowed = 0;
  for (int from = 0; from < 4; ++from) {
    for (int action = 0; action < 5; ++action) {
      const auto state = static_cast<S>(from);
      const auto act = static_cast<A>(action);
      const Edge* expected = nullptr;
      for (const Edge& edge : edges) {
        if (edge.from == state && edge.action == act) expected = &edge;
      }
      const StatusOr<S> got = NextState(state, act, config);
      EXPECT_EQ(got.ok(), expected != nullptr) << from << " " << action;
      if (!got.ok()) {
        EXPECT_TRUE(absl::IsFailedPrecondition(got.status()));
        continue;
      }
      ++allowed;
      EXPECT_EQ(*got, expected->to);
      EXPECT_EQ(NextState(state, act, legacy).ok(), expected->legacy);
    }
  }
  EXPECT_EQ(allowed, 8);
}

TEST(Transitions, TheLastTwoAreSwitchedOneByOne) {
  struct Case {
    bool reopen, unacknowledge;
  };
  for (const Case& c : {Case{true, true}, Case{true, false}, Case{false, true}}) {
    IncidentsConfig config = DefaultIncidentsConfig();
    config.allow_reopen = c.reopen;
    config.allow_unacknowledge = c.unacknowledge;
    EXPECT_EQ(NextState(S::kResolved, A::kReopen, config).ok(), c.reopen);
    EXPECT_EQ(NextState(S::kAcknowledged, A::kUnacknowledge, config).ok(), c.unacknowledge);
    EXPECT_TRUE(NextState(S::kNew, A::kAcknowledge, config).ok());
  }
  IncidentsConfig config = DefaultIncidentsConfig();
  config.allow_reopen = false;
  EXPECT_EQ(Message(NextState(S::kResolved, A::kReopen, config).status()),
            "an incident that is resolved cannot be reopened while incidents.allow_reopen is off");
}

TEST(Sla, WarnsAndBreachesExactlyOnce) {
  IncidentDecision decision = Open(Config({}));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckWarn50), kT0 + Min(2.5));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckWarn80), kT0 + Min(4));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckBreach), kT0 + Min(5) + 1);
  EXPECT_EQ(TimerOf(decision, TimerKind::kResolveBreach), kT0 + Min(30) + 1);
  Incident incident = decision.incident;
  struct Step {
    TimerKind timer;
    Nanos due;
    AuditKind kind;
    int events;
  };
  const Step steps[] = {
      {TimerKind::kAckWarn50, kT0 + Min(2.5), AuditKind::kSlaWarning, 1},
      {TimerKind::kAckWarn50, kT0 + Min(2.5), AuditKind::kSlaWarning, 0},
      {TimerKind::kAckWarn80, kT0 + Min(4), AuditKind::kSlaWarning, 1},
      {TimerKind::kAckBreach, kT0 + Min(5), AuditKind::kSlaBreached,
       0},  // exactly the target is met
      {TimerKind::kAckBreach, kT0 + Min(5) + 1, AuditKind::kSlaBreached, 1},
      {TimerKind::kAckBreach, kT0 + Min(6), AuditKind::kSlaBreached, 0},
  };
  for (const Step& step : steps) {
    const IncidentDecision next = OnSlaTimer(incident, step.timer, step.due, step.due);
    EXPECT_EQ(CountEvents(next, step.kind), step.events) << step.due - kT0;
    incident = next.incident;
  }
  EXPECT_EQ(incident.Clock(SlaKind::kAcknowledge).breached_at, kT0 + Min(5));
}

TEST(Sla, InvestigatingCountsAsAcknowledged) {
  const IncidentsConfig config = Config({});
  const IncidentDecision decision =
      Act(config, Open(config).incident, A::kInvestigate, {"anna", "cli", ""}, kT0 + Min(3))
          .value();
  EXPECT_EQ(decision.incident.acknowledged_at, kT0 + Min(3));
  EXPECT_EQ(decision.incident.Clock(SlaKind::kAcknowledge).stopped_at, kT0 + Min(3));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckBreach), 0);
}

TEST(Sla, AutoResolvedBeforeAnybodyAnsweredIsNoSample) {
  const Incident incident = Open(Config({})).incident;
  EXPECT_TRUE(ResolveAlert(incident, MakeAlert("critical"), kT0 + Min(2))
                  .incident.Clock(SlaKind::kAcknowledge)
                  .discarded);
  // … unless it was breached by then, even when the timer is late.
  const IncidentDecision late = ResolveAlert(incident, MakeAlert("critical"), kT0 + Min(7));
  EXPECT_FALSE(late.incident.Clock(SlaKind::kAcknowledge).discarded);
  EXPECT_EQ(CountEvents(late, AuditKind::kSlaBreached), 1);
}

TEST(Sla, ABreachIsRecordedWhenItWasDueHoweverLateItIsNoticed) {
  const IncidentsConfig config = Config({});
  const Incident incident = Open(config).incident;
  const IncidentDecision late =
      Act(config, incident, A::kAcknowledge, {"anna", "cli", ""}, kT0 + Min(40)).value();
  const auto breach =
      std::find_if(late.events.begin(), late.events.end(),
                   [](const AuditEvent& event) { return event.kind == AuditKind::kSlaBreached; });
  ASSERT_NE(breach, late.events.end());
  EXPECT_EQ(breach->time, kT0 + Min(5) + 1);
  // A tighter target: a warning that is over by it is marked and not told.
  const IncidentDecision raised =
      AddAlert(config, Open(config, "warning").incident, MakeAlert("critical", "b"), kT0 + Min(20));
  EXPECT_EQ(TimerOf(raised, TimerKind::kResolveWarn50), 0);
  EXPECT_EQ(raised.incident.Clock(SlaKind::kResolve).warned_50_at, kT0 + Min(20));
  EXPECT_EQ(TimerOf(raised, TimerKind::kResolveWarn80), kT0 + Min(24));
}

TEST(Sla, UnacknowledgeKeepsTheFirstAcknowledgement) {
  const IncidentsConfig config = Config({Tier(0, {"pager"})});
  Incident incident =
      Act(config, Open(config).incident, A::kAcknowledge, {"anna", "cli", ""}, kT0 + Min(1))
          .value()
          .incident;
  const IncidentDecision back =
      Act(config, incident, A::kUnacknowledge, {"anna", "cli", ""}, kT0 + Min(2)).value();
  EXPECT_EQ(back.incident.acknowledged_at, kT0 + Min(1));
  EXPECT_FALSE(back.incident.Clock(SlaKind::kAcknowledge).Running());
  ASSERT_EQ(back.pages.size(), 1U) << "escalation starts over";
  EXPECT_GT(back.pages[0].epoch, incident.epoch);
}

TEST(Sla, SeverityRisesOnlyAndRetargetsFromTheStart) {
  const IncidentsConfig config = Config({Tier(0, {"pager"})});
  const Incident warning = Open(config, "warning").incident;
  EXPECT_FALSE(warning.escalation.active);
  const IncidentDecision raised =
      AddAlert(config, warning, MakeAlert("critical", "b"), kT0 + Min(10));
  EXPECT_EQ(raised.incident.severity, Severity::kCritical);
  EXPECT_EQ(CountEvents(raised, AuditKind::kSlaBreached), 1)
      << "the tighter target to acknowledge has passed already";
  EXPECT_EQ(TimerOf(raised, TimerKind::kResolveBreach), kT0 + Min(30) + 1);
  EXPECT_EQ(raised.pages.size(), 1U) << "the policy of the new severity starts";
  EXPECT_EQ(
      AddAlert(config, raised.incident, MakeAlert("info", "c"), kT0 + Min(11)).incident.severity,
      Severity::kCritical);
}

TEST(Sla, ReopenWithinTheWindowContinuesTheClock) {
  const IncidentsConfig config = Config({});
  Incident incident =
      ResolveAlert(Open(config).incident, MakeAlert("critical"), kT0 + Min(2)).incident;
  EXPECT_TRUE(WithinReopenWindow(config, incident, kT0 + Min(7)));
  EXPECT_FALSE(WithinReopenWindow(config, incident, kT0 + Min(7) + 1));
  const Incident again =
      ReopenByAlert(config, incident, MakeAlert("critical"), kT0 + Min(4)).incident;
  EXPECT_EQ(again.state, S::kNew);
  EXPECT_EQ(again.Clock(SlaKind::kResolve).DeadlineAt(), kT0 + Min(30));
  EXPECT_EQ(again.Clock(SlaKind::kAcknowledge).DeadlineAt(), kT0 + Min(5));
  // By hand an hour later: the time it was closed does not count.
  const Incident later =
      Act(config, incident, A::kReopen, {"anna", "", ""}, kT0 + Min(62)).value().incident;
  EXPECT_EQ(later.Clock(SlaKind::kResolve).DeadlineAt(), kT0 + Min(90));
  EXPECT_EQ(later.Clock(SlaKind::kAcknowledge).DeadlineAt(), kT0 + Min(65));
  EXPECT_EQ(later.Clock(SlaKind::kAcknowledge).breached_at, 0) << "nobody was to answer meanwhile";
}

TEST(Sla, ReopeningByHandLeavesAnAnswerWhereItWas) {
  const IncidentsConfig config = Config({});
  Incident incident = Open(config).incident;
  incident = Act(config, incident, A::kAcknowledge, {"anna", "", ""}, kT0 + Min(2))->incident;
  incident = Act(config, incident, A::kResolve, {"anna", "", ""}, kT0 + Min(10))->incident;
  incident = Act(config, incident, A::kReopen, {"anna", "", ""}, kT0 + Min(70))->incident;
  EXPECT_EQ(incident.Clock(SlaKind::kAcknowledge).ElapsedAt(kT0 + Min(80)), Min(2));
  EXPECT_EQ(incident.Clock(SlaKind::kResolve).ElapsedAt(kT0 + Min(80)), Min(20));
}

// The incident of a warning is reopened by a page: it is as severe as that, and those are paged who
// hear of pages.
TEST(Escalation, AWorseAlertThatReopensIsPaged) {
  const IncidentsConfig config = Config({Tier(0, {"oncall"})});
  Incident incident = Open(config, "warning").incident;
  ASSERT_TRUE(incident.escalation.policy.empty());
  incident = ResolveAlert(incident, MakeAlert("warning"), kT0 + Min(1)).incident;
  const IncidentDecision decision =
      ReopenByAlert(config, incident, MakeAlert("critical"), kT0 + Min(2));
  EXPECT_EQ(decision.incident.severity, Severity::kCritical);
  EXPECT_EQ(CountEvents(decision, AuditKind::kSeverityRaised), 1);
  EXPECT_EQ(decision.incident.Clock(SlaKind::kAcknowledge).DeadlineAt(), kT0 + Min(5));
  ASSERT_EQ(decision.pages.size(), 1U);
  EXPECT_EQ(decision.pages[0].receiver, "oncall");
  EXPECT_EQ(decision.pages[0].epoch, decision.incident.epoch);
  // A lesser one does not make it less severe.
  incident = ResolveAlert(decision.incident, MakeAlert("warning"), kT0 + Min(3)).incident;
  incident = ResolveAlert(incident, MakeAlert("critical"), kT0 + Min(3)).incident;
  EXPECT_EQ(ReopenByAlert(config, incident, MakeAlert("warning"), kT0 + Min(4)).incident.severity,
            Severity::kCritical);
}

TEST(Escalation, AWorseAlertWhileAcknowledgedChangesThePolicyForLater) {
  const IncidentsConfig config = Config({Tier(0, {"oncall"})});
  Incident incident = Open(config, "warning").incident;
  incident = Act(config, incident, A::kAcknowledge, {"anna", "", ""}, kT0 + Min(1))->incident;
  IncidentDecision decision = AddAlert(config, incident, MakeAlert("critical", "b"), kT0 + Min(2));
  ASSERT_EQ(decision.pages.size(), 1U);
  EXPECT_EQ(decision.pages[0].receiver, "user:anna") << "who is on it hears of it";
  EXPECT_EQ(decision.pages[0].tier, kRaisedTier);
  decision = *Act(config, decision.incident, A::kUnacknowledge, {"anna", "", ""}, kT0 + Min(3));
  ASSERT_EQ(decision.pages.size(), 1U);
  EXPECT_EQ(decision.pages[0].receiver, "oncall");
}

TEST(Groups, ThreeDotsAreAllLabels) {
  IncidentsConfig config = Config({});
  config.group_by = {"..."};
  const Labels labels({{"alertname", "Down"}, {"instance", "a"}});
  EXPECT_EQ(IncidentGroupLabels(config, labels), labels);
}

struct Page {
  double minute;
  int tier;
  int loop;
  friend bool operator==(const Page&, const Page&) = default;
};

// Runs the escalation's timers for two hours.
std::vector<Page> RunPages(const IncidentsConfig& config) {
  std::vector<Page> pages;
  IncidentDecision decision = Open(config);
  Nanos time = kT0;
  for (int i = 0; i < 20; ++i) {
    for (const PageRequest& page : decision.pages) {
      pages.push_back(
          {static_cast<double>(time - kT0) / static_cast<double>(Min(1)), page.tier, page.loop});
    }
    time = TimerOf(decision, TimerKind::kEscalate);
    if (time <= 0) break;
    decision = OnEscalationTimer(decision.incident, time, time);
  }
  return pages;
}

TEST(Escalation, DelaysCountFromTheStart) {
  EXPECT_EQ(RunPages(Config({Tier(0, {"a"}), Tier(5 * kMinute, {"b"}), Tier(15 * kMinute, {"c"})})),
            (std::vector<Page>{{0, 0, 0}, {5, 1, 0}, {15, 2, 0}}));
}

TEST(Escalation, RunsTheRoundAgain) {
  EXPECT_EQ(RunPages(Config({Tier(0, {"a"}), Tier(5 * kMinute, {"b"})}, 1)),
            (std::vector<Page>{{0, 0, 0}, {5, 1, 0}, {20, 0, 1}, {25, 1, 1}}));
}

TEST(Escalation, ATierWithoutAnybodyIsPassedAtOnce) {
  EXPECT_EQ(RunPages(Config({Tier(0, {}), Tier(5 * kMinute, {"b"}), Tier(15 * kMinute, {"c"})})),
            (std::vector<Page>{{0, 1, 0}, {10, 2, 0}}));
}

// Asleep from the first page until `wake` minutes later: what is told then, all at once.
std::vector<std::string> ToldAfterSleep(const IncidentsConfig& config, double wake) {
  std::vector<std::string> told;
  IncidentDecision decision = Open(config);
  const Nanos now = kT0 + static_cast<Nanos>(wake * static_cast<double>(Min(1)));
  for (Nanos due = TimerOf(decision, TimerKind::kEscalate); due > 0 && due <= now;
       due = TimerOf(decision, TimerKind::kEscalate)) {
    decision = OnEscalationTimer(decision.incident, due, now);
    for (const PageRequest& page : decision.pages) {
      told.push_back(fmt::format("{} {}.{}", page.receiver, page.loop, page.tier));
    }
  }
  return told;
}

TEST(Escalation, AfterADowntimeEverybodyIsToldOnceByTheLastStepThatIsDue) {
  using Told = std::vector<std::string>;
  const IncidentsConfig rounds = Config({Tier(0, {"a"}), Tier(5 * kMinute, {"b"})}, 30);
  EXPECT_EQ(ToldAfterSleep(rounds, 4), Told{});
  EXPECT_EQ(ToldAfterSleep(rounds, 6), (Told{"b 0.1"}));
  EXPECT_EQ(ToldAfterSleep(rounds, 26), (Told{"a 1.0", "b 1.1"}));
  EXPECT_EQ(ToldAfterSleep(rounds, 200), (Told{"b 9.1", "a 10.0"}));
  EXPECT_EQ(ToldAfterSleep(rounds, 6000), (Told{"a 30.0", "b 30.1"})) << "all rounds are over";
  const IncidentsConfig both =
      Config({Tier(0, {"a"}), Tier(5 * kMinute, {"a", "b"}), Tier(10 * kMinute, {"c", "a"})});
  EXPECT_EQ(ToldAfterSleep(both, 60), (Told{"b 0.1", "c 0.2", "a 0.2"}));
}

TEST(Escalation, StopsForWhoeverAnswersAndMovesTheEpoch) {
  const IncidentsConfig config = Config({Tier(0, {"a"}), Tier(5 * kMinute, {"b"})});
  const Incident incident = Open(config).incident;
  for (const A action : {A::kAcknowledge, A::kInvestigate, A::kResolve}) {
    const IncidentDecision decision =
        Act(config, incident, action, {"anna", "cli", "on it"}, kT0 + Min(1)).value();
    EXPECT_EQ(TimerOf(decision, TimerKind::kEscalate), 0);
    EXPECT_EQ(decision.incident.epoch, incident.epoch + 1);
    EXPECT_TRUE(decision.pages.empty()) << "nobody was reached: nobody hears of the recovery";
  }
}

TEST(Escalation, ThoseWhoWerePagedHearOfTheRecovery) {
  const IncidentsConfig config = Config({Tier(0, {"a"})});
  Incident incident = Open(config).incident;
  incident.paged = {"a/webhook[0]"};
  const IncidentDecision decision = ResolveAlert(incident, MakeAlert("critical"), kT0 + Min(1));
  ASSERT_EQ(decision.pages.size(), 1U);
  EXPECT_TRUE(decision.pages[0].recovery);
  EXPECT_EQ(decision.pages[0].receiver, "a");
  EXPECT_EQ(decision.pages[0].integration, "webhook[0]");
}

TEST(Incident, NotesNeedATextAndAreNoTransition) {
  const Incident incident = Open(Config({})).incident;
  EXPECT_TRUE(
      absl::IsInvalidArgument(AddIncidentNote(incident, {"anna", "cli", "  "}, kT0).status()));
  const IncidentDecision noted = AddIncidentNote(incident, {"anna", "cli", "looking"}, kT0).value();
  EXPECT_EQ(noted.incident.state, S::kNew);
  EXPECT_EQ(CountEvents(noted, AuditKind::kNote), 1);
}

TEST(Incident, WhoSaysTheSameAgainLosesNoNote) {
  const IncidentsConfig config = Config({});
  const auto act = [&](const Incident& incident, const char* who, const char* note) {
    return Act(config, incident, IncidentAction::kAcknowledge, {who, "cli", note}, kT0);
  };
  const Incident taken = act(Open(config).incident, "anna", "looking")->incident;
  EXPECT_TRUE(act(taken, "anna", "")->events.empty());
  const IncidentDecision noted = *act(taken, "anna", "db3 is rebooting");
  EXPECT_EQ(CountEvents(noted, AuditKind::kNote), 1);
  EXPECT_EQ(CountEvents(noted, AuditKind::kStateChanged), 0);
  EXPECT_EQ(noted.incident.epoch, taken.epoch);
  EXPECT_FALSE(act(taken, "ben", "").ok());
}

// Two without a name may be two: one of them wins.
TEST(Incident, OfThoseWithoutANameOneWins) {
  const IncidentsConfig config = Config({});
  const Actor nobody{std::string(kAnonymous), "api", ""};
  const auto first = Act(config, Open(config).incident, IncidentAction::kAcknowledge, nobody, kT0);
  ASSERT_TRUE(first.ok());
  const auto second = Act(config, first->incident, IncidentAction::kAcknowledge, nobody, kT0);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

TEST(Incident, RowsGiveBackWhatWasWritten) {
  Incident incident = Open(Config({Tier(0, {"a"}), Tier(kMinute, {"b"})}, 2)).incident;
  incident.paged = {"a/webhook[0]"};
  incident.previous_id = "i0";
  const Incident copy = DecodeIncident(EncodeIncident(incident)).value();
  EXPECT_EQ(EncodeIncident(copy), EncodeIncident(incident));
  EXPECT_EQ(copy.escalation.tiers().size(), 2U);
  for (const SlaClock& clock : incident.sla)
    EXPECT_EQ(DecodeSlaClock(EncodeSlaClock(clock)).value(), clock);
  const std::string bytes = EncodeIncident(incident);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeIncident(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
}

TEST(Audit, NoticesWhatWasChangedRemovedOrAdded) {
  std::vector<AuditEvent> events(3);
  AuditHead head;
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].subject = "i1";
    events[i].text = "event";
    events[i].time = static_cast<Nanos>(i);
    ChainAuditEvent(&events[i], &head);
    EXPECT_EQ(DecodeAuditEvent(EncodeAuditEvent(events[i])).value(), events[i]);
  }
  std::vector<AuditEvent> shuffled = {events[2], events[0], events[1]};
  EXPECT_TRUE(VerifyAuditChain(shuffled, head).ok());
  shuffled[0].text = "forged";
  EXPECT_FALSE(VerifyAuditChain(shuffled, head).ok());
  EXPECT_FALSE(VerifyAuditChain(std::span(events).first(2), head).ok()) << "the end is missing";
  EXPECT_FALSE(VerifyAuditChain(std::span(events).last(2), head).ok()) << "the start is missing";
}

TEST(Incident, HasATitleWithoutAnAlertname) {
  IncidentsConfig config = DefaultIncidentsConfig();
  config.group_by = {"team"};
  Alert alert;
  alert.labels = Labels({{"job", "disk"}});
  EXPECT_EQ(OpenIncident(config, "i1", alert, nullptr, kT0).incident.title,
            alert.labels.ToString());
  alert.labels = Labels({{"job", "disk"}, {"team", "db"}});
  EXPECT_EQ(OpenIncident(config, "i1", alert, nullptr, kT0).incident.title,
            Labels({{"team", "db"}}).ToString());
}

}  // namespace
}  // namespace outrider
