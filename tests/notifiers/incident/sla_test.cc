// SPDX-License-Identifier: Apache-2.0
// SLA clocks that stand still, count by a calendar, or are given another target.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "notifiers/config/sla_config.h"
#include "notifiers/incident/decisions.h"
#include "notifiers/incident/set_back.h"
#include "notifiers/incident/sla_pause.h"
#include "storage/base/business_calendar.h"
#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;  // 2026-09-21T14:13:20Z, a Monday
constexpr Nanos Min(double minutes) { return static_cast<Nanos>(minutes * 60) * kNanosPerSecond; }
constexpr Nanos Hours(double hours) { return Min(hours * 60); }
const Actor kAnna{.who = "anna", .channel = "cli", .note = ""};

// Severity "medium" has an hour to acknowledge and eight to resolve, "critical" 5 and 30 minutes.
Incident Open(const IncidentsConfig& config, const char* severity = "medium", Nanos now = kT0) {
  Alert alert;
  alert.labels = Labels({{"alertname", "Down"}, {"severity", severity}});
  alert.starts_at = {now - Min(1), 0};
  return OpenIncident(config, "i1", alert, nullptr, now).incident;
}

IncidentDecision From(const Incident& incident) {
  return {.incident = incident, .events = {}, .timers = {}, .pages = {}};
}

IncidentDecision SetSeverity(const IncidentsConfig& config, const Incident& incident,
                             Severity severity, Nanos now) {
  IncidentDecision decision = From(incident);
  decision.incident.severity = severity;
  RetargetSla(config, now, &decision);
  return decision;
}

IncidentDecision Paused(const Incident& incident, const std::string& reason, Nanos now) {
  IncidentDecision decision = From(incident);
  PauseSla(&decision, reason, now);
  return decision;
}

IncidentDecision Resumed(const Incident& incident, const std::string& reason, Nanos now) {
  IncidentDecision decision = From(incident);
  ResumeSla(&decision, reason, now);
  return decision;
}

Incident Acted(const IncidentsConfig& config, const Incident& incident, IncidentAction action,
               Nanos now) {
  return Act(config, incident, action, kAnna, now).value().incident;
}

// -1: not touched, 0: cancelled.
Nanos TimerOf(const IncidentDecision& decision, TimerKind kind) {
  Nanos due = -1;
  for (const TimerChange& timer : decision.timers) {
    if (timer.kind == kind) due = timer.due;
  }
  return due;
}

std::vector<std::string> Kinds(const IncidentDecision& decision) {
  std::vector<std::string> kinds;
  for (const AuditEvent& event : decision.events) {
    kinds.push_back(std::string(AuditKindText(event.kind)));
  }
  return kinds;
}

const SlaClock& Ack(const Incident& incident) { return incident.Clock(SlaKind::kAcknowledge); }
const SlaClock& Fix(const Incident& incident) { return incident.Clock(SlaKind::kResolve); }

// ---- another severity

TEST(SlaRetarget, ALowerSeverityHasMoreTime) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  Incident incident = Open(config, "critical");
  incident = OnSlaTimer(incident, TimerKind::kAckWarn50, kT0 + Min(2.5), kT0 + Min(2.5)).incident;
  const IncidentDecision lower = SetSeverity(config, incident, Severity::kMedium, kT0 + Min(3));
  EXPECT_EQ(Ack(lower.incident).DeadlineAt(), kT0 + Min(60));
  EXPECT_EQ(Fix(lower.incident).DeadlineAt(), kT0 + Hours(8));
  EXPECT_EQ(TimerOf(lower, TimerKind::kAckBreach), kT0 + Min(60) + 1);
  EXPECT_EQ(TimerOf(lower, TimerKind::kAckWarn80), kT0 + Min(48));
  EXPECT_EQ(TimerOf(lower, TimerKind::kAckWarn50), 0) << "told once";
  EXPECT_EQ(TimerOf(lower, TimerKind::kResolveWarn50), kT0 + Hours(4));
  ASSERT_EQ(Kinds(lower), std::vector<std::string>{"sla_retargeted"});
  const AuditEvent& event = lower.events.front();
  EXPECT_EQ(event.text, "1h to acknowledge, was 5m; 8h to resolve, was 30m");
  EXPECT_EQ(event.data.at("severity"), "medium");
  EXPECT_EQ(event.data.at("acknowledge_target_ns"), fmt::to_string(Min(60)));
  EXPECT_EQ(event.data.at("resolve_target_ns"), fmt::to_string(Hours(8)));
}

