// SPDX-License-Identifier: Apache-2.0
// Rules between keys of the sections whose channels have tests of their own elsewhere. Texts are
// Alertmanager's.
#include <gmock/gmock.h>

#include "notifiers/config/alertmanager_config.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

struct RuleCase {
  const char* kind;
  const char* section;
  const char* error;
};

class IntegrationRules : public ChannelFixture {};

TEST_F(IntegrationRules, AreAlertmanagers) {
  const RuleCase cases[] = {
      {"slack", "{api_url: 'http://h', actions: [{type: button, text: x}]}",
       "missing name or url in Slack action configuration"},
      {"slack", "{api_url: 'http://h', actions: [{text: x, url: u}]}",
       "missing type in Slack action configuration"},
      {"slack", "{api_url: 'http://h', actions: [{type: b, url: u}]}",
       "missing text in Slack action configuration"},
      {"slack",
       "{api_url: 'http://h', actions: [{type: b, text: t, name: n, confirm: {title: t}}]}",
       "missing text in Slack confirmation configuration"},
      {"slack", "{app_token: t, http_config: {authorization: {credentials: c}}}",
       "http authorization can't be set when using Slack App tokens"},
      {"slack", "{app_token: t, api_url: 'http://h'}", "at most one of api_url/api_url_file"},
      {"email", "{to: a, from: b, smarthost: 'h:1', threading: {enabled: true}}",
       "threading.thread_by_date must be either 'none' or 'daily'"},
      {"email",
       "{to: a, from: b, smarthost: 'h:1', headers: {references: x}, threading: {enabled: true, "
       "thread_by_date: none}}",
       "threading.enabled conflicts with custom References header"},
      {"email", "{to: a, from: b, smarthost: 'h:1', headers: {X-A: x, x-a: y}}",
       "duplicate header \"X-A\" in email config"},
      {"pagerduty", "{routing_key: r, details: [a]}", "a map is wanted for details"},
      {"webhook", "{url: 'ftp://h'}", "unsupported scheme \"ftp\" for URL"},
      {"webhook", "{url: 'http:///x'}", "missing host for URL"},
      {"webhook", "{url: 'http://h', max_alerts: -1}", "max_alerts must not be negative"},
  };
  for (const RuleCase& one : cases) {
    EXPECT_THAT(ErrorOf(one.kind, one.section), HasSubstr(one.error)) << one.section;
    EXPECT_THAT(ErrorOf(one.kind, one.section), ::testing::StartsWith("am.yml:1:")) << one.section;
  }
}

TEST_F(IntegrationRules, LeaveTheRestAlone) {
  const RuleCase cases[] = {
      {"webhook", "{url: 'http://h/{{ .Status }}'}", ""},
      {"webhook", "{url: '{{ .CommonLabels.url }}'}", ""},
  };
  for (const RuleCase& one : cases) {
    EXPECT_EQ(ErrorOf(one.kind, one.section), "no error") << one.section;
  }
}

// Kinds of ours stay out of what Alertmanager and amtool read.
TEST_F(IntegrationRules, OwnKindsAreNotInTheMaskedConfiguration) {
  const auto config = ParseAlertmanagerConfig(R"(
route: {receiver: r}
receivers:
- name: r
  discord_configs: [{webhook_url: 'http://h/d'}]
  googlechat_configs: [{webhook_url: 'http://h/g'}]
  matrix_configs: [{homeserver_url: 'http://h', access_token: t, room_id: '!r:h'}]
  ntfy_configs: [{topic: t}]
  signed_webhook_configs: [{url: 'http://h', secret: s}]
  twilio_sms_configs: [{account_sid: A, auth_token: t, from: '+1', to: '+2'}]
  twilio_voice_configs: [{account_sid: A, auth_token: t, from: '+1', to: '+2'}]
  log_configs: [{}]
)",
                                              "am.yml");
  ASSERT_TRUE(config.ok()) << Message(config.status());
  const std::string masked = MaskedYaml(*config);
  EXPECT_THAT(masked, HasSubstr("discord_configs"));
  for (const char* own : {"googlechat", "matrix", "ntfy", "signed_webhook", "twilio", "log_"}) {
    EXPECT_THAT(masked, ::testing::Not(HasSubstr(own)));
  }
}

}  // namespace
}  // namespace outrider
