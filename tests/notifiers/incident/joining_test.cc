// SPDX-License-Identifier: Apache-2.0
// One alert more in an incident, decided in place: as AddAlert decides it, where it may.
#include "notifiers/incident/joining.h"

#include "tests/notifiers/incident/incident_fixture.h"

namespace outrider {
namespace {

TEST(Joining, InPlaceIsAsAddAlert) {
  const IncidentsConfig config = Config({Tier(0, {"pager"})});
  Incident many = Open(config).incident;
  for (uint64_t i = 1; many.alerts.size() < kMaxIncidentAlerts; ++i) many.alerts.insert(i);
  Incident again = Open(config).incident;  // it had `b` before
  again.alerts.insert(MakeAlert("high", "b").Fingerprint());
  struct Case {
    const char* name;
    Incident incident;
    const char* severity;
    Nanos starts_at;
  };
  const Case cases[] = {
      {"a second one", Open(config).incident, "critical", kT0},
      {"of less severity, from long ago", Open(config).incident, "warning", kT0 - Min(60)},
      {"one that fires already", Open(config).incident, "critical", kT0 + Min(1)},
      {"one that fired before", again, "high", kT0},
      {"with as many alerts as are kept", many, "high", kT0},
  };
  for (const Case& c : cases) {
    const bool same = std::string_view(c.name).starts_with("one that fires");
    Alert alert = MakeAlert(c.severity, same ? "a" : "b");
    alert.starts_at = {c.starts_at, 0};
    const Nanos now = kT0 + Min(2);
    ASSERT_TRUE(JoinsQuietly(c.incident, SeverityOf(config, c.severity))) << c.name;
    const IncidentDecision wanted = AddAlert(config, c.incident, alert, now);
    EXPECT_TRUE(wanted.timers.empty() && wanted.pages.empty()) << c.name;
    Incident got = c.incident;
    const auto event =
        JoinQuietly({alert.Fingerprint(), alert.labels, alert.starts_at.nanos}, now, &got);
    // The desk counts the events of a decision.
    EXPECT_EQ(got.audit_events, c.incident.audit_events + wanted.events.size()) << c.name;
    got.audit_events = wanted.incident.audit_events;
    EXPECT_EQ(EncodeIncident(got), EncodeIncident(wanted.incident)) << c.name;
    EXPECT_EQ(got.firing, wanted.incident.firing) << c.name;
    EXPECT_EQ(got.alerts, wanted.incident.alerts) << c.name;
    ASSERT_EQ(event.has_value(), wanted.events.size() == 1) << c.name;
    if (event) {
      EXPECT_EQ(*event, wanted.events[0]) << c.name;
    }
  }
}

TEST(Joining, MoreMayComeOfIt) {
  const IncidentsConfig config = Config({Tier(0, {"pager"})});
  struct Case {
    const char* name;
    void (*change)(Incident*);
  };
  const Case cases[] = {
      {"resolved", [](Incident* i) { i->state = IncidentState::kResolved; }},
      {"nothing of it fires", [](Incident* i) { i->firing.clear(); }},
      {"part of another", [](Incident* i) { i->merged_into = "i2"; }},
      {"less severe", [](Incident* i) { i->severity = Severity::kMedium; }},
      {"held back", [](Incident* i) { i->escalation.held_at = kT0; }},
      {"snoozed", [](Incident* i) { i->snoozed_until = kT0 + Min(9); }},
      {"its clocks stand still", [](Incident* i) { i->pauses.insert("maintenance:w"); }},
      {"explained by an outage", [](Incident* i) { i->suppressed_by = "i2"; }},
  };
  for (const Case& c : cases) {
    Incident incident = Open(config).incident;
    ASSERT_TRUE(JoinsQuietly(incident, Severity::kCritical)) << c.name;
    c.change(&incident);
    EXPECT_FALSE(JoinsQuietly(incident, Severity::kCritical)) << c.name;
  }
}

}  // namespace
}  // namespace outrider