TEST(SlaRetarget, ABreachStaysOne) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const Incident breached = OnSlaTimer(Open(config, "critical"), TimerKind::kAckBreach,
                                       kT0 + Min(5) + 1, kT0 + Min(5) + 1)
                                .incident;
  const IncidentDecision lower = SetSeverity(config, breached, Severity::kLow, kT0 + Min(6));
  EXPECT_EQ(Ack(lower.incident).breached_at, kT0 + Min(5));
  EXPECT_EQ(Ack(lower.incident).target, Min(5)) << "what was missed";
  EXPECT_EQ(Fix(lower.incident).DeadlineAt(), kT0 + Hours(24));
}

// The timer is late, the process having been down, and somebody is quicker than it.
TEST(SlaRetarget, WhatWasMissedByThenStaysMissed) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  for (const Severity severity : {Severity::kLow, Severity::kInfo}) {
    const IncidentDecision lower =
        SetSeverity(config, Open(config, "critical"), severity, kT0 + Min(7));
    EXPECT_EQ(Kinds(lower), (std::vector<std::string>{"sla_breached", "sla_retargeted"}));
    EXPECT_EQ(lower.events[0].time, kT0 + Min(5) + 1) << "when the timer was due";
    EXPECT_EQ(Ack(lower.incident).breached_at, kT0 + Min(5));
    EXPECT_EQ(Ack(lower.incident).target, Min(5));
    EXPECT_EQ(TimerOf(lower, TimerKind::kAckBreach), 0);
  }
  const IncidentDecision higher =
      SetSeverity(config, Open(config), Severity::kCritical, kT0 + Min(61));
  EXPECT_EQ(Kinds(higher),
            (std::vector<std::string>{"sla_breached", "sla_retargeted", "sla_breached"}));
  EXPECT_EQ(higher.events[0].time, kT0 + Min(60) + 1) << "not now";
}

TEST(SlaRetarget, AHigherSeverityMayBeBreachedAtOnce) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const Incident medium = Open(config);
  const IncidentDecision met = SetSeverity(config, medium, Severity::kCritical, kT0 + Min(5));
  EXPECT_EQ(Kinds(met), std::vector<std::string>{"sla_retargeted"}) << "exactly the target is met";
  EXPECT_EQ(TimerOf(met, TimerKind::kAckBreach), kT0 + Min(5) + 1);
  const IncidentDecision over = SetSeverity(config, medium, Severity::kCritical, kT0 + Min(5) + 1);
  EXPECT_EQ(Kinds(over), (std::vector<std::string>{"sla_retargeted", "sla_breached"}));
  EXPECT_EQ(Ack(over.incident).breached_at, kT0 + Min(5));
  EXPECT_EQ(over.events[1].time, kT0 + Min(5) + 1) << "now";
  EXPECT_EQ(TimerOf(over, TimerKind::kAckBreach), 0);
  EXPECT_EQ(TimerOf(over, TimerKind::kResolveBreach), kT0 + Min(30) + 1);
}

TEST(SlaRetarget, WarningsThatAreOverAreMarkedAndNotTold) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const Nanos now = kT0 + Min(27);
  const IncidentDecision raised =
      SetSeverity(config, Acted(config, Open(config), IncidentAction::kAcknowledge, kT0 + Min(1)),
                  Severity::kCritical, now);
  EXPECT_EQ(Kinds(raised), std::vector<std::string>{"sla_retargeted"});
  EXPECT_EQ(Fix(raised.incident).warned_50_at, now);
  EXPECT_EQ(Fix(raised.incident).warned_80_at, now);
  EXPECT_EQ(TimerOf(raised, TimerKind::kResolveWarn80), 0);
  EXPECT_EQ(TimerOf(raised, TimerKind::kResolveBreach), kT0 + Min(30) + 1);
}

