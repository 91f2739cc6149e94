// SPDX-License-Identifier: Apache-2.0
// Bodies are compared with what Debian's prometheus-alertmanager 0.25 sent to a sink, plus the two
// keys that newer versions have (notification_reason, routeLabels).
#include <gmock/gmock.h>

#include "storage/base/json.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using Outcome = SendResult::Outcome;

class WebhookTest : public ChannelFixture {};

TEST_F(WebhookTest, SendsTheRecordedBody) {
  auto integration = Make("webhook", "{url: 'http://h/hook'}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  EXPECT_TRUE(integration->send_resolved);
  EXPECT_TRUE(integration->channel->Idempotent());
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered);
  ASSERT_EQ(http_.requests.size(), 1U);
  EXPECT_EQ(http_.requests[0].body, Golden("webhook_firing.json"));
  EXPECT_EQ(http_.requests[0].url, "http://h/hook");
  EXPECT_THAT(http_.requests[0].headers, testing::Contains(Pair("Idempotency-Key", "row-1")));
  EXPECT_THAT(http_.requests[0].headers,
              testing::Contains(Pair("Content-Type", "application/json")));
}

TEST_F(WebhookTest, MaxAlertsKeepsTheFirstAndCountsTheRest) {
  auto integration = Make("webhook", "{url: 'http://h/hook', max_alerts: 1}");
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered);
  EXPECT_EQ(http_.requests[0].body, Golden("webhook_truncated.json"));
}

// Over incident.io's limit: the first alert is over, the group is not.
TEST_F(WebhookTest, IncidentIoHearsTheStatusOfAll) {
  Notification storm = Sample();
  storm.alerts[0].ends_at.nanos = storm.now - kNanosPerSecond;
  for (int i = 0; i < 3000; ++i) {
    const std::string instance = "h" + std::to_string(i);
    storm.alerts.push_back(MakeAlert(instance.c_str(), "full", "2026-11-21T08:00:00Z"));
  }
  Make("incidentio", "{url: 'http://h', alert_source_token: t, max_alerts: 3000}")
      ->channel->Send(storm);
  const JsonValue body = ParseJson(http_.requests.at(0).body).value();
  EXPECT_EQ(body.GetString("status"), "firing");
  EXPECT_EQ(body.Find("alerts")->items.size(), 1U);
  EXPECT_EQ(body.Find("alerts")->items[0].GetString("status"), "resolved");
  EXPECT_EQ(body.Find("commonLabels")->Find("instance"), nullptr);
  EXPECT_EQ(body.GetInt("truncatedAlerts"), 2);
}

TEST_F(WebhookTest, ResolvedAlertsCarryTheirEnd) {
  Notification notification = Sample();
  notification.alerts[1] = MakeAlert("b", "s3", "2026-11-21T08:00:00.123456789+01:00");
  notification.alerts[1].ends_at.nanos = *ParseRfc3339("2026-11-21T09:00:00Z");
  auto integration = Make("webhook", "{url: 'http://h/hook'}");
  integration->channel->Send(notification);
  EXPECT_EQ(http_.requests[0].body, Golden("webhook_mixed.json"));
  notification.alerts.erase(notification.alerts.begin());
  integration->channel->Send(notification);
  EXPECT_THAT(http_.requests[1].body,
              HasSubstr("\"status\":\"resolved\",\"alerts\":[{\"status\":\"resolved\""));
}

TEST_F(WebhookTest, PagesSayWhatTheyMayBeAnsweredWith) {
  Notification notification = Sample();
  notification.incident_id = "inc-1";
  notification.actions = Actions("links");
  Make("webhook", "{url: 'http://h/hook'}")->channel->Send(notification);
  EXPECT_THAT(
      http_.requests[0].body,
      HasSubstr("\"repeat\":false},\"outrider_actions\":[{\"name\":\"acknowledge\",\"label\":"
                "\"Acknowledge\",\"url\":\"https://o/a/1?x\\u0026y\"},{\"name\":\"resolve\","
                "\"label\":\"Resolve\",\"url\":\"https://o/a/2\"},{\"name\":\"view\",\"label\":"
                "\"Open\",\"url\":\"https://o/a/3\"}]}\n"));
}

