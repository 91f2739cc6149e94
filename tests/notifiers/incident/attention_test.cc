// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/attention.h"

#include "notifiers/incident/overlays.h"
#include "tests/notifiers/incident/incident_fixture.h"

namespace outrider {
namespace {

using S = IncidentState;
using A = IncidentAction;
const Actor kAnna{"anna", "cli", ""};

IncidentsConfig Asking() {
  IncidentsConfig config = Config({Tier(0, {"pager"})});
  config.attention[static_cast<size_t>(Severity::kCritical)] = {
      .acknowledge_timeout = kHour, .confirm_within = 15 * kMinute, .auto_resolve = 0};
  return config;
}

IncidentDecision Acknowledged(const IncidentsConfig& config) {
  return Act(config, Open(config).incident, A::kAcknowledge, kAnna, kT0 + Min(1)).value();
}

TEST(AckTimeout, AsksAndThenTakesItBack) {
  const IncidentsConfig config = Asking();
  const IncidentDecision taken = Acknowledged(config);
  EXPECT_EQ(TimerOf(taken, TimerKind::kAckReminder), kT0 + Min(61));
  const IncidentDecision asked = OnAckReminder(config, taken.incident, kT0 + Min(61));
  EXPECT_EQ(asked.incident.ack_asked_at, kT0 + Min(61));
  EXPECT_EQ(asked.incident.state, S::kAcknowledged);
  EXPECT_EQ(CountEvents(asked, AuditKind::kAckReminded), 1);
  EXPECT_EQ(TimerOf(asked, TimerKind::kAckTimeout), kT0 + Min(76));
  ASSERT_EQ(asked.pages.size(), 1U);
  EXPECT_EQ(asked.pages[0].receiver, "user:anna");
  EXPECT_EQ(asked.pages[0].tier, kAskTier);
  EXPECT_EQ(asked.pages[0].epoch, asked.incident.epoch);
  const IncidentDecision back = OnAckTimeout(config, asked.incident, kT0 + Min(76));
  EXPECT_EQ(back.incident.state, S::kNew);
  EXPECT_EQ(back.incident.ack_asked_at, 0);
  EXPECT_EQ(back.incident.acknowledged_at, kT0 + Min(1)) << "the first answer stays";
  EXPECT_EQ(CountEvents(back, AuditKind::kAckTimedOut), 1);
  ASSERT_EQ(back.pages.size(), 1U);
  EXPECT_EQ(back.pages[0].receiver, "pager");
  EXPECT_EQ(back.pages[0].epoch, asked.incident.epoch + 1);
}

TEST(AckTimeout, AConfirmationWaitsForTheNextQuestion) {
  const IncidentsConfig config = Asking();
  const IncidentDecision asked =
      OnAckReminder(config, Acknowledged(config).incident, kT0 + Min(61));
  const IncidentDecision sure =
      ConfirmAcknowledgement(config, asked.incident, {"bob", "slack", ""}, kT0 + Min(70)).value();
  EXPECT_EQ(sure.incident.ack_asked_at, 0);
  EXPECT_EQ(TimerOf(sure, TimerKind::kAckTimeout), 0);
  EXPECT_EQ(TimerOf(sure, TimerKind::kAckReminder), kT0 + Min(130));
  EXPECT_GT(sure.incident.epoch, asked.incident.epoch) << "a question under way is dropped";
  EXPECT_EQ(sure.events[0].who, "bob");
  EXPECT_TRUE(OnAckTimeout(config, sure.incident, kT0 + Min(76)).events.empty());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ConfirmAcknowledgement(config, Open(config).incident, kAnna, kT0).status()));
}

TEST(AckTimeout, ConcernsWhatIsAcknowledgedOnly) {
  const IncidentsConfig config = Asking();
  const Incident asked = OnAckReminder(config, Acknowledged(config).incident, kT0).incident;
  for (const A action : {A::kInvestigate, A::kResolve, A::kUnacknowledge}) {
    const IncidentDecision moved = Act(config, asked, action, kAnna, kT0 + Min(62)).value();
    EXPECT_EQ(moved.incident.ack_asked_at, 0);
    EXPECT_EQ(TimerOf(moved, TimerKind::kAckReminder), 0);
    EXPECT_EQ(TimerOf(moved, TimerKind::kAckTimeout), 0);
    EXPECT_TRUE(OnAckReminder(config, moved.incident, kT0 + Min(99)).events.empty());
  }
  IncidentsConfig off = config;
  off.allow_unacknowledge = false;
  EXPECT_LE(TimerOf(Acknowledged(off), TimerKind::kAckReminder), 0);
  EXPECT_LE(TimerOf(Acknowledged(Config({})), TimerKind::kAckReminder), 0);
}