// ---- pauses

TEST(SlaPause, ClocksStandStillAndTheirTimersWithThem) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const IncidentDecision paused = Paused(Open(config), "maintenance:db", kT0 + Min(10));
  for (const TimerKind timer :
       {TimerKind::kAckWarn50, TimerKind::kAckWarn80, TimerKind::kAckBreach,
        TimerKind::kResolveWarn50, TimerKind::kResolveWarn80, TimerKind::kResolveBreach}) {
    EXPECT_EQ(TimerOf(paused, timer), 0);
  }
  EXPECT_EQ(Kinds(paused), std::vector<std::string>{"sla_paused"});
  EXPECT_EQ(paused.events[0].data.at("reason"), "maintenance:db");
  EXPECT_EQ(paused.events[0].data.at("acknowledge_state"), "standing");
  EXPECT_EQ(paused.events[0].data.at("acknowledge_elapsed_ns"), fmt::to_string(Min(10)));
  EXPECT_EQ(Ack(paused.incident).DeadlineAt(), 0) << "nobody knows";
  EXPECT_EQ(Ack(paused.incident).ElapsedAt(kT0 + Hours(5)), Min(10));
  EXPECT_TRUE(OnSlaTimer(paused.incident, TimerKind::kAckBreach, kT0 + Hours(5), kT0 + Hours(5))
                  .events.empty());

  const IncidentDecision back = Resumed(paused.incident, "maintenance:db", kT0 + Min(100));
  EXPECT_EQ(Ack(back.incident).PausedAt(kT0 + Min(100)), Min(90));
  EXPECT_EQ(Ack(back.incident).DeadlineAt(), kT0 + Min(150));
  EXPECT_EQ(TimerOf(back, TimerKind::kAckWarn50), kT0 + Min(120));
  EXPECT_EQ(TimerOf(back, TimerKind::kAckBreach), kT0 + Min(150) + 1);
  EXPECT_EQ(TimerOf(back, TimerKind::kResolveBreach), kT0 + Min(90) + Hours(8) + 1);
  EXPECT_EQ(back.events[0].data.at("resolve_paused_ns"), fmt::to_string(Min(90)));
}

TEST(SlaPause, LastsAsLongAsOneReasonHolds) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  Incident incident = Paused(Open(config), "maintenance:db", kT0 + Min(10)).incident;
  EXPECT_TRUE(Paused(incident, "maintenance:db", kT0 + Min(11)).events.empty()) << "said already";
  incident = Paused(incident, "hold", kT0 + Min(20)).incident;
  incident = Resumed(incident, "maintenance:db", kT0 + Min(30)).incident;
  EXPECT_TRUE(Ack(incident).Standing());
  EXPECT_TRUE(Resumed(incident, "maintenance:db", kT0 + Min(31)).events.empty());
  incident = Resumed(incident, "hold", kT0 + Min(40)).incident;
  EXPECT_FALSE(Ack(incident).Standing());
  EXPECT_EQ(Ack(incident).DeadlineAt(), kT0 + Min(90)) << "they overlapped";
}

TEST(SlaPause, WhatWasOverBeforeIsBreachedAndNoMore) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  // The timer is late: the pause comes first.
  const IncidentDecision paused = Paused(Open(config), "hold", kT0 + Min(70));
  EXPECT_EQ(Kinds(paused), (std::vector<std::string>{"sla_breached", "sla_paused"}));
  EXPECT_EQ(paused.events[0].time, kT0 + Min(60) + 1);
  const IncidentDecision back = Resumed(paused.incident, "hold", kT0 + Min(80));
  EXPECT_EQ(Kinds(back), std::vector<std::string>{"sla_resumed"});
  EXPECT_EQ(TimerOf(back, TimerKind::kAckBreach), 0);
}

