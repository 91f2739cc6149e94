// SPDX-License-Identifier: Apache-2.0
// Bodies are what Debian's prometheus-alertmanager 0.25 sent to a sink for the same section and
// alerts.
#include <gmock/gmock.h>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using Outcome = SendResult::Outcome;

class SlackTest : public ChannelFixture {};

TEST_F(SlackTest, DefaultsGiveTheRecordedBody) {
  auto integration = Make("slack", "", "{slack_api_url: 'http://h/slack'}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  EXPECT_FALSE(integration->send_resolved);
  EXPECT_FALSE(integration->channel->Idempotent());
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered);
  EXPECT_EQ(http_.requests.at(0).url, "http://h/slack");
  EXPECT_EQ(http_.requests.at(0).body, Golden("slack_default.json"));
}

TEST_F(SlackTest, EveryKeyGivesTheRecordedBody) {
  auto integration = Make("slack", R"(
api_url: http://h/slackfull
channel: '#c'
username: u
color: warning
title: '{{ len .Alerts }} <t>'
pretext: p
text: 'x {{ .CommonLabels.severity }}'
fields: [{title: f1, value: v1}, {title: f2, value: '{{ .Status }}', short: true}, {title: f3, value: v3, short: false}]
short_fields: false
footer: foot
fallback: fb
callback_id: cb
icon_emoji: ':e:'
image_url: http://i
thumb_url: http://t
link_names: true
mrkdwn_in: [text]
actions: [{type: button, text: T, url: 'http://u/{{ .Status }}', style: primary}, {type: button, text: T2, name: n, value: v, confirm: {text: sure, title: tt, ok_text: y, dismiss_text: n}}]
)");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  integration->channel->Send(Sample());
  EXPECT_EQ(http_.requests.at(0).body, Golden("slack_full.json"));
}

TEST_F(SlackTest, ResolvedIsGreenAndTitlesAreCut) {
  auto integration = Make("slack", "{api_url: 'http://h', title: '{{ range 2000 }}é{{ end }}'}");
  Notification notification = Sample();
  for (Alert& alert : notification.alerts) alert.ends_at.nanos = notification.now;
  notification.note = "late";
  integration->channel->Send(notification);
  const JsonValue body = ParseJson(http_.requests.at(0).body).value();
  const JsonValue& attachment = body.Find("attachments")->items.at(0);
  EXPECT_EQ(attachment.GetString("color"), "good");
  EXPECT_EQ(attachment.GetString("pretext"), "late");
  EXPECT_EQ(RuneCount(attachment.GetString("title")), 1024U);
  EXPECT_TRUE(attachment.GetString("title").ends_with("é…"));
}

TEST_F(SlackTest, AnswersAreClassified) {
  struct Case {
    int status;
    const char* body;
    Outcome outcome;
    const char* code;
  };
  const Case cases[] = {
      {200, "ok", Outcome::kDelivered, ""},
      {200, "{\"ok\":true}", Outcome::kDelivered, ""},
      {200, "invalid_payload", Outcome::kRejected, "clientError"},
      {200, "{\"ok\":false,\"error\":\"channel_not_found\"}", Outcome::kRejected, "clientError"},
      {200, "{\"ok\":false,\"error\":\"ratelimited\"}", Outcome::kRetry, "rateLimited"},
      {200, "{\"ok\":false,\"error\":\"internal_error\"}", Outcome::kRetry, "serverError"},
      {200, "{\"ok\":false,\"error\":\"token_revoked\"}", Outcome::kRejected, "authError"},
      {200, "{broken", Outcome::kRejected, "clientError"},
      {429, "", Outcome::kRetry, "rateLimited"},
      {503, "", Outcome::kRetry, "serverError"},
      {403, "invalid_token", Outcome::kRejected, "authError"},
      {404, "channel_not_found", Outcome::kRejected, "clientError"},
  };
  auto integration = Make("slack", "{api_url: 'http://h'}");
  for (const Case& c : cases) {
    http_.answer = HttpClientResponse{c.status, c.body, false, {{"retry-after", "3"}}};
    const SendResult result = integration->channel->Send(Sample());
    EXPECT_EQ(result.outcome, c.outcome) << c.status << " " << c.body;
    EXPECT_EQ(result.reason_code, c.code) << c.status << " " << c.body;
    EXPECT_EQ(result.retry_after_ms, c.outcome == Outcome::kRetry ? 3000 : 0) << c.body;
  }
}

TEST_F(SlackTest, BadSectionsNameTheirPlace) {
  EXPECT_THAT(ErrorOf("slack", "{}"), HasSubstr("no Slack API URL nor App token set"));
  EXPECT_THAT(ErrorOf("slack", "{app_token: t}"), HasSubstr("app tokens are not supported yet"));
  EXPECT_THAT(ErrorOf("slack", "{api_url: 'http://h', fields: [{title: x}]}"),
              HasSubstr("missing value in Slack field configuration"));
  EXPECT_THAT(ErrorOf("slack", "{api_url: 'http://h', title: '{{ nope }}'}"),
              HasSubstr("function \"nope\" not defined"));
  EXPECT_THAT(ErrorOf("slack", "{api_url: 'http://h', titel: x}"), HasSubstr("titel"));
}

TEST_F(SlackTest, AFailingTemplateIsRejected) {
  auto integration = Make("slack", "{api_url: 'http://h', text: '{{ .Alerts.Nope }}'}");
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("can't evaluate field Nope in type template.Alerts"));
  EXPECT_TRUE(http_.requests.empty());
}

}  // namespace
}  // namespace outrider