TEST_F(WebhookTest, NotesAndIncidentsComeLast) {
  Notification notification = Sample();
  notification.incident_id = "inc-1";
  notification.note = "late";
  Make("webhook", "{url: 'http://h/hook'}")->channel->Send(notification);
  EXPECT_THAT(
      http_.requests[0].body,
      HasSubstr("\"truncatedAlerts\":0,\"outrider\":{\"incident\":\"inc-1\",\"note\":\"late\","
                "\"repeat\":false}}\n"));
}

TEST_F(WebhookTest, EveryAttemptIsTheSame) {
  auto integration = Make("webhook", "{url: 'http://h/hook'}");
  integration->channel->Send(Sample());
  clock_.Advance(kHour);
  integration->channel->Send(Sample());
  EXPECT_EQ(http_.requests[0].body, http_.requests[1].body);
  EXPECT_EQ(http_.requests[0].headers, http_.requests[1].headers);
}

TEST_F(WebhookTest, UrlIsATemplate) {
  Make("webhook",
       "{url: 'http://h/{{ .CommonLabels.job }}/{{ .GroupLabels.alertname | toLower }}'}")
      ->channel->Send(Sample());
  EXPECT_EQ(http_.requests[0].url, "http://h/j/x");
}

// What labels bring into a URL is encoded, or the message would never leave.
TEST_F(WebhookTest, UrlsAreEncoded) {
  const std::pair<const char*, const char*> table[] = {
      {"http://h/a b/{{ print \"x y\" }}", "http://h/a%20b/x%20y"},
      {"http://h?q={{ print \"\u00e9 <1>\" }}", "http://h?q=%C3%A9%20%3C1%3E"},
      {"http://h/%41%20/?a=b&c=d+e;f,g:h@i#j", "http://h/%41%20/?a=b&c=d+e;f,g:h@i#j"},
      {"http://u:p@h:80/{{ .Status }}", "http://u:p@h:80/firing"},
      {"http://[::1]:80", "http://[::1]:80"},
  };
  for (const auto& [url, sent] : table) {
    auto integration = Make("webhook", fmt::format("{{url: '{}'}}", url));
    ASSERT_TRUE(integration.ok()) << Message(integration.status());
    integration->channel->Send(Sample());
    EXPECT_EQ(http_.requests.back().url, sent);
  }
}

// As there: a key with nothing behind it is empty, or false, and not what it is by default.
TEST_F(WebhookTest, KeysLeftEmpty) {
  EXPECT_TRUE(Make("webhook", "{url: 'http://h'}")->send_resolved);
  EXPECT_FALSE(Make("webhook", "{url: 'http://h', send_resolved: }")->send_resolved);
  Make("discord", "{webhook_url: 'http://h', title: , message: null}")->channel->Send(Sample());
  EXPECT_THAT(http_.requests.back().body, HasSubstr(R"("title":"","description":"")"));
  Make("slack", "{api_url: 'http://h', title: , username: ~}")->channel->Send(Sample());
  EXPECT_THAT(http_.requests.back().body, ::testing::Not(HasSubstr("\"title\":")));
  EXPECT_THAT(http_.requests.back().body, ::testing::Not(HasSubstr("\"username\":")));
  Make("pagerduty", "{routing_key: r, client: }")->channel->Send(Sample());
  EXPECT_THAT(http_.requests.back().body, HasSubstr(R"("source":"")"));
}