TEST(SlaPause, AnAnswerMeanwhileStopsTheClockWhereItStood) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  Incident incident = Paused(Open(config), "hold", kT0 + Min(10)).incident;
  incident = Acted(config, incident, IncidentAction::kAcknowledge, kT0 + Hours(3));
  EXPECT_EQ(Ack(incident).ElapsedAt(kT0 + Hours(9)), Min(10));
  EXPECT_EQ(Ack(incident).breached_at, 0);
  EXPECT_TRUE(Fix(incident).Standing()) << "it is still on hold";
  incident = Acted(config, incident, IncidentAction::kResolve, kT0 + Hours(4));
  EXPECT_EQ(Fix(incident).elapsed, Min(10));
  EXPECT_TRUE(incident.pauses.empty());
  // Opened again within the window it goes on from there.
  incident = Acted(config, incident, IncidentAction::kReopen, kT0 + Hours(4) + Min(2));
  EXPECT_EQ(Fix(incident).ElapsedAt(kT0 + Hours(4) + Min(3)), Min(13));
}

// A severity that is raised counts from the start, pauses left out, wherever they lie.
TEST(SlaPause, ADeadlineBeforeAPauseIsFound) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  Incident incident = Paused(Open(config), "hold", kT0 + Min(20)).incident;
  incident = Resumed(incident, "hold", kT0 + Min(30)).incident;
  incident = SetSeverity(config, incident, Severity::kCritical, kT0 + Min(32)).incident;
  EXPECT_EQ(Ack(incident).breached_at, kT0 + Min(5));
  EXPECT_EQ(Fix(incident).DeadlineAt(), kT0 + Min(40));
}

TEST(SlaPause, VeryManyAreRememberedAsASum) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  Incident incident = Open(config, "info");
  for (int i = 0; i < 300; ++i) {
    incident = Paused(incident, "hold", kT0 + Min(2 * i + 1)).incident;
    incident = Resumed(incident, "hold", kT0 + Min(2 * i + 2)).incident;
  }
  EXPECT_EQ(Ack(incident).pauses.size(), 256U);
  EXPECT_EQ(Ack(incident).PausedAt(kT0 + Min(600)), Min(300));
  EXPECT_EQ(Ack(incident).DeadlineAt(), kT0 + Min(1440 + 300));
}

TEST(SlaPause, WhichReasonsDoIsConfiguration) {
  IncidentsConfig config = DefaultIncidentsConfig();
  EXPECT_TRUE(PausesSla(config, "maintenance:db"));
  EXPECT_TRUE(PausesSla(config, "hold"));
  EXPECT_FALSE(PausesSla(config, "snooze"));
  config.sla_rules.pause = {"snooze"};
  EXPECT_TRUE(PausesSla(config, "snooze"));
  const auto refused = HoldIncident(config, Open(config), kAnna, kT0 + Min(1));
  EXPECT_EQ(Message(refused.status()), "sla.pause does not list hold: it would pause nothing");
}

TEST(SlaPause, FollowsASnoozeWhereThatIsListed) {
  IncidentsConfig config = DefaultIncidentsConfig();
  IncidentDecision decision = From(Open(config));
  decision.incident.snoozed_until = kT0 + Min(60);
  FollowSnooze(config, kT0 + Min(10), &decision);
  EXPECT_TRUE(decision.events.empty()) << "a snooze is no pause by default";
  config.sla_rules.pause = {"snooze"};
  FollowSnooze(config, kT0 + Min(10), &decision);
  EXPECT_TRUE(Ack(decision.incident).Standing());
  FollowSnooze(config, kT0 + Min(20), &decision);
  EXPECT_EQ(Kinds(decision), std::vector<std::string>{"sla_paused"}) << "once";
  decision.incident.snoozed_until = 0;
  FollowSnooze(config, kT0 + Min(40), &decision);
  EXPECT_EQ(Ack(decision.incident).DeadlineAt(), kT0 + Min(90));
}

