// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/paging_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/escalation_config.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

StatusOr<IncidentsConfig> Parse(std::string_view text) {
  return ParseIncidentsConfig(text, "i.yml");
}

TEST(PagingConfig, ReadsEveryKey) {
  const auto config = Parse(R"(
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}], location: Europe/Berlin}]}
users:
- name: anna
  time_zone: Europe/Berlin
  twilio_sms_configs: [{to: "+1", account_sid: AC1}]
  email_configs: [{to: a@x}, {to: b@x}]
  rules:
    default: [{method: "sms", wait: 5m}, {method: "email[1]"}]
    important: [{method: "sms[0]"}]
  important_severities: [critical]
  quiet_hours: [{severities: [info], hours: ["22:00-07:00"], weekdays: ["friday:saturday"]}]
- {name: ben, email_configs: [{to: b@x}]}
teams: [{name: db, members: [anna, ben], lead: anna}]
paging:
  require_verified: true
  throttle: {limits: {sms: [{count: 2, per: 1h}]}, provider: {count: 9, per: 1m}}
  bundle: {more_than: 5, within: 1m}
escalation_policies:
- name: p
  match: ['team="db"', 'env=~"prod|stage"']
  active_time_intervals: [nights]
  tiers: [{teams: [db], round_robin: true}, {delay: 5m, targets: ["lead:db"]}]
  fallback: ["user:ben"]
  repeat: forever
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->warnings, IsEmpty());
  const PagingConfig& people = *config->people;
  const UserPaging& anna = *people.FindUser("anna");
  ASSERT_EQ(anna.rules.size(), 2U);
  EXPECT_EQ(anna.rules[0].integration, "email[1]") << "by their wait";
  EXPECT_EQ(anna.rules[1].integration, "twilio_sms[0]");
  EXPECT_EQ(anna.rules[1].wait, 5 * kMinute);
  EXPECT_EQ(anna.RulesFor(Severity::kCritical)[0].integration, "twilio_sms[0]");
  EXPECT_EQ(anna.RulesFor(Severity::kHigh).size(), 2U) << "only critical is important to anna";
  EXPECT_EQ(anna.contacts.at("twilio_sms[0]").account, "AC1");
  EXPECT_TRUE(people.FindUser("ben")->RulesFor(Severity::kCritical).empty());
  ASSERT_EQ(anna.quiet_hours.size(), 1U);
  const QuietHours& quiet = anna.quiet_hours[0];
  EXPECT_THAT(quiet.severities, ElementsAre(Severity::kInfo));
  ASSERT_EQ(quiet.hours.size(), 2U);
  EXPECT_EQ(quiet.hours[0].location, "Europe/Berlin");
  EXPECT_EQ(quiet.hours[0].weekdays, (std::vector<TimeIntervalSpec::Range>{{5, 6}}));
  EXPECT_EQ(quiet.hours[1].weekdays, (std::vector<TimeIntervalSpec::Range>{{0, 0}, {6, 6}}))
      << "what is left of Friday's and Saturday's nights";
  EXPECT_EQ(people.FindTeam("db")->lead, "anna");
  EXPECT_TRUE(people.require_verified);
  EXPECT_EQ(people.limits.at("twilio_sms"), (std::vector<RateLimit>{{2, kHour}}));
  EXPECT_EQ(people.limits.at("twilio_voice").size(), 4U) << "by default";
  EXPECT_EQ(people.provider, (RateLimit{9, kMinute}));
  EXPECT_EQ(people.bundle_more_than, 5);
  const EscalationPolicy& policy = config->escalation_policies[0];
  EXPECT_EQ(policy.match.size(), 2U);
  EXPECT_THAT(policy.tiers[0].receivers, ElementsAre("team:db"));
  EXPECT_TRUE(policy.tiers[0].round_robin);
  EXPECT_THAT(policy.tiers[1].receivers, ElementsAre("lead:db"));
  EXPECT_THAT(policy.fallback, ElementsAre("user:ben"));
  EXPECT_EQ(policy.repeat, kRepeatForever);
}

TEST(PagingConfig, Warns) {
  const std::pair<std::string_view, std::string> table[] = {
      {"users: [{name: a, email_configs: [{to: x}]}]",
       "i.yml: there are users or schedules but no escalation policy: nobody is paged"},
      {"users: [{name: a, email_configs: [{to: x}], quiet_hours: [{severities: [critical], hours: "
       "['01:00-02:00']}]}]\nescalation_policies: [{name: p, tiers: [{users: [a]}]}]",
       "i.yml:1:59: quiet hours of \"a\" hold back critical pages"},
      {"teams: [{name: t}]", "i.yml:1:9: team \"t\" has no members"},
  };
  for (const auto& [text, warning] : table) {
    const auto config = Parse(text);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_THAT(config->warnings, ElementsAre(warning)) << text;
  }
}

