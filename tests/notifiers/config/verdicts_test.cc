// SPDX-License-Identifier: Apache-2.0
// Files of which Alertmanager 0.34 was asked what it thinks.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/alertmanager_config.h"

namespace outrider {
namespace {

constexpr const char* kFile = "am.yml";

std::string Error(std::string_view text) {
  const auto config = ParseAlertmanagerConfig(text, kFile);
  return config.ok() ? "" : Message(config.status());
}

TEST(AlertmanagerConfig, VerdictsOf034) {
  const std::pair<const char*, const char*> cases[] = {
      {"time_intervals: [{name: a, time_intervals: [{location: ''}]}]", ""},
      {"time_intervals: [{name: a, time_intervals: [{weekdays: [' monday']}]}]",
       " monday is not a valid weekday"},
      {"time_intervals: [{name: a, time_intervals: [{weekdays: ['monday : friday']}]}]",
       "monday  is not a valid weekday"},
      {"time_intervals: [{name: a, time_intervals: [{days_of_month: ['1 : 5']}]}]", "not a valid"},
      {"time_intervals: [{name: a, time_intervals: [{weekdays: ['monday:friday']}]}]", ""},
      {"global: {http_config: {oauth2: {client_id: a, client_secret: b, token_url: 'http://t', "
       "grant_type: foo}}}",
       ""},
      {"global: {http_config: {proxy_url: ':bad'}}", "parse \":bad\": missing protocol scheme"},
      {"global: {http_config: {proxy_url: 'http://u:p@h:1/'}}", ""},
      {"global: {slack_api_url: 'https://a b'}",
       "parse \"https://a b\": invalid character \" \" in host name"},
      {"global: {slack_api_url: 'https://h/%zz'}", "invalid URL escape \"%zz\""},
      {"global: {slack_api_url: 'https://h/%2Fx?%zz'}", ""},
      {"global: {slack_api_url: 'https://[::1]:9/x'}", ""},
      {"global: {smtp_smarthost: '::1:25'}", "address ::1:25: too many colons in address"},
      {"global: {smtp_smarthost: '[::1]:25'}", ""},
      {"global: {smtp_smarthost: 'a:'}", "address \"a:\": port cannot be empty"},
      {"global: {http_config: {authorization: {type: ' Basic '}}}",
       "authorization type cannot be set to \"basic\""},
      {"global: {http_config: {authorization: {credentials: a, credentials_file: b}}}",
       "at most one of authorization credentials & credentials_file must be configured"},
      {"global: {http_config: {basic_auth: {username: a, username_file: b}}}",
       "at most one of basic_auth username, username_file & username_ref must be configured"},
      {"global: {http_config: {tls_config: {ca: a, ca_file: b}}}",
       "at most one of ca, ca_file & ca_ref must be configured"},
      {"global: {http_config: {oauth2: {client_id: a, client_secret: b, client_secret_file: c, "
       "token_url: 'http://t'}}}",
       "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be "
       "configured using grant-type=client_credentials"},
      {"global: {smtp_tls_config: {cert_file: a}}", "exactly one of key or key_file"},
      {"global: {http_config: {proxy_connect_header: {A: [b]}}}",
       "if proxy_connect_header is configured, proxy_url or proxy_from_environment"},
      {"global: {http_config: {proxy_url: 'http://p', proxy_connect_header: {A: [b]}}}", ""},
      {"global: {http_config: {http_headers: {X-Prometheus-Scrape-Timeout-Seconds: {values: "
       "[a]}}}}",
       "setting header \"X-Prometheus-Scrape-Timeout-Seconds\" is not allowed"},
      {"event_recorder: {file_outputs: [{}]}", "event_recorder file output requires a path"},
      {"event_recorder: {webhook_outputs: [{}]}", "event_recorder webhook output requires a url"},
      {"event_recorder: {kafka_outputs: [{brokers: [a]}]}",
       "event_recorder kafka output requires a topic"},
  };
  for (const auto& [text, want] : cases) {
    const std::string error =
        Error(fmt::format("route: {{receiver: x}}\nreceivers: [{{name: x}}]\n{}\n", text));
    if (*want == '\0') {
      EXPECT_EQ(error, "") << text;
    } else {
      EXPECT_THAT(error, ::testing::HasSubstr(want)) << text;
    }
  }
  const std::pair<const char*, const char*> refused[] = {
      {"webhook_configs: [{url: '{{ '}]", "invalid template syntax: template: :1: unclosed action"},
      {"webhook_configs: [{url: 'http://w', max_alerts: '3'}]", "cannot use `3` as a number"},
      {"opsgenie_configs: [{api_key: k, responders: [{name: a, type: '{{ '}]}]",
       "type contains invalid template syntax: template: :1: unclosed action"},
      {"jira_configs: [{api_url: 'http://j', project: P, issue_type: B, api_type: ''}]",
       "unknown api_type on jira_config"},
      {"email_configs: [{to: a, headers: {subject: x, SUBJECT: y}}]",
       "duplicate header \"Subject\" in email config"},
  };
  for (const auto& [receiver, want] : refused) {
    EXPECT_THAT(Error(fmt::format("global: {{smtp_smarthost: 'h:25', smtp_from: 'f@x'}}\n"
                                  "route: {{receiver: x}}\nreceivers:\n- name: x\n  {}\n",
                                  receiver)),
                ::testing::HasSubstr(want))
        << receiver;
  }
  const char* receivers[] = {
      "email_configs: [{to: a, auth_password: p, auth_password_file: f}]",
      "email_configs: [{to: a, auth_secret: p, auth_secret_file: f}]",
      "sns_configs: [{topic_arn: a, sigv4: {use_fips_sts_endpoint: true}}]",
  };
  for (const char* receiver : receivers) {
    EXPECT_EQ(Error(fmt::format("global: {{smtp_smarthost: 'h:25', smtp_from: 'f@x'}}\n"
                                "route: {{receiver: x}}\nreceivers:\n- name: x\n  {}\n",
                                receiver)),
              "")
        << receiver;
  }
}

}  // namespace
}  // namespace outrider
