// SPDX-License-Identifier: Apache-2.0
// Escalation to people: users, whoever is on call at the moment of the page, fallbacks, and steps
// that find nobody.
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

// anna until 30 minutes after kT0, then ben.
Schedule Primary() {
  Schedule schedule;
  schedule.name = "primary";
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

}  // namespace
}  // namespace outrider