TEST(SlaPause, HoldByHand) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const Incident incident = Open(config);
  const IncidentDecision held =
      HoldIncident(config, incident, {"anna", "cli", "waits for a part"}, kT0 + Min(1)).value();
  ASSERT_EQ(Kinds(held), std::vector<std::string>{"sla_paused"});
  EXPECT_EQ(held.events[0].who, "anna");
  EXPECT_EQ(held.events[0].text, "hold: waits for a part");
  EXPECT_TRUE(HoldIncident(config, held.incident, kAnna, kT0 + Min(2)).value().events.empty());
  EXPECT_EQ(Kinds(UnholdIncident(held.incident, kAnna, kT0 + Min(3)).value()),
            std::vector<std::string>{"sla_resumed"});
  const Incident closed = Acted(config, held.incident, IncidentAction::kResolve, kT0 + Min(4));
  EXPECT_TRUE(absl::IsFailedPrecondition(HoldIncident(config, closed, kAnna, kT0).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(UnholdIncident(closed, kAnna, kT0).status()));
}

// ---- calendars

// `medium` and below count from nine to five on weekdays in Berlin.
IncidentsConfig WithOffice(std::vector<absl::CivilDay> holidays = {}) {
  IncidentsConfig config = DefaultIncidentsConfig();
  BusinessCalendar::Options options;
  options.name = "office";
  options.zone = *FindZone("Europe/Berlin");
  for (size_t day = 0; day < 5; ++day) options.week[day] = {{9 * 60, 17 * 60}};
  options.holidays = std::move(holidays);
  config.sla_rules.calendars["office"] =
      std::make_shared<const BusinessCalendar>(std::move(options));
  for (const Severity severity : {Severity::kMedium, Severity::kLow, Severity::kInfo}) {
    config.sla_rules.calendar_of[static_cast<size_t>(severity)] = "office";
  }
  return config;
}

Nanos Berlin(int month, int day, int hour, int minute = 0) {
  return InstantOf(absl::CivilSecond(2026, month, day, hour, minute, 0),
                   *FindZone("Europe/Berlin"));
}

TEST(SlaCalendar, OnlyItsHoursCount) {
  const IncidentsConfig config = WithOffice();
  const Nanos friday = Berlin(9, 25, 16, 30);
  const Incident incident = Open(config, "medium", friday);
  EXPECT_EQ(Ack(incident).DeadlineAt(), Berlin(9, 28, 9, 30));
  EXPECT_EQ(Ack(incident).WarnAt(50), Berlin(9, 25, 17));
  EXPECT_EQ(Fix(incident).DeadlineAt(), Berlin(9, 28, 16, 30));
  EXPECT_EQ(Ack(incident).ElapsedAt(Berlin(9, 27, 12)), Min(30));
  EXPECT_EQ(Ack(Open(config, "critical", friday)).DeadlineAt(), friday + Min(5));
  // Answered on Sunday: half an hour was used.
  const Incident answered =
      Acted(config, incident, IncidentAction::kAcknowledge, Berlin(9, 27, 12));
  EXPECT_EQ(Ack(answered).elapsed, Min(30));
  EXPECT_EQ(Ack(answered).breached_at, 0);
}

// What ends with the day's hours is met until the next day's begin.
TEST(SlaCalendar, ExactlyTheTargetIsMetUntilMoreCounts) {
  const IncidentsConfig config = WithOffice();
  const Incident incident = Open(config, "medium", Berlin(9, 25, 16));
  EXPECT_EQ(Ack(incident).DeadlineAt(), Berlin(9, 28, 9));
  EXPECT_EQ(
      Ack(Acted(config, incident, IncidentAction::kAcknowledge, Berlin(9, 28, 9))).breached_at, 0);
  EXPECT_NE(
      Ack(Acted(config, incident, IncidentAction::kAcknowledge, Berlin(9, 28, 9) + 1)).breached_at,
      0);
}