struct AnswerCase {
  int status;
  const char* retry_after;
  Outcome outcome;
  const char* code;
  int64_t after_ms;
};
TEST_F(WebhookTest, AnswersAreClassified) {
  const AnswerCase cases[] = {
      {200, "", Outcome::kDelivered, "", 0},
      {204, "", Outcome::kDelivered, "", 0},
      {302, "", Outcome::kRejected, "clientError", 0},
      {400, "", Outcome::kRejected, "clientError", 0},
      {401, "", Outcome::kRejected, "authError", 0},
      {404, "7", Outcome::kRejected, "clientError", 0},
      {408, "", Outcome::kRetry, "clientError", 0},
      {429, "7", Outcome::kRetry, "rateLimited", 7000},
      {500, "", Outcome::kRetry, "serverError", 0},
      {503, "Sat, 21 Nov 2026 09:51:16 GMT", Outcome::kRetry, "serverError", 60000},
  };
  auto integration = Make("webhook", "{url: 'http://h/token-secret'}");
  for (const AnswerCase& c : cases) {
    http_.answer = HttpClientResponse{
        c.status, "no\nhttp://h/token-secret", false, {{"retry-after", c.retry_after}}};
    const SendResult result = integration->channel->Send(Sample());
    EXPECT_EQ(result.outcome, c.outcome) << c.status;
    EXPECT_EQ(result.reason_code, c.code) << c.status;
    EXPECT_EQ(result.retry_after_ms, c.after_ms) << c.status;
    EXPECT_THAT(result.reason, testing::Not(HasSubstr("token-secret"))) << c.status;
  }
}

// Many servers quote the path of what they do not have, some the headers.
TEST_F(WebhookTest, NoReasonShowsASecret) {
  const std::string path = testing::TempDir() + "/outrider_webhook_header";
  ASSERT_TRUE(WriteFileAtomically(path, "file-secret\n").ok());
  auto integration = Make("webhook",
                          "url: 'http://h/services/T0/XXXXXXXX?key=YYYYYYYY'\n"
                          "http_config:\n"
                          "  authorization: {type: Token, credentials: tok-secret}\n"
                          "  http_headers: {X-A: {secrets: [own-secret], files: ['" +
                              path + "'], values: [plain-text]}}\n");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  for (const char* said :
       {"Cannot POST /services/T0/XXXXXXXX", "no key YYYYYYYY", "no XXXXXXXX here",
        "Token tok-secret", "X-A: own-secret", "X-A: file-secret"}) {
    http_.answer = HttpClientResponse{404, std::string(said) + " plain-text", false, {}};
    const SendResult result = integration->channel->Send(Sample());
    for (const std::string& text : {result.reason, result.answer}) {
      EXPECT_THAT(text, HasSubstr("<secret>")) << said;
      EXPECT_THAT(text, HasSubstr("plain-text")) << said;
      for (const char* secret : {"XXXX", "YYYY", "tok-secret", "own-secret", "file-secret"}) {
        EXPECT_THAT(text, testing::Not(HasSubstr(secret))) << said;
      }
    }
  }
  ASSERT_EQ(std::remove(path.c_str()), 0);
}

TEST_F(WebhookTest, NoAnswerIsTriedAgain) {
  auto integration = Make("webhook", "{url: 'http://h/hook'}");
  http_.answer = absl::UnavailableError("connection refused");
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
  http_.answer = absl::DeadlineExceededError("timeout");
  const SendResult late = integration->channel->Send(Sample());
  EXPECT_EQ(late.outcome, Outcome::kRetry);
  EXPECT_EQ(late.reason_code, "contextDeadlineExceeded");
  http_.answer = absl::InvalidArgumentError("bad URL");
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRejected);
}

