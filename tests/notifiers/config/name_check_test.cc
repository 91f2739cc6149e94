// SPDX-License-Identifier: Apache-2.0
// What incidents.yml names and nobody has: every one of them, with its place.
#include "notifiers/config/name_check.h"

#include <gtest/gtest.h>

#include "notifiers/config/incidents_node.h"

namespace outrider {
namespace {

constexpr const char* kAlertmanager = R"(
route: {receiver: crew}
receivers: [{name: crew}]
)";

std::string Check(const std::string& text, bool receivers = true, bool all_policies = true) {
  const YamlNode root = ParseYaml(text, "i.yml").value();
  const IncidentsConfig config = ParseIncidentsNode(root, "i.yml").value();
  const AlertmanagerConfig alertmanager = ParseAlertmanagerConfig(kAlertmanager, "a.yml").value();
  return Message(CheckNames(
      root, config,
      {.alertmanager = receivers ? &alertmanager : nullptr, .all_policies = all_policies}));
}

TEST(NameCheck, EveryNameAtOnceWithItsPlace) {
  EXPECT_EQ(
      Check(R"(users: [{name: anna}]
sla: {notify: [crew, "user:anna", nobody]}
escalation_policies:
- name: p
  tiers:
  - {users: [anna, zz], schedules: [nix]}
  - {delay: 1h, receivers: [crew, nope], teams: [tt]}
  - {delay: 2h, targets: ['user:yy', 'oncall:away', 'lead:tt', 'yy@example.org'], recipients: [x]}
  fallback: ['user:anna', 'user:qq']
heartbeats: [{name: h, interval: 1h, policy: typo}]
)"),
      R"(i.yml:2:35: sla.notify names the receiver "nobody", which the Alertmanager configuration does not have
i.yml:6:20: escalation policy "p" names user:zz, which the file does not have
i.yml:6:37: escalation policy "p" names schedule:nix, which the file does not have
i.yml:7:35: escalation policy "p" names the receiver "nope", which the Alertmanager configuration does not have
i.yml:7:50: escalation policy "p" names team:tt, which the file does not have
i.yml:8:27: escalation policy "p" names user:yy, which the file does not have
i.yml:8:38: escalation policy "p" names schedule:away, which the file does not have
i.yml:8:53: escalation policy "p" names lead:tt, which the file does not have
i.yml:9:27: escalation policy "p" names user:qq, which the file does not have
i.yml:10:46: heartbeat "h" names the escalation policy "typo", which the file does not have)");
}

TEST(NameCheck, OneByOne) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"", ""},
      {"schedules: [{name: s}]\nteams: [{name: t, members: [a], lead: a}]\nusers: [{name: a}]\n"
       "escalation_policies: [{name: p, tiers: [{users: [a], schedules: [s], teams: [t], "
       "targets: ['lead:t', 'oncall:s'], receivers: ['user:a', crew]}]}]\n"
       "heartbeats: [{name: h, interval: 1h, policy: p}]\n",
       ""},
      // The other shapes, and the other name of the section.
      {"policies: [{name: p, rules: {tiers: [{level: 1, channels: ['webhook:nope']}]}}]\n",
       "i.yml:1:60: escalation policy \"p\" names the receiver \"nope\", which the Alertmanager "
       "configuration does not have"},
      {"policies: [{name: p, rules: [{tier: 1, channels: [nope], targets: ['oncall:x']}]}]\n",
       "i.yml:1:68: escalation policy \"p\" names schedule:x, which the file does not have"},
      {"users: [{name: a}]\npolicies: [{name: p, rules: [{tier: 1, channels: ['webhook:nope'], "
       "targets: ['user:a']}]}]\n",
       "i.yml:2:51: escalation policy \"p\" names the receiver \"nope\", which the Alertmanager "
       "configuration does not have"},
      // A channel without a name tells nobody beside people.
      {"users: [{name: a}]\npolicies: [{name: p, tiers: [{users: [a], channels: [nope]}]}]\n", ""},
      {"policies: [{name: p, enabled: false, tiers: [{users: [zz]}]}]\n", ""},
      {"policies: [{name: p, enabled: false, tiers: [{users: [zz]}]}]\n"
       "heartbeats: [{name: h, interval: 1h, policy: p}]\n",
       "i.yml:2:46: heartbeat \"h\" names the escalation policy \"p\", which is not enabled"},
      {"sla: {notify: ['schedule:s']}\nschedules: [{name: s}]\n",
       "i.yml:1:16: sla.notify names schedule:s, which the file does not have"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Check(c.text), c.error) << c.text;
}

TEST(NameCheck, WhatIsNotKnownIsNotLookedAt) {
  const std::string text =
      "policies: [{name: p, tiers: [{receivers: [nope], users: [zz]}]}]\n"
      "heartbeats: [{name: h, interval: 1h, policy: typo}]\n";
  const std::string user =
      "i.yml:1:58: escalation policy \"p\" names user:zz, which the file does not have";
  EXPECT_EQ(Check(text, false, false), user);
  EXPECT_EQ(Check(text, false, true),
            user +
                "\ni.yml:2:46: heartbeat \"h\" names the escalation policy \"typo\", which the "
                "file does not have");
}

}  // namespace
}  // namespace outrider
