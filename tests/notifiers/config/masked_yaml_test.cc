// SPDX-License-Identifier: Apache-2.0
// The configuration as it is shown: as loaded, with defaults, without secrets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "notifiers/config/alertmanager_config.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFile = "am.yml";
#define ROOT "route: {receiver: a}\nreceivers: [{name: a}]\n"

TEST(MaskedYaml, PasswordsOfUrlsOnly) {
  const std::pair<const char*, const char*> table[] = {
      {"http://u:secret@proxy:1", "http://u:xxxxx@proxy:1"},
      {"http://u:a@b@proxy:1/x@y", "http://u:xxxxx@proxy:1/x@y"},
      {"https://proxy:8080/a@b/", "https://proxy:8080/a@b/"},
      {"https://proxy:8080?a@b", "https://proxy:8080?a@b"},
      {"http://u@proxy:1", "http://u@proxy:1"},
  };
  for (const auto& [url, shown] : table) {
    const auto config = ParseAlertmanagerConfig(
        std::string("global: {http_config: {proxy_url: '") + url + "'}}\n" ROOT, kFile);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_THAT(MaskedYaml(*config), HasSubstr(shown)) << url;
  }
}

TEST(MaskedYaml, HidesSecretsAndLoadsAgain) {
  const auto config = ParseAlertmanagerConfig(R"(
global:
  smtp_smarthost: 'h:25'
  smtp_from: f@x
  smtp_auth_password: "multi\nmysecret"
  slack_api_url: https://mysecret.example.com/
  http_config:
    basic_auth: {username: u, password: mysecret}
    proxy_url: http://u:mysecret@proxy:1
    http_headers: {X-A: {values: [v], secrets: [mysecret]}}
route:
  receiver: 'odd: name'
  group_by: ['...']
  routes:
  - matchers: ['a="x\"y"', 'b=~"c|d"']
    receiver: log
    mute_time_intervals: [n]
receivers:
- name: 'odd: name'
  pagerduty_configs: [{routing_key: mysecret, details: {n: "007", m: 7}}]
  webhook_configs: [{url: 'http://u:mysecret@hook/mysecret?t=mysecret'}, {url_file: /f, max_alerts: 3}]
  email_configs: [{to: 'true', headers: {Subject: "a # b: c"}}]
- name: log
  log_configs: [{}]
inhibit_rules: [null, {source_match: {s: '1'}, target_match_re: {s: '2|3'}, equal: [x]}]
time_intervals:
- name: n
  time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}], weekdays: ['monday:friday', sunday], days_of_month: ['-3:-1'], months: [1]}]
)",
                                              kFile);
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string masked = MaskedYaml(*config);
  EXPECT_EQ(masked.find("mysecret"), std::string::npos) << masked;
  EXPECT_THAT(masked, HasSubstr("smtp_auth_password: <secret>\n"));
  EXPECT_THAT(masked, HasSubstr("slack_api_url: <secret>\n"));
  EXPECT_THAT(masked, HasSubstr("proxy_url: http://u:xxxxx@proxy:1\n"));
  EXPECT_THAT(masked, HasSubstr("resolve_timeout: 5m\n"));
  EXPECT_THAT(masked, HasSubstr("receiver: \"odd: name\"\n"));
  EXPECT_THAT(masked, HasSubstr("to: \"true\"\n"));
  EXPECT_THAT(masked, HasSubstr("Subject: \"a # b: c\"\n"));
  EXPECT_THAT(masked, HasSubstr("url: http://hook/<secret>\n"));
  EXPECT_EQ(masked.find("log_configs"), std::string::npos);
  EXPECT_THAT(masked, HasSubstr("send_resolved: true\n"));
  EXPECT_THAT(masked, HasSubstr("max_alerts: 0\n"));
  EXPECT_EQ(masked.find("rocketchat_api_url"), std::string::npos) << "amtool 0.25 refuses it";
  const auto again = ParseAlertmanagerConfig(masked, "masked.yml");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << masked;
  EXPECT_EQ(MaskedYaml(*again), masked);
  EXPECT_EQ(again->route.routes[0].key, config->route.routes[0].key);
}