TEST_F(WebhookTest, HttpConfigIsApplied) {
  auto integration = Make("webhook",
                          "url: 'http://h/hook'\n"
                          "timeout: 1500ms\n"
                          "http_config:\n"
                          "  basic_auth: {username: u, password: pw}\n"
                          "  proxy_url: http://proxy:3128\n"
                          "  follow_redirects: false\n"
                          "  tls_config: {insecure_skip_verify: true, ca_file: ca.pem}\n"
                          "  http_headers: {X-Team: {values: [a]}}\n",
                          "{http_config: {bearer_token: unused}}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  integration->channel->Send(Sample());
  const HttpClientRequest& request = http_.requests.at(0);
  EXPECT_EQ(request.basic_user, "u");
  EXPECT_EQ(request.basic_password, "pw");
  EXPECT_EQ(request.bearer_token, "");
  EXPECT_EQ(request.proxy_url, "http://proxy:3128");
  EXPECT_FALSE(request.follow_redirects);
  EXPECT_TRUE(request.insecure_skip_verify);
  EXPECT_EQ(request.timeout, 1500);
  EXPECT_THAT(request.ca_file, HasSubstr("ca.pem"));
  EXPECT_THAT(request.headers, testing::Contains(Pair("X-Team", "a")));
}

// A slow receiver that answers has the message once.
TEST_F(WebhookTest, AnAttemptHasTheTimeOfItsNotification) {
  const struct {
    const char* section;
    DurationMs left;  // 0: no deadline
    DurationMs timeout;
  } kCases[] = {
      {"{url: 'http://h'}", 5 * kMinute, 5 * kMinute},
      {"{url: 'http://h'}", 0, kMinute},
      {"{url: 'http://h'}", 10, kSecond},
      {"{url: 'http://h', timeout: 40s}", 5 * kMinute, 40 * kSecond},
      {"{url: 'http://h', timeout: 40s}", 5 * kSecond, 5 * kSecond},
      {"{url: 'http://h', timeout: 2m}", 0, 2 * kMinute},
  };
  for (const auto& c : kCases) {
    Notification notification = Sample();
    if (c.left != 0) notification.deadline = clock_.NowNanos() + c.left * kNanosPerMilli;
    Make("webhook", c.section)->channel->Send(notification);
    EXPECT_EQ(http_.requests.back().timeout, c.timeout) << c.section << c.left;
  }
}

TEST_F(WebhookTest, GlobalHttpConfigStandsIn) {
  auto integration = Make("webhook", "{url: 'http://h/hook'}",
                          "{http_config: {authorization: {credentials: tok}}}");
  integration->channel->Send(Sample());
  EXPECT_EQ(http_.requests.at(0).bearer_token, "tok");
}

TEST_F(WebhookTest, OtherAuthorizationTypesAreAHeader) {
  auto integration = Make("webhook",
                          "url: 'http://h/hook'\n"
                          "http_config: {authorization: {type: GenieKey, credentials: tok}}");
  integration->channel->Send(Sample());
  EXPECT_EQ(http_.requests.at(0).bearer_token, "");
  EXPECT_THAT(http_.requests.at(0).headers,
              testing::Contains(Pair("Authorization", "GenieKey tok")));
}

TEST_F(WebhookTest, SecretFilesAreReadForEachMessage) {
  const std::string path = testing::TempDir() + "/outrider_webhook_url";
  ASSERT_TRUE(WriteFileAtomically(path, "http://h/one\n").ok());
  auto integration = Make("webhook", "{url_file: '" + path + "'}");
  integration->channel->Send(Sample());
  ASSERT_TRUE(WriteFileAtomically(path, "http://h/two\n").ok());
  integration->channel->Send(Sample());
  EXPECT_EQ(http_.requests.at(0).url, "http://h/one");
  EXPECT_EQ(http_.requests.at(1).url, "http://h/two");
  ASSERT_EQ(std::remove(path.c_str()), 0);
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kRetry);
}