// Half of the hour has counted; the clock goes back into a time in which nothing counts, or more.
TEST(SlaCalendar, WhatHasCountedStaysWhenTheClockIsSetBack) {
  struct Case {
    Nanos opened;
    Nanos now;
    int64_t by;
    Nanos deadline;
  };
  const Case cases[] = {
      {Berlin(9, 28, 9), Berlin(9, 28, 9, 30), Hours(2), Berlin(9, 28, 9, 30)},
      {Berlin(9, 28, 9), Berlin(9, 28, 9, 30), Hours(70), Berlin(9, 25, 12)},
      {Berlin(9, 28, 8), Berlin(9, 28, 9, 30), Hours(64), Berlin(9, 28, 9, 30)},
      {Berlin(9, 28, 8), Berlin(9, 28, 9, 30), Hours(65), Berlin(9, 28, 9)},
  };
  const IncidentsConfig config = WithOffice();
  for (const Case& c : cases) {
    Incident incident = Open(config, "medium", c.opened);
    SetBack(c.by, c.now - c.by, &incident);
    EXPECT_EQ(Ack(incident).started_at, c.opened - c.by);
    EXPECT_EQ(Ack(incident).ElapsedAt(c.now - c.by), Min(30));
    EXPECT_EQ(Ack(incident).DeadlineAt(), c.deadline);
    EXPECT_GE(Ack(incident).PausedAt(c.now - c.by), 0);
  }
}

TEST(SlaCalendar, PausesCountByItToo) {
  const IncidentsConfig config = WithOffice();
  Incident incident = Open(config, "medium", Berlin(9, 25, 16, 30));
  incident = Paused(incident, "hold", Berlin(9, 25, 16, 45)).incident;
  incident = Resumed(incident, "hold", Berlin(9, 28, 10)).incident;
  EXPECT_EQ(Ack(incident).PausedAt(Berlin(9, 28, 10)), Min(75));
  EXPECT_EQ(Ack(incident).DeadlineAt(), Berlin(9, 28, 10, 45));
  // Raised to what counts around the clock: the weekend was on hold.
  incident = SetSeverity(config, incident, Severity::kCritical, Berlin(9, 28, 10)).incident;
  EXPECT_EQ(Fix(incident).ElapsedAt(Berlin(9, 28, 10)), Min(15));
  EXPECT_EQ(Fix(incident).DeadlineAt(), Berlin(9, 28, 10, 15));
}

TEST(SlaCalendar, AnEditMovesDeadlinesOfWhatRuns) {
  const Incident incident = Open(WithOffice(), "medium", Berlin(9, 25, 16, 30));
  IncidentDecision decision = From(incident);
  RecountSla(WithOffice({absl::CivilDay(2026, 9, 28)}), Berlin(9, 26, 12), &decision);
  EXPECT_TRUE(decision.events.empty());
  EXPECT_EQ(Ack(decision.incident).DeadlineAt(), Berlin(9, 29, 9, 30));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckBreach), Berlin(9, 29, 9, 30) + 1);
  // It is gone: what the severity has now counts.
  decision = From(incident);
  RecountSla(DefaultIncidentsConfig(), Berlin(9, 25, 16, 40), &decision);
  EXPECT_EQ(Kinds(decision), std::vector<std::string>{"sla_retargeted"});
  EXPECT_EQ(decision.events[0].text, "there is no calendar office any more: all time counts");
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckBreach), Berlin(9, 25, 17, 30) + 1);
}

TEST(SlaCalendar, RowsGiveBackWhatWasWritten) {
  const IncidentsConfig config = WithOffice();
  Incident incident = Open(config, "medium", Berlin(9, 25, 16, 30));
  incident = Paused(incident, "hold", Berlin(9, 25, 16, 45)).incident;
  incident = Resumed(incident, "hold", Berlin(9, 28, 10)).incident;
  incident = Acted(config, incident, IncidentAction::kAcknowledge, Berlin(9, 28, 10, 5));
  incident = Paused(incident, "hold", Berlin(9, 28, 11)).incident;
  for (const SlaClock& clock : incident.sla) {
    const StatusOr<SlaClock> read = DecodeSlaClock(EncodeSlaClock(clock));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(*read == clock);
    EXPECT_EQ(read->CalendarName(), "office");
    SlaClock changed = clock;
    changed.calendar = nullptr;
    EXPECT_FALSE(*read == changed);
  }
}

}  // namespace
}  // namespace outrider
