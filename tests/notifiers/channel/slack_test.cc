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

// The actions of the last message, as "text>where" each.
std::string ButtonsOf(const HttpClientRequest& request) {
  std::string out;
  const JsonValue body = ParseJson(request.body).value();
  const JsonValue& attachment = body.Find("attachments")->items.at(0);
  const JsonValue* actions = attachment.Find("actions");
  if (actions == nullptr) return "none";
  for (const JsonValue& action : actions->items) {
    out += action.GetString("text") + ">" + action.GetString("name") + action.GetString("value") +
           action.GetString("url") + " ";
  }
  return out + attachment.GetString("callback_id");
}

TEST_F(SlackTest, PagesHaveButtons) {
  auto integration =
      Make("slack", "{api_url: 'http://h', actions: [{type: button, text: T, url: 'http://u'}]}");
  Notification notification = Sample();
  notification.actions = Actions("links");
  integration->channel->Send(notification);
  EXPECT_EQ(ButtonsOf(http_.requests.back()),
            "Acknowledge>https://o/a/1?x&y Resolve>https://o/a/2 Open>https://o/a/3 T>http://u "
            "outrider");
  notification.actions = Actions("tokens");
  integration->channel->Send(notification);
  EXPECT_EQ(ButtonsOf(http_.requests.back()),
            "Acknowledge>acknowledgetok-a Resolve>resolvetok-r Open>https://o/a/3 T>http://u "
            "outrider");
  notification.actions.clear();
  integration->channel->Send(notification);
  EXPECT_EQ(ButtonsOf(http_.requests.back()), "T>http://u ");
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
      {200, "{broken", Outcome::kRetry, "clientError"},
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

TEST_F(SlackTest, NoReasonShowsTheUrl) {
  auto integration = Make("slack", "{api_url: 'http://h/services/T0/B0/XXXXXXXX'}");
  for (const int status : {404, 200}) {
    http_.answer = HttpClientResponse{status, "Cannot POST /services/T0/B0/XXXXXXXX", false, {}};
    const SendResult result = integration->channel->Send(Sample());
    EXPECT_EQ(result.outcome, Outcome::kRejected);
    EXPECT_THAT(result.reason + result.answer, HasSubstr("Cannot POST <secret>"));
    EXPECT_THAT(result.reason + result.answer, testing::Not(HasSubstr("XXXX")));
  }
}

// A link is no button that calls back; what renders to nothing is left out.
TEST_F(SlackTest, ActionsAndFieldsAreAlertmanagers) {
  auto integration = Make("slack", R"(
api_url: http://h
mrkdwn_in: []
fields: [{title: a, value: '{{ .CommonAnnotations.none }}'}, {title: '{{ "" }}', value: v, short: true}]
actions:
- {type: button, text: T, url: 'http://u', name: n, value: v, confirm: {text: sure}}
- {type: button, text: '{{ "" }}', name: n, value: v, confirm: {text: sure}}
)");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  integration->channel->Send(Sample());
  const std::string& body = http_.requests.at(0).body;
  EXPECT_THAT(body,
              HasSubstr(R"("fields":[{"title":"a","short":false},{"value":"v","short":true}])"));
  EXPECT_THAT(body, HasSubstr(R"("actions":[{"type":"button","text":"T","url":"http://u"},)"
                              R"({"type":"button","name":"n","value":"v",)"
                              R"("confirm":{"text":"sure"}}])"));
  EXPECT_THAT(body, HasSubstr(R"("mrkdwn_in":["fallback","pretext","text"])"));
}

TEST_F(SlackTest, BadSectionsNameTheirPlace) {
  EXPECT_THAT(ErrorOf("slack", "{}"), HasSubstr("no Slack API URL nor App token set"));
  EXPECT_THAT(ErrorOf("slack", "{app_token: t, http_config: {authorization: {credentials: x}}}"),
              HasSubstr("http authorization can't be set when using Slack App tokens"));
  EXPECT_THAT(ErrorOf("slack", "{api_url: 'http://h', fields: [{title: x}]}"),
              HasSubstr("missing value in Slack field configuration"));
  EXPECT_THAT(ErrorOf("slack", "{api_url: 'http://h', titel: x}"), HasSubstr("titel"));
}

// The message is more than the text that cannot be made, as in Alertmanager.
TEST_F(SlackTest, ATemplateThatFailsIsLeftOut) {
  const std::pair<const char*, const char*> table[] = {
      {"{{ nope }}", "function \"nope\" not defined"},
      {"{{ .Alerts.Nope }}", "can't evaluate field Nope in type template.Alerts"},
      {"{{ index .Alerts 9 }}", "index out of range"},
  };
  for (const auto& [text, error] : table) {
    auto integration =
        Make("slack",
             fmt::format("{{api_url: 'http://h', channel: '#{{{{ .Status }}}}', title: t, text: "
                         "'{}'}}",
                         text));
    ASSERT_TRUE(integration.ok()) << Message(integration.status());
    http_.answer = HttpClientResponse{200, "ok", false, {}};
    const SendResult result = integration->channel->Send(Sample());
    EXPECT_EQ(result.outcome, Outcome::kDelivered) << text;
    EXPECT_THAT(result.reason, HasSubstr("without a text whose template failed")) << text;
    EXPECT_THAT(result.reason, HasSubstr(error)) << text;
    const JsonValue body = ParseJson(http_.requests.back().body).value();
    EXPECT_EQ(body.GetString("channel"), "#firing");
    EXPECT_EQ(body.Find("attachments")->items[0].GetString("title"), "t");
    EXPECT_EQ(body.Find("attachments")->items[0].GetString("text"), "");
    EXPECT_EQ(body.Find("attachments")->items[0].GetString("color"), "danger");
  }
}

TEST_F(SlackTest, AnAppsToken) {
  auto integration = Make("slack", "{app_token: xoxb-1, channel: '#c'}",
                          "{slack_app_url: 'http://h/api/chat.postMessage'}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  http_.answer = HttpClientResponse{200, R"({"ok":true,"channel":"C1","ts":"1.2"})", false, {}};
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kDelivered);
  EXPECT_EQ(result.receiver_data, "");  // not asked to update
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(http_.requests.at(0).url, "http://h/api/chat.postMessage");
  EXPECT_EQ(http_.requests.at(0).bearer_token, "xoxb-1");
  // The key is told, but Slack does not know it: no silent repeat on a dead connection.
  EXPECT_THAT(http_.requests.at(0).headers,
              testing::Contains(testing::Pair("Idempotency-Key", "row-1")));
  EXPECT_TRUE(http_.requests.at(0).fresh_connection);
}

TEST_F(SlackTest, WhichWayASectionTakes) {
  const struct {
    const char* section;
    const char* global;
    const char* url;
    const char* token;
  } kCases[] = {
      {"{}", "{slack_app_token: g}", "https://slack.com/api/chat.postMessage", "g"},
      {"{app_url: 'http://own'}", "{slack_app_token: g}", "http://own", "g"},
      {"{app_token: own}", "{slack_app_token: g}", "https://slack.com/api/chat.postMessage", "own"},
      {"{api_url: 'http://hook'}", "{slack_app_token: g}", "http://hook", ""},
      {"{app_token: own}", "{slack_api_url: 'http://g'}", "https://slack.com/api/chat.postMessage",
       "own"},
  };
  for (const auto& c : kCases) {
    auto integration = Make("slack", c.section, c.global);
    ASSERT_TRUE(integration.ok()) << c.section << Message(integration.status());
    integration->channel->Send(Sample());
    EXPECT_EQ(http_.requests.back().url, c.url) << c.section;
    EXPECT_EQ(http_.requests.back().bearer_token, c.token) << c.section;
  }
}

TEST_F(SlackTest, ALaterMessageUpdatesTheEarlierOne) {
  auto integration = Make("slack", "{app_token: t, channel: '#c', update_message: true}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  http_.answer = HttpClientResponse{200, R"({"ok":true,"channel":"C1","ts":"17.25"})", false, {}};
  Notification notification = Sample();
  const SendResult first = integration->channel->Send(notification);
  EXPECT_EQ(first.receiver_data, R"({"channelId":"C1","threadTs":"17.25"})");
  EXPECT_THAT(http_.requests.at(0).body, HasSubstr("\"channel\":\"#c\""));
  EXPECT_THAT(http_.requests.at(0).body, testing::Not(HasSubstr("\"ts\"")));
  notification.receiver_data = first.receiver_data;
  const SendResult second = integration->channel->Send(notification);
  EXPECT_EQ(http_.requests.at(1).url, "https://slack.com/api/chat.update");
  EXPECT_THAT(http_.requests.at(1).body, HasSubstr("{\"channel\":\"C1\""));
  EXPECT_THAT(http_.requests.at(1).body, HasSubstr(",\"ts\":\"17.25\"}"));
  EXPECT_EQ(second.receiver_data, first.receiver_data);
}

// Answers one request after the other.
class ScriptedHttpClient final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    urls.push_back(request.url);
    for (const auto& [name, value] : request.headers) {
      if (name == "Idempotency-Key") keys.push_back(value);
    }
    return HttpClientResponse{200, bodies.at(urls.size() - 1), false, {}};
  }
  std::vector<std::string> bodies;
  std::vector<std::string> urls;
  std::vector<std::string> keys;
};

