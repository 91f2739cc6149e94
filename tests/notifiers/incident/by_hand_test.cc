// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/by_hand.h"

#include "notifiers/incident/overlays.h"
#include "tests/notifiers/incident/incident_fixture.h"

namespace outrider {
namespace {

const Actor kAnna{"anna", "api", ""};

NewIncident Wanted() {
  return {.title = "Shop is slow",
          .summary = "customers call",
          .severity = Severity::kCritical,
          .labels = Labels({{"team", "web"}, {"service", "shop"}}),
          .policy = "",
          .source = IncidentSource::kHand};
}

TEST(ByHand, IsAnIncidentLikeAnyOther) {
  const IncidentsConfig config = Config({Tier(0, {"pager"})});
  const IncidentDecision decision = OpenNewIncident(config, "i1", Wanted(), kAnna, kT0).value();
  const Incident& incident = decision.incident;
  EXPECT_EQ(incident.source, IncidentSource::kHand);
  EXPECT_EQ(incident.key, "hand:i1");
  EXPECT_EQ(incident.team, "web");
  EXPECT_EQ(incident.service, "shop");
  EXPECT_EQ(incident.labels, Labels({{"alertname", "Shop is slow"},
                                     {"service", "shop"},
                                     {"severity", "critical"},
                                     {"team", "web"}}));
  EXPECT_EQ(TimerOf(decision, TimerKind::kAckBreach), kT0 + Min(5) + 1);
  ASSERT_EQ(decision.pages.size(), 1U);
  EXPECT_EQ(decision.pages[0].receiver, "pager");
  ASSERT_FALSE(decision.events.empty());
  EXPECT_EQ(decision.events[0].who, "anna");
  const auto& data = decision.events[0].data;
  EXPECT_EQ(data.at("severity"), "critical");
  EXPECT_EQ(data.at("source"), "hand");
  EXPECT_EQ(data.at("team"), "web");
  EXPECT_EQ(data.at("service"), "shop");
}

TEST(ByHand, TakesSeverityAndPolicyAsAnAlertDoes) {
  IncidentsConfig config = Config({Tier(0, {"pager"})});
  NewIncident wanted = Wanted();
  wanted.severity = std::nullopt;
  wanted.labels = Labels({{"severity", "page"}});
  EXPECT_EQ(OpenNewIncident(config, "i1", wanted, kAnna, kT0)->incident.severity,
            Severity::kCritical);
  wanted.labels = {};
  const Incident usual = OpenNewIncident(config, "i1", wanted, kAnna, kT0)->incident;
  EXPECT_EQ(usual.severity, config.default_severity);
  EXPECT_EQ(usual.escalation.policy, "");
  wanted.policy = "p";
  EXPECT_EQ(OpenNewIncident(config, "i1", wanted, kAnna, kT0)->incident.escalation.policy, "p");
}

TEST(ByHand, SaysWhatIsMissing) {
  const IncidentsConfig config = Config({});
  NewIncident untitled = Wanted();
  untitled.title = "  ";
  NewIncident endless = Wanted();
  endless.title = std::string(kMaxTitle + 1, 'x');
  NewIncident unknown = Wanted();
  unknown.policy = "nosuch";
  for (const NewIncident& wanted : {untitled, endless, unknown}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(OpenNewIncident(config, "i1", wanted, kAnna, kT0).status()));
  }
}

TEST(ByHand, DoesNotEndWithAlertsThatWereMergedIntoIt) {
  const IncidentsConfig config = Config({});
  const Incident hand = OpenNewIncident(config, "i1", Wanted(), kAnna, kT0)->incident;
  const Incident other = OpenIncident(config, "i2", MakeAlert("critical"), nullptr, kT0).incident;
  const Incident both = TakeOver(config, hand, other, kAnna, kT0 + Min(1)).incident;
  ASSERT_EQ(both.firing.size(), 1U);
  const Incident after = ResolveAlert(both, MakeAlert("critical"), kT0 + Min(2)).incident;
  EXPECT_TRUE(after.firing.empty());
  EXPECT_TRUE(after.Open());
}

}  // namespace
}  // namespace outrider
