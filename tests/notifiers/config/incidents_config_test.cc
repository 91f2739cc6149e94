// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/incidents_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

SlaTarget Sla(const IncidentsConfig& config, Severity severity) {
  return config.sla[static_cast<size_t>(severity)];
}

TEST(IncidentsConfig, Defaults) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  struct Row {
    Severity severity;
    int acknowledge;
    int resolve;
  };
  for (const Row& row : {Row{Severity::kCritical, 5, 30}, Row{Severity::kHigh, 15, 120},
                         Row{Severity::kMedium, 60, 480}, Row{Severity::kLow, 240, 1440},
                         Row{Severity::kInfo, 1440, 10080}}) {
    EXPECT_EQ(Sla(config, row.severity).acknowledge, row.acknowledge * kMinute);
    EXPECT_EQ(Sla(config, row.severity).resolve, row.resolve * kMinute);
    EXPECT_EQ(ParseSeverity(SeverityText(row.severity)), row.severity);
  }
  EXPECT_THAT(config.group_by, ElementsAre("alertname", "cluster", "namespace", "service"));
  EXPECT_TRUE(config.escalation_policies.empty());
}

TEST(IncidentsConfig, SeverityOfALabel) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const std::pair<std::string_view, Severity> table[] = {
      {"page", Severity::kCritical},  {"critical", Severity::kCritical},
      {"error", Severity::kHigh},     {"high", Severity::kHigh},
      {"warning", Severity::kMedium}, {"medium", Severity::kMedium},
      {"", Severity::kMedium},        {"low", Severity::kLow},
      {"info", Severity::kInfo},      {"Critical", Severity::kCritical},
      {"strange", Severity::kMedium}};
  for (const auto& [label, severity] : table)
    EXPECT_EQ(SeverityOf(config, label), severity) << label;
}

TEST(IncidentsConfig, DefaultMatchLeavesOutWhatNobodyHandles) {
  const IncidentsConfig config = DefaultIncidentsConfig();
  const std::pair<Labels, bool> table[] = {
      {{{"alertname", "X"}, {"severity", "critical"}}, true},
      {{{"alertname", "X"}}, true},
      {{{"alertname", "X"}, {"severity", "none"}}, false},
      {{{"alertname", "Watchdog"}}, false},
      {{{"alertname", "InfoInhibitor"}, {"severity", "critical"}}, false},
      {{{"alertname", "WatchdogX"}}, true}};
  for (const auto& [labels, opens] : table) {
    EXPECT_EQ(MatchesAll(config.match, labels), opens) << labels.ToString();
  }
}