TEST_F(WebhookTest, BadSectionsNameTheirPlace) {
  EXPECT_THAT(ErrorOf("webhook", "{}"), HasSubstr("one of url or url_file must be configured"));
  EXPECT_THAT(ErrorOf("webhook", "{url: 'http://h', urll: x}"), HasSubstr("am.yml:1:"));
  EXPECT_THAT(ErrorOf("webhook", "{url: 'http://h', max_alerts: -1}"), HasSubstr("max_alerts"));
  EXPECT_THAT(ErrorOf("webhook", "{url: 'http://'}"), HasSubstr("missing host for URL"));
  EXPECT_THAT(ErrorOf("webhook", "{url: nonsense}"), HasSubstr("unsupported scheme"));
  EXPECT_THAT(ErrorOf("webhook", "url: http://h\nhttp_config:\n  oauth2: {client_id: x}"),
              HasSubstr("am.yml:3:"));
  EXPECT_THAT(ErrorOf("webhook", "{url: 'ftp://h'}"),
              HasSubstr("am.yml:1:7: unsupported scheme \"ftp\" for URL"));
  EXPECT_THAT(ErrorOf("webhook",
                      "{url: 'http://h', http_config: {basic_auth: {username: u, "
                      "password_ref: x}}}"),
              HasSubstr("basic_auth.password_ref names a secret of a secret manager"));
}

TEST_F(WebhookTest, ATemplateThatDoesNotParseFailsItsNotification) {
  EXPECT_THAT(ErrorOf("webhook", "{url: 'http://h/{{ .x'}"),
              HasSubstr("invalid template syntax: template: :1: unclosed action"));
  auto integration = Make("webhook", "{url: 'http://h/{{ nope }}'}");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("function \"nope\" not defined"));
}

TEST_F(WebhookTest, RouteLabelsAreDataAndFunction) {
  Notification notification = Sample();
  notification.route_labels = {{"name", "team.a"}, {"team", "storage"}};
  Make("webhook", "{url: 'http://h/hook'}")->channel->Send(notification);
  EXPECT_THAT(http_.requests[0].body,
              HasSubstr("\"routeLabels\":{\"name\":\"team.a\",\"team\":\"storage\"}"));
  Make("webhook",
       "{url: 'http://h/{{ .RouteLabels.team }}/{{ with .Alerts }}{{ routeLabels \"team\" }}{{ end "
       "}}/{{ routeLabels \"none\" }}x'}")
      ->channel->Send(notification);
  EXPECT_EQ(http_.requests[1].url, "http://h/storage/storage/x");
}

