// SPDX-License-Identifier: Apache-2.0
// Escalation to people: users, whoever is on call at the moment of the page, fallbacks, and steps
// that find nobody.
#include "notifiers/config/paging_config.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

// anna until 30 minutes after kT0, then ben.
Schedule Primary() {
  Schedule schedule;
  schedule.name = "primary";
  schedule.gap_severity = "none";
  Layer layer;
  layer.name = "l";
  layer.rotation.start = absl::ToCivilSecond(absl::FromUnixNanos(kT0), absl::UTCTimeZone()) - 1800;
  layer.rotation.unit = ShiftUnit::kHours;
  layer.rotation.participants = {"anna", "ben"};
  schedule.layers = {layer};
  return schedule;
}

class OnCallDeskTest : public DeskTest {
 protected:
  // Tiers at 0, 5, 60 minutes … with these receivers.
  void Setup(const std::vector<std::string>& tiers, std::vector<Schedule> schedules) {
    Adjust([this, tiers, schedules = std::move(schedules)](DeskConfig& config) {
      EscalationPolicy& policy = config.incidents.escalation_policies[0];
      constexpr DurationMs kDelays[] = {0, 5 * kMinute, 60 * kMinute};
      policy.tiers.resize(tiers.size());
      for (size_t i = 0; i < tiers.size(); ++i) {
        policy.tiers[i].delay = kDelays[i];
        policy.tiers[i].receivers = {tiers[i]};
      }
      config.schedules = schedules;
      std::vector<Receiver> receivers;
      for (const char* name : {"team", "user:anna", "user:ben", "user:boss", "user:mute"}) {
        Receiver receiver;
        receiver.name = name;
        if (receiver.name != "user:mute") {
          Integration integration;
          integration.kind = "webhook";
          integration.channel = std::make_unique<FakeChannel>(inbox_[name], true);
          receiver.integrations.push_back(std::move(integration));
        }
        receivers.push_back(std::move(receiver));
      }
      config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    });
  }

  std::vector<std::string> Remarks() {
    std::vector<std::string> texts;
    const auto detail = desk_->GetIncident(Newest()->id, clock_.NowNanos());
    EXPECT_TRUE(detail.ok()) << detail.status();
    if (!detail.ok()) return texts;
    for (const AuditEvent& event : detail->events) {
      if (event.kind == AuditKind::kEscalationSkipped) texts.push_back(event.text);
    }
    return texts;
  }
};

TEST_F(OnCallDeskTest, WhoeverIsOnCallAtTheMomentOfThePageIsTold) {
  Setup({"schedule:primary", "user:boss", "schedule:primary"}, {Primary()});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(Got("user:anna"), 1U);
  EXPECT_EQ(Got("user:ben"), 0U);
  Run(6 * 60);
  EXPECT_EQ(Got("user:boss"), 1U);
  Run(3600);
  EXPECT_EQ(Got("user:anna"), 1U);
  EXPECT_EQ(Got("user:ben"), 1U) << "the shift has changed meanwhile";
  EXPECT_TRUE(Remarks().empty());
}

TEST_F(OnCallDeskTest, ThoseWhoWerePagedHearOfTheRecovery) {
  Setup({"schedule:primary"}, {Primary()});
  const Alert alert = MakeAlert("Down", "critical");
  ASSERT_TRUE(Fire(alert).ok());
  Run(45 * 60);
  ASSERT_TRUE(End(alert).ok());
  Run(60);
  EXPECT_EQ(Got("user:anna"), 2U) << "although ben is on call now";
  EXPECT_EQ(Got("user:ben"), 0U);
}

TEST_F(OnCallDeskTest, WhereNobodyIsTheNextTierIsPagedAtOnce) {
  Schedule empty = Primary();
  empty.layers[0].rotation.participants = {""};
  Setup({"schedule:primary", "user:mute", "user:boss"}, {empty});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(Got("user:boss"), 1U) << "without the hour of waiting";
  EXPECT_EQ(Remarks(), (std::vector<std::string>{"tier 1: nobody is on call in primary",
                                                 "tier 2: mute has no contact method"}));
  EXPECT_FALSE(Newest()->escalation.active);
}

TEST_F(OnCallDeskTest, TheFallbackIsToldAndTheGapRemarked) {
  Schedule schedule = Primary();
  schedule.layers[0].rotation.participants = {"mute"};
  schedule.fallback = {"boss"};
  Setup({"schedule:primary"}, {schedule});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(Got("user:boss"), 1U);
  EXPECT_EQ(Remarks(),
            (std::vector<std::string>{
                "tier 1: who is on call in primary has no contact method: its fallback is told"}));
}

TEST_F(OnCallDeskTest, AScheduleThatIsGoneIsAGap) {
  Setup({"schedule:primary"}, {});
  ASSERT_TRUE(Fire(MakeAlert("Down", "critical")).ok());
  Run(10);
  EXPECT_EQ(Remarks(),
            (std::vector<std::string>{
                "tier 1: there is no schedule primary",
                "tier 1: nobody was told in this round, and the policy has no fallback"}));
}