TEST(AckTimeout, WaitsWhileItIsSnoozed) {
  const IncidentsConfig config = Asking();
  const Incident taken = Acknowledged(config).incident;
  const Incident asleep = SnoozeIncident(taken, kT0 + Min(600), kAnna, kT0 + Min(2))->incident;
  const IncidentDecision later = OnAckReminder(config, asleep, kT0 + Min(61));
  EXPECT_TRUE(later.events.empty());
  EXPECT_EQ(TimerOf(later, TimerKind::kAckReminder), kT0 + Min(600));
  // Asked already: the question is put off.
  const Incident asked = OnAckReminder(config, taken, kT0 + Min(61)).incident;
  const IncidentDecision put_off =
      SnoozeIncident(asked, kT0 + Min(600), kAnna, kT0 + Min(62)).value();
  EXPECT_EQ(put_off.incident.ack_asked_at, 0);
  EXPECT_EQ(TimerOf(put_off, TimerKind::kAckTimeout), 0);
  EXPECT_EQ(TimerOf(put_off, TimerKind::kAckReminder), kT0 + Min(600));
}

TEST(Quiet, ResolvesWhatNothingHappensTo) {
  IncidentsConfig config = Config({});
  config.attention[static_cast<size_t>(Severity::kCritical)].auto_resolve = kDay;
  Incident incident = Open(config).incident;
  EXPECT_EQ(QuietAt(config, incident), 0) << "it fires";
  incident.firing = {};
  const Nanos due = kT0 + Min(24 * 60);
  EXPECT_EQ(QuietAt(config, incident), due);
  EXPECT_TRUE(OnQuiet(config, incident, due - 1).events.empty());
  const IncidentDecision over = OnQuiet(config, incident, due);
  EXPECT_EQ(over.incident.state, S::kResolved);
  EXPECT_EQ(over.incident.resolved_by, "");
  const Incident noted = AddIncidentNote(incident, {"anna", "", "hm"}, kT0 + Min(60))->incident;
  EXPECT_EQ(QuietAt(config, noted), due + Min(60));
  const Incident asleep = SnoozeIncident(incident, due, kAnna, kT0)->incident;
  EXPECT_EQ(QuietAt(config, asleep), due + Min(24 * 60));
  incident.merged_into = "i2";
  EXPECT_EQ(QuietAt(config, incident), 0);
}

TEST(Quiet, ReopensWhatFiresOnAfterAPersonResolvedIt) {
  IncidentsConfig config = Config({Tier(0, {"pager"})});
  const Incident over =
      Act(config, Open(config).incident, A::kResolve, kAnna, kT0 + Min(1))->incident;
  EXPECT_EQ(QuietAt(config, over), 0) << "off by default";
  config.reopen_if_still_firing_after = 30 * kMinute;
  EXPECT_EQ(QuietAt(config, over), kT0 + Min(31));
  const IncidentDecision again = OnQuiet(config, over, kT0 + Min(31));
  EXPECT_EQ(again.incident.state, S::kNew);
  EXPECT_EQ(again.pages.size(), 1U);
  EXPECT_EQ(again.events[0].text, "still firing 30m after anna resolved it");
  const Incident ended = ResolveAlert(over, MakeAlert("critical"), kT0 + Min(20)).incident;
  EXPECT_EQ(QuietAt(config, ended), 0) << "nothing fires any more";
  config.allow_reopen = false;
  EXPECT_EQ(QuietAt(config, over), 0);
}

TEST(ReopenWindow, CountsFromTheLastAlertWhenThatIsLater) {
  const IncidentsConfig config = Config({});
  const Incident over =
      Act(config, Open(config).incident, A::kResolve, kAnna, kT0 + Min(1))->incident;
  EXPECT_FALSE(WithinReopenWindow(config, over, kT0 + Min(62)));
  const Incident ended = ResolveAlert(over, MakeAlert("critical"), kT0 + Min(60)).incident;
  EXPECT_TRUE(WithinReopenWindow(config, ended, kT0 + Min(65)));
  EXPECT_FALSE(WithinReopenWindow(config, ended, kT0 + Min(65) + 1));
}

}  // namespace
}  // namespace outrider