struct PayloadCase {
  const char* payload;
  const char* body;
};
TEST_F(WebhookTest, OwnPayloads) {
  const PayloadCase cases[] = {
      {"text: 'a {{ .Status }}'", R"({"text":"a firing"})"},
      {"{b: 1, a: true, c: null, d: 1.5, e: []}", R"({"a":true,"b":1,"c":null,"d":1.5,"e":[]})"},
      {"[x, {'y': '{{ .Receiver }}'}]", R"(["x",{"y":"team\\.a"}])"},
      {"'{{ .Status }}': {'n': {m: '<&>'}}", R"({"firing":{"n":{"m":"\u003c\u0026\u003e"}}})"},
      // What reads as another kind becomes it, once.
      {"labels: '{{ .GroupLabels | toJson }}'", R"({"labels":{"alertname":"X"}})"},
      {"count: '{{ len .Alerts }}'", R"({"count":2})"},
      {"{is: '{{ eq .Status \"firing\" }}', none: ''}", R"({"is":true,"none":null})"},
      // Names that YAML reads as another kind are left out.
      {"{on: 1, 5: x, 'off': 2}", R"({"off":2})"},
      {"v: '{{ printf \"a:\" }}'", R"({"v":{"a":null}})"},
      {"v: '{{ dict \"k\" \"a:\" | toJson }}'", R"({"v":{"k":"a:"}})"},
      {"v: '\"5\"'", R"({"v":"\"5\""})"},
      {"v: '[unclosed'", R"({"v":"[unclosed"})"},
      // As yaml.v2 reads them.
      {"[y, N, tRuE, oN, '{{ print \"y\" }}', '{{ print \"n\" }}', '{{ print \"nO\" }}']",
       R"([true,false,"tRuE","oN",true,false,"nO"])"},
      {"v: '{{ print \"[010, 08, 0x1f, -0b11, 0o17, 1_000, +5]\" }}'",
       R"({"v":[8,8,31,-3,15,1000,5]})"},
      {"v: '{{ print \"0x1f\" }}'", R"({"v":31})"},
      {"v: '{{ print \"010\" }}'", R"({"v":8})"},
      {"v: '{{ print \"18446744073709551615\" }}'", R"({"v":18446744073709551615})"},
      {"v: '{{ print \"-9223372036854775808\" }}'", R"({"v":-9223372036854775808})"},
      {"v: '{{ print \"1.5e+3\" }}'", R"({"v":1500})"},
      {"v: '{{ print \"1e5\" }}'", R"({"v":100000})"},
      {"v: '{{ print \"1.\" }}'", R"({"v":1})"},
      {"v: '{{ print \"2026-11-21\" }}'", R"({"v":"2026-11-21"})"},
      {"just a text", R"("just a text")"},
  };
  for (const PayloadCase& c : cases) {
    AlertmanagerConfig config;
    config.file = "am.yml";
    YamlNode section = ParseYaml("{url: 'http://h'}", "am.yml").value();
    YamlNode key;
    key.kind = YamlNode::Kind::kScalar;
    key.scalar = "payload";
    section.entries.push_back({key, ParseYaml(c.payload, "am.yml").value()});
    const ChannelTools tools{http_, smtp_, templates_, clock_};
    const auto integration = MakeIntegration({"webhook", 0, section}, config, &tools);
    ASSERT_TRUE(integration.ok()) << c.payload << Message(integration.status());
    EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered) << c.payload;
    EXPECT_EQ(http_.requests.back().body, std::string(c.body) + "\n") << c.payload;
  }
}

TEST_F(WebhookTest, ManyAlertsInAnOwnPayload) {
  Notification storm = Sample();
  for (int i = 0; i < 5000; ++i) {
    const std::string instance = "h" + std::to_string(i);
    storm.alerts.push_back(MakeAlert(instance.c_str(), "disk full", "2026-11-21T08:00:00Z"));
  }
  auto integration = Make("webhook", "{url: 'http://h', payload: {a: '{{ .Alerts | toJson }}'}}");
  EXPECT_EQ(integration->channel->Send(storm).outcome, Outcome::kDelivered);
  const JsonValue body = ParseJson(http_.requests.at(0).body).value();
  EXPECT_EQ(body.Find("a")->items.size(), 5002U);
}

TEST_F(WebhookTest, AFailingPayloadIsRejected) {
  auto integration = Make("webhook", "{url: 'http://h', payload: {a: ['{{ .Nope }}']}}");
  const SendResult result = integration->channel->Send(Sample());
  EXPECT_EQ(result.outcome, Outcome::kRejected);
  EXPECT_THAT(result.reason, HasSubstr("can't evaluate field Nope"));
}

TEST_F(WebhookTest, WithoutToolsASectionIsOnlyChecked) {
  AlertmanagerConfig config;
  config.file = "am.yml";
  const auto checked = MakeIntegration(
      {"webhook", 3, ParseYaml("{url: 'http://h', send_resolved: false}", "am.yml").value()},
      config, nullptr);
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->channel, nullptr);
  EXPECT_EQ(checked->index, 3);
  EXPECT_FALSE(checked->send_resolved);
}

TEST_F(WebhookTest, LogIsBuiltIn) {
  auto integration = Make("log", "");
  ASSERT_TRUE(integration.ok()) << Message(integration.status());
  EXPECT_TRUE(integration->send_resolved);
  EXPECT_EQ(integration->channel->Send(Sample()).outcome, Outcome::kDelivered);
}

}  // namespace
}  // namespace outrider