// The texts of what fires and is of a schedule.
class OnCallCheckTest : public OnCallDeskTest {
 protected:
  std::vector<std::string> Warnings() {
    std::vector<std::string> texts;
    for (const AlertView& view : desk_->Alerts(clock_.NowNanos())) {
      texts.push_back(view.alert.annotations.at("summary"));
    }
    return texts;
  }
  Schedule Checked() {
    Schedule schedule = Primary();
    schedule.gap_severity = "medium";
    schedule.layers[0].rotation.unit = ShiftUnit::kDays;
    return schedule;
  }
};

TEST_F(OnCallCheckTest, AGapWithinTwoWeeksIsAnIncidentUntilItIsFilled) {
  Schedule schedule = Checked();
  schedule.layers[0].rotation.participants = {"anna", "", "ben"};
  Setup({"user:boss"}, {schedule});
  Run(1);
  ASSERT_EQ(Warnings().size(), 1U);
  EXPECT_EQ(Warnings()[0],
            "nobody is on call in primary from 2026-09-22T13:43:20+00:00 (UTC) to "
            "2026-09-23T13:43:20+00:00 (UTC)");
  const auto incident = Newest();
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->source, IncidentSource::kSchedule);
  EXPECT_EQ(incident->severity, Severity::kMedium);
  EXPECT_EQ(incident->labels.Get("schedule"), "primary");
  schedule.layers[0].rotation.participants = {"anna", "ben"};
  Setup({"user:boss"}, {schedule});
  Run(1);
  EXPECT_TRUE(Warnings().empty());
  EXPECT_EQ(Newest()->state, IncidentState::kResolved);
  EXPECT_EQ(Newest()->resolved_by, "") << "by the system";
}

TEST_F(OnCallCheckTest, AGapComesIntoSightByItself) {
  Schedule schedule = Checked();
  schedule.layers[0].until = kT0 + 20 * kDay * kNanosPerMilli;
  Setup({"user:boss"}, {schedule});
  Run(86'400);
  EXPECT_TRUE(Warnings().empty());
  Run(6 * 86'400);
  EXPECT_EQ(Warnings().size(), 1U) << "the layer ends within two weeks";
}

TEST_F(OnCallCheckTest, AGapThatIsPastEndsItsIncident) {
  Schedule schedule = Checked();
  schedule.overrides = {{OverrideKind::kRemove, "anna", "", kT0, kT0 + Sec(600), ""}};
  Setup({"user:boss"}, {schedule});
  Run(1);
  EXPECT_EQ(Warnings().size(), 1U);
  Run(600);
  EXPECT_TRUE(Warnings().empty()) << "without waiting for the next day";
}

TEST_F(OnCallCheckTest, WhoCannotBeReachedIsNamedAndSeverityIsConfigured) {
  Schedule schedule = Checked();
  schedule.gap_severity = "critical";
  schedule.layers[0].rotation.participants = {"anna", "mute"};
  Setup({"user:boss"}, {schedule});
  Run(1);
  ASSERT_EQ(Warnings().size(), 1U);
  EXPECT_EQ(Warnings()[0],
            "mute is on call in primary from 2026-09-22T13:43:20+00:00 (UTC) on and has no "
            "contact method");
  EXPECT_EQ(Newest()->severity, Severity::kCritical);
  EXPECT_EQ(Got("user:boss"), 1U) << "an incident as any other";
  schedule.gap_severity = "none";
  Setup({"user:boss"}, {schedule});
  Run(1);
  EXPECT_TRUE(Warnings().empty());
}

// Pages leave contact methods alone that nobody confirmed: whoever has only those is not reached.
TEST_F(OnCallCheckTest, WhoHasOnlyUnverifiedContactMethodsCannotBeReached) {
  Setup({"user:boss"}, {Checked()});
  Run(1);
  EXPECT_TRUE(Warnings().empty());
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    PagingConfig people;
    people.require_verified = true;
    for (const char* user : {"anna", "ben"}) people.users[user].contacts["webhook[0]"] = {"", 7};
    config.incidents.people = std::make_shared<const PagingConfig>(people);
  });
  Run(1);
  std::vector<std::string> warnings = Warnings();
  std::ranges::sort(warnings);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[1],
            "ben is on call in primary from 2026-09-22T13:43:20+00:00 (UTC) on and has no contact "
            "method that is verified");
  ASSERT_TRUE(desk_->StartVerification("ben", "webhook[0]", clock_.NowNanos()).ok());
  Run(1);
  const std::string title = inbox_["user:ben"].got.back().title;
  ASSERT_TRUE(
      desk_
          ->ConfirmVerification({"ben", "webhook[0]"}, title.substr(title.rfind(' ') + 1),
                                {.incident_id = "", .who = "ben", .channel = "api", .note = ""},
                                clock_.NowNanos())
          .ok());
  Run(1);
  ASSERT_EQ(Warnings().size(), 1U) << "ended by the verification, not by the next day";
  EXPECT_TRUE(Warnings()[0].starts_with("anna is on call")) << Warnings()[0];
}

TEST_F(OnCallCheckTest, ARestartKeepsOneIncident) {
  Schedule schedule = Checked();
  schedule.layers[0].rotation.participants = {""};
  Setup({"user:boss"}, {schedule});
  Run(1);
  const std::string id = Newest()->id;
  Start(*disk_);
  Run(86'400 * 3);
  EXPECT_EQ(desk_->Incidents({}).total, 1U);
  EXPECT_EQ(Newest()->id, id);
  EXPECT_TRUE(Newest()->Open());
}

}  // namespace
}  // namespace outrider