TEST(IncidentsConfig, ReadsEveryKey) {
  const auto config = ParseIncidentsConfig(R"(
group_by: [alertname]
match: ['team="x"']
severity_map: {P1: critical, page: high}
default_severity: low
sla: {critical: {acknowledge: 1m}, info: {acknowledge: 1h, resolve: 2h}}
reopen_window: 10m
retention: 30d
ack_stops_repeats: true
strict_legacy: true
escalation_policies:
- name: ours
  severities: [critical, high]
  tiers:
  - {delay: 15m, receivers: [boss]}
  - {delay: 0s, receivers: [primary, chat]}
  repeat: 2
  repeat_interval: 30m
- name: engine
  rules: {tiers: [{level: 1, delay_minutes: 0, channels: [email], recipients: [a@x]}, {level: 2, delay_minutes: 5, channels: [sms]}]}
- name: schema
  rules:
  - {tier: 1, delay_minutes: 2.5, targets: ["oncall:primary"], channels: [email, "webhook:slack"]}
- name: off
  enabled: false
  tiers: [{delay: 1m, receivers: [x]}]
)",
                                           "incidents.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->group_by, ElementsAre("alertname"));
  EXPECT_EQ(config->match.size(), 1u);
  EXPECT_EQ(SeverityOf(*config, "p1"), Severity::kCritical);
  EXPECT_EQ(SeverityOf(*config, "page"), Severity::kHigh);
  EXPECT_EQ(SeverityOf(*config, "error"), Severity::kHigh);
  EXPECT_EQ(SeverityOf(*config, ""), Severity::kLow);
  EXPECT_EQ(Sla(*config, Severity::kCritical).acknowledge, kMinute);
  EXPECT_EQ(Sla(*config, Severity::kCritical).resolve, 30 * kMinute);
  EXPECT_EQ(Sla(*config, Severity::kInfo).resolve, 2 * kHour);
  EXPECT_EQ(config->reopen_window, 10 * kMinute);
  EXPECT_EQ(config->retention, 30 * kDay);
  EXPECT_TRUE(config->ack_stops_repeats);
  EXPECT_TRUE(config->strict_legacy);
  ASSERT_EQ(config->escalation_policies.size(), 3u);
  const EscalationPolicy& ours = config->escalation_policies[0];
  EXPECT_THAT(ours.severities, ElementsAre(Severity::kCritical, Severity::kHigh));
  ASSERT_EQ(ours.tiers.size(), 2u);
  EXPECT_EQ(ours.tiers[0].delay, 0);
  EXPECT_THAT(ours.tiers[0].receivers, ElementsAre("primary", "chat"));
  EXPECT_EQ(ours.tiers[1].delay, 15 * kMinute);
  EXPECT_EQ(ours.repeat, 2);
  EXPECT_EQ(ours.repeat_interval, 30 * kMinute);
  const EscalationPolicy& engine = config->escalation_policies[1];
  EXPECT_THAT(engine.tiers[0].receivers, ElementsAre("email"));
  EXPECT_THAT(config->warnings,
              ElementsAre("incidents.yml:20:19: \"a@x\" is not told: name a "
                          "receiver, user:NAME, schedule:NAME or team:NAME",
                          "incidents.yml:23:75: the channel \"email\" has no effect beside those "
                          "whom the tier names: they are told by their own contact methods"));
  EXPECT_EQ(engine.tiers[1].delay, 5 * kMinute);
  const EscalationPolicy& schema = config->escalation_policies[2];
  EXPECT_THAT(schema.tiers[0].receivers, ElementsAre("schedule:primary", "slack"));
  EXPECT_EQ(schema.tiers[0].delay, 150 * kSecond);
}

TEST(IncidentsConfig, Errors) {
  const std::pair<std::string_view, std::string> table[] = {
      {"groupby: [x]", "i.yml:1:1: field groupby not found in type incidents"},
      {"group_by: ['...', job]", "i.yml:1:11: group_by: ... stands alone, for all labels"},
      {"group_by: ['']", "i.yml:1:11: invalid label name \"\" in group_by"},
      {"sla: {high: {acknowledge: 11y}}", "i.yml:1:13: an SLA target must not be longer than 10y"},
      {"reopen_window: 11y", "i.yml:1:16: must not be longer than 10y"},
      {"retention: 11y", "i.yml:1:12: must not be longer than 10y"},
      {"retention: 12h", "i.yml:1:12: must be at least 1d"},
      {"sla: {urgent: {acknowledge: 1m}}",
       "i.yml:1:7: unknown severity \"urgent\": critical, high, medium, low and info are known"},
      {"sla: {high: {acknowledge: 0s}}", "an SLA target must be longer than zero"},
      {"severity_map: {x: y}",
       "unknown severity \"y\": critical, high, medium, low and info are known"},
      {"match: [foo]", "i.yml:1:9: bad matcher format: foo"},
      {"escalation_policies: [{tiers: [{receivers: [a]}]}]", "missing name in escalation policy"},
      {"escalation_policies: [{name: a}]", "a policy needs either tiers or rules"},
      {"escalation_policies: [{name: a, tiers: []}]", "an escalation policy needs a tier"},
      {"escalation_policies: [{name: a, tiers: [{delay: 1m}]}]",
       "a tier needs receivers, users, schedules, teams or channels"},
      {"escalation_policies: [{name: a, rules: [{tier: 1, channels: [x]}, {tier: 1, channels: "
       "[y]}]}]",
       "tier 1 is there twice"},
      {"escalation_policies: [{name: a, tiers: [{receivers: [x]}]}, {name: a, tiers: [{receivers: "
       "[x]}]}]",
       "escalation policy \"a\" is not unique"},
      {"escalation_policies: [{name: a, severities: [bad], tiers: [{receivers: [x]}]}]",
       "unknown severity \"bad\""},
  };
  for (const auto& [text, error] : table) {
    EXPECT_THAT(Message(ParseIncidentsConfig(text, "i.yml").status()), EndsWith(error)) << text;
  }
  EXPECT_TRUE(ParseIncidentsConfig("", "i.yml").ok());
}

}  // namespace
}  // namespace outrider