TEST(PagingConfig, Errors) {
  const std::pair<std::string_view, std::string> table[] = {
      {"users: [{name: a, rules: {default: [{method: 'sms[0]'}]}}]",
       "i.yml:1:37: the user has no contact method \"sms[0]\""},
      {"users: [{name: a, rules: {urgent: []}}]", "field urgent not found in type rules"},
      {"users: [{name: a, email_configs: [{to: x}], rules: {default: [{method: email, wait: "
       "2d}]}}]",
       "must not be longer than 1d"},
      {"users: [{name: a, important_severities: [bad]}]", "unknown severity \"bad\""},
      {"users: [{name: a, quiet_hours: [{severities: [low]}]}]", "quiet_hours need hours"},
      {"users: [{name: a, quiet_hours: [{hours: ['22']}]}]", "hours \"22\": HH:MM-HH:MM is wanted"},
      {"users: [{name: a, quiet_hours: [{hours: ['22:00-7:00']}]}]",
       "couldn't parse timestamp 7:00, invalid format"},
      {"users: [{name: a, quiet_hours: [{hours: ['22:00-07:00'], time_zone: Mars/One}]}]",
       "unknown time zone Mars/One"},
      {"teams: [{members: [a]}]", "missing name in team"},
      {"teams: [{name: t, members: [a]}]",
       "i.yml:1:29: team \"t\" names the user \"a\", who is not configured"},
      {"teams: [{name: t, members: [a, b], lead: c}, {name: u, members: [d]}]",
       "i.yml:1:29: team \"t\" names the user \"a\", who is not configured\n"
       "i.yml:1:32: team \"t\" names the user \"b\", who is not configured\n"
       "i.yml:1:42: team \"t\" names the user \"c\", who is not configured\n"
       "i.yml:1:66: team \"u\" names the user \"d\", who is not configured"},
      {"users: [{name: a}]\nteams: [{name: t, members: [a]}, {name: t, members: [a]}]",
       "team \"t\" is not unique"},
      {"paging: {throttle: {limits: {sms: [{count: 0, per: 1m}]}}}", "count must lie in 1..1000"},
      {"paging: {throttle: {provider: {count: 1, per: 2d}}}",
       "per must be longer than zero and not longer than 1d"},
      {"paging: {bundle: {within: 2h}}", "must be longer than zero and not longer than 1h"},
      {"paging: {bundel: {}}", "field bundel not found in type paging"},
      {"time_intervals: [{name: a}, {name: a}]", "time interval \"a\" is not unique"},
      {"escalation_policies: [{name: p, active_time_intervals: [x], tiers: [{receivers: [a]}]}]",
       "i.yml:1:23: undefined time interval \"x\" used in escalation policy \"p\""},
      {"escalation_policies: [{name: p, match: [x], tiers: [{receivers: [a]}]}]",
       "bad matcher format: x"},
      {"escalation_policies: [{name: p, repeat: 1001, tiers: [{receivers: [a]}]}]",
       "must lie in 0..1000, or be -1 or forever"},
      {"escalation_policies: [{name: p, repeat: -1, repeat_interval: 1s, tiers: [{receivers: "
       "[a]}]}]",
       "must be at least 1m when it repeats forever"},
  };
  for (const auto& [text, error] : table) {
    EXPECT_THAT(Message(Parse(text).status()), EndsWith(error)) << text;
  }
}

// The default policies of specs/source_systems.md §3.3, in both of its shapes.
TEST(EscalationPolicies, BothShapesOfTheSourceReadAlike) {
  const char* const kShapes[] = {
      R"(
escalation_policies:
- name: Critical
  severities: [critical]
  rules:
    tiers:
    - {level: 1, delay_minutes: 0, channels: [email, sms], recipients: ["oncall:primary"]}
    - {level: 2, delay_minutes: 5, channels: [email, sms, slack], recipients: ["oncall:backup"]}
    - {level: 3, delay_minutes: 15, channels: [email, sms, pagerduty], recipients: ["user:manager"]}
- {name: High, severities: [high], rules: {tiers: [
    {level: 1, delay_minutes: 0, channels: [email], recipients: ["oncall:primary"]},
    {level: 2, delay_minutes: 15, channels: [email, sms], recipients: ["oncall:backup"]}]}}
- {name: Rest, severities: [medium, low], rules: {tiers: [
    {level: 1, delay_minutes: 0, channels: [email], recipients: ["oncall:primary"]}]}}
)",
      R"(
escalation_policies:
- name: Critical
  severities: [critical]
  rules:
  - {tier: 3, delay_minutes: 15, targets: ["user:manager"], channels: [email, sms, pagerduty]}
  - {tier: 1, delay_minutes: 0, targets: ["oncall:primary"], channels: [email, sms]}
  - {tier: 2, delay_minutes: 5, targets: ["oncall:backup"], channels: [email, sms, "webhook:slack"]}
- name: High
  severities: [high]
  rules:
  - {tier: 1, delay_minutes: 0, targets: ["oncall:primary"], channels: [email]}
  - {tier: 2, delay_minutes: 15, targets: ["oncall:backup"], channels: [email, sms]}
- name: Rest
  severities: [medium, low]
  rules: [{tier: 1, delay_minutes: 0, targets: ["oncall:primary"], channels: [email]}]
)"};
  for (const char* text : kShapes) {
    const auto config = Parse(text);
    ASSERT_TRUE(config.ok()) << config.status();
    std::vector<std::string> tiers;
    for (const EscalationPolicy& policy : config->escalation_policies) {
      for (const EscalationTier& tier : policy.tiers) {
        // A channel with a name is a receiver that is told as well.
        std::vector<std::string> people = tier.receivers;
        std::erase(people, "slack");
        ASSERT_EQ(people.size(), 1U);
        tiers.push_back(policy.name + " " + std::to_string(tier.delay / kMinute) + " " + people[0]);
      }
    }
    EXPECT_THAT(tiers, ElementsAre("Critical 0 schedule:primary", "Critical 5 schedule:backup",
                                   "Critical 15 user:manager", "High 0 schedule:primary",
                                   "High 15 schedule:backup", "Rest 0 schedule:primary"));
  }
}

}  // namespace
}  // namespace outrider