// As Alertmanager 0.34 writes what it loaded: nothing inherited, `match_re` as it stands.
TEST(MaskedYaml, RoutesAndRulesAsLoaded) {
  auto config = ParseAlertmanagerConfig(R"(
route:
  receiver: a
  group_by: [x]
  group_wait: 60s
  routes:
  - match: {b: c}
    match_re: {d: "e|f"}
    matchers: ['z="1",y!~"2"']
    labels: {l: v}
  - {continue: yes, receiver: a, repeat_interval: 24h}
receivers: [{name: a}]
inhibit_rules: [{source_match: {s: '1'}, target_match_re: {t: '2|3'}, target_matchers: [u="4"], equal: [x]}]
)",
                                        kFile);
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string shown = MaskedYaml(*config);
  EXPECT_THAT(shown, HasSubstr(R"(
route:
  receiver: a
  group_by:
  - x
  continue: false
  routes:
  - match:
      b: c
    match_re:
      d: e|f
    matchers:
    - y!~"2"
    - z="1"
    continue: false
    labels:
      l: v
  - receiver: a
    continue: true
    repeat_interval: 1d
  group_wait: 1m
inhibit_rules:
- source_match:
    s: "1"
  target_match_re:
    t: "2|3"
  target_matchers:
  - u="4"
  equal:
  - x
receivers:
- name: a
)"));
  ASSERT_TRUE(AddBundle("route: {receiver: a, routes: [{receiver: a}]}\n"
                        "inhibit_rules: [{source_match: {s: '1'}, target_match: {t: '2'}}]",
                        "team.yml", &*config)
                  .ok());
  const auto again = ParseAlertmanagerConfig(MaskedYaml(*config), "again.yml");
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_EQ(again->route.routes.size(), config->route.routes.size());
  for (size_t i = 0; i < config->route.routes.size(); ++i) {
    EXPECT_EQ(again->route.routes[i].key, config->route.routes[i].key);
  }
  EXPECT_EQ(again->inhibit_rules[1].target_matchers, config->inhibit_rules[1].target_matchers);
}

TEST(MaskedYaml, EmptyListsOfIntervalsLoadAgain) {
  for (const char* lists : {"times: []", "weekdays: []", "years: [], months: [may]"}) {
    const auto config = ParseAlertmanagerConfig(
        std::string(ROOT) + "\ntime_intervals: [{name: n, time_intervals: [{" + lists + "}]}]",
        kFile);
    ASSERT_TRUE(config.ok()) << config.status();
    const auto again = ParseAlertmanagerConfig(MaskedYaml(*config), "again.yml");
    EXPECT_TRUE(again.ok()) << again.status();
  }
}

TEST(MaskedYaml, SectionsHaveTheirDefaultsAndWhatGlobalSays) {
  const std::string head =
      "global: {slack_api_url: 'http://s/x', smtp_from: f, smtp_smarthost: 'h:1', "
      "smtp_auth_password: p, pagerduty_url: 'http://p'}\n"
      "route: {receiver: a}\nreceivers: [{name: a, ";
  const std::pair<const char*, const char*> table[] = {
      {"webhook_configs: [{url: 'http://w/x', timeout: 5s}]",
       "  - send_resolved: true\n    http_config:\n      follow_redirects: true\n"
       "      enable_http2: true\n    url: http://w/<secret>\n    max_alerts: 0\n    timeout: "
       "5s\n"},
      {"slack_configs: [{title: t, send_resolved: true}]",
       "    api_url: <secret>\n    username: \"{{ template \\\"slack.default.username\\\" . "
       "}}\"\n"},
      {"slack_configs: [{api_url_file: f}]",
       "enable_http2: true\n    api_url_file: f\n    username:"},
      {"slack_configs: [{text: , send_resolved: }]", "    text: \"\"\n"},
      {"slack_configs: [{title: t}]", "    title: t\n    title_link:"},
      {"pagerduty_configs: [{routing_key: r, details: {note: n, firing: f}}]",
       "    routing_key: <secret>\n    url: http://p\n"},
      {"pagerduty_configs: [{routing_key: r, details: {note: n, firing: f}}]",
       "    details:\n      note: n\n      firing: f\n      num_firing: "},
      {"email_configs: [{to: x, auth_password_file: y}]",
       "  - send_resolved: false\n    to: x\n    from: f\n    hello: localhost\n    smarthost: "
       "h:1\n"
       "    auth_password_file: y\n    html: "},
      {"webhook_configs: [{url: 'http://w', http_config: {basic_auth: {username: u, password: "
       "p}}}]",
       "      basic_auth:\n        username: u\n        password: <secret>\n"
       "      follow_redirects: true\n      enable_http2: true\n"},
  };
  for (const auto& [section, shown] : table) {
    const auto config = ParseAlertmanagerConfig(head + section + "}]", kFile);
    ASSERT_TRUE(config.ok()) << config.status();
    const std::string masked = MaskedYaml(*config);
    EXPECT_THAT(masked, HasSubstr(shown)) << section;
    const auto again = ParseAlertmanagerConfig(masked, "again.yml");
    ASSERT_TRUE(again.ok()) << again.status() << masked;
    EXPECT_EQ(MaskedYaml(*again), masked);
  }
}

}  // namespace
}  // namespace outrider