TEST_F(SlackTest, AMessageThatIsGoneIsToldAnew) {
  ScriptedHttpClient http;
  http.bodies = {R"({"ok":false,"error":"message_not_found"})",
                 R"({"ok":true,"channel":"C1","ts":"9.9"})"};
  AlertmanagerConfig config;
  config.file = "am.yml";
  const ChannelTools tools{http, smtp_, templates_, clock_};
  const auto integration = MakeIntegration(
      {"slack", 0,
       ParseYaml("{app_token: t, app_url: 'http://h/chat.postMessage', update_message: true}",
                 "am.yml")
           .value()},
      config, &tools);
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  Notification notification = Sample();
  notification.receiver_data = R"({"channelId":"C1","threadTs":"1.1"})";
  const SendResult result = integration->channel->Send(notification);
  EXPECT_EQ(result.outcome, Outcome::kDelivered);
  EXPECT_THAT(http.urls, testing::ElementsAre("http://h/chat.update", "http://h/chat.postMessage"));
  EXPECT_THAT(http.keys, testing::ElementsAre("row-1-update", "row-1"));
  EXPECT_EQ(result.receiver_data, R"({"channelId":"C1","threadTs":"9.9"})");
}

TEST_F(SlackTest, LongTextsAreCut) {
  auto integration = Make("slack",
                          "{api_url: 'http://h', text: '{{ range 41000 }}x{{ end }}', "
                          "message_text: '{{ range 41000 }}y{{ end }}'}");
  integration->channel->Send(Sample());
  const JsonValue body = ParseJson(http_.requests.at(0).body).value();
  EXPECT_EQ(RuneCount(body.GetString("text")), 40'000U);
  EXPECT_EQ(RuneCount(body.Find("attachments")->items.at(0).GetString("text")), 40'000U);
}

}  // namespace
}  // namespace outrider
