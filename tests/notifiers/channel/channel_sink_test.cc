// SPDX-License-Identifier: Apache-2.0
// Every HTTP channel through libcurl against a server that fails as servers do: says "later",
// closes without an answer, breaks off in the middle of one, never answers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/notifiers/channel/channel_fixture.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using Mode = HttpSinkReply::Mode;
using Outcome = SendResult::Outcome;

struct SinkCase {
  const char* kind;
  const char* section;  // {} stands for the sink's address
  const char* taken = "{}";
};

// Not here, because their addresses are fixed: pushover, pagerduty by service_key.
constexpr SinkCase kCases[] = {
    {"discord", "{{webhook_url: '{}'}}"},
    {"googlechat", "{{webhook_url: '{}'}}"},
    {"incidentio", "{{url: '{}', alert_source_token: t}}"},
    {"jira", "{{api_url: '{}', project: p, issue_type: b}}", R"({"issues":[]})"},
    {"matrix", "{{homeserver_url: '{}', access_token: t, room_id: '!r:h'}}"},
    {"mattermost", "{{webhook_url: '{}'}}"},
    {"msteams", "{{webhook_url: '{}'}}"},
    {"msteamsv2", "{{webhook_url: '{}'}}"},
    {"ntfy", "{{url: '{}', topic: t}}"},
    {"opsgenie", "{{api_url: '{}', api_key: k}}"},
    {"pagerduty", "{{url: '{}', routing_key: k}}"},
    {"rocketchat", "{{api_url: '{}', token: t, token_id: i}}", R"({"success":true})"},
    {"signed_webhook", "{{url: '{}', secret: s}}"},
    {"slack", "{{api_url: '{}'}}", "ok"},
    {"sns", "{{api_url: '{}', topic_arn: a, sigv4: {{region: r, access_key: a, secret_key: s}}}}"},
    {"telegram", "{{api_url: '{}', bot_token: t, chat_id: 1}}", R"({"ok":true})"},
    {"twilio_sms", "{{api_url: '{}', account_sid: A, auth_token: t, from: '+1', to: '+2'}}"},
    {"twilio_voice", "{{api_url: '{}', account_sid: A, auth_token: t, from: '+1', to: '+2'}}"},
    {"victorops", "{{api_url: '{}', api_key: k, routing_key: r}}"},
    {"webex", "{{api_url: '{}', room_id: r, http_config: {{authorization: {{credentials: c}}}}}}"},
    {"webhook", "{{url: '{}'}}"},
    {"wechat", "{{api_url: '{}', api_secret: s, corp_id: c}}", R"({"access_token":"t"})"},
};

class ChannelSink : public ChannelFixture, public ::testing::WithParamInterface<SinkCase> {
 protected:
  std::unique_ptr<Channel> MakeAtSink() {
    AlertmanagerConfig config;
    config.file = "am.yml";
    const std::string yaml = fmt::format(fmt::runtime(GetParam().section), sink_.Url("/base"));
    const ChannelTools tools{*client_, smtp_, templates_, clock_};
    auto made =
        MakeIntegration({GetParam().kind, 0, ParseYaml(yaml, "am.yml").value()}, config, &tools);
    EXPECT_TRUE(made.ok()) << Message(made.status());
    return std::move(made->channel);
  }
  SendResult SendTo(HttpSinkReply first) {
    sink_.SetDefault({.body = GetParam().taken});
    sink_.Script({std::move(first)});
    return MakeAtSink()->Send(Sample());
  }

  HttpSink sink_;
  std::unique_ptr<HttpClient> client_ = MakeCurlHttpClient();
};

TEST_P(ChannelSink, IsTakenAndCarriesItsKey) {
  const SendResult result = SendTo({.body = GetParam().taken});
  EXPECT_EQ(result.outcome, Outcome::kDelivered) << result.reason;
  const auto requests = sink_.Requests();
  ASSERT_FALSE(requests.empty());
  for (const HttpSinkRequest& request : requests) {
    EXPECT_TRUE(request.path.starts_with("/base")) << request.path;
    const auto key = request.headers.find("idempotency-key");
    ASSERT_NE(key, request.headers.end());
    EXPECT_TRUE(key->second.starts_with("row-1")) << key->second;
  }
}

TEST_P(ChannelSink, WaitsAsLongAsItIsTold) {
  const SendResult busy = SendTo({.status = 429, .headers = {{"Retry-After", "7"}}, .body = ""});
  EXPECT_EQ(busy.outcome, Outcome::kRetry);
  EXPECT_EQ(busy.reason_code, "rateLimited");
  EXPECT_EQ(busy.retry_after_ms, 7000);
  const SendResult down = SendTo({.status = 503, .body = "maintenance"});
  EXPECT_EQ(down.outcome, Outcome::kRetry);
  EXPECT_EQ(down.reason_code, "serverError");
}

TEST_P(ChannelSink, AConnectionThatClosesIsTriedAgain) {
  const SendResult result = SendTo({.mode = Mode::kCloseUnanswered});
  EXPECT_EQ(result.outcome, Outcome::kRetry);
  EXPECT_EQ(result.reason_code, "other");
}

TEST_P(ChannelSink, AnAnswerThatBreaksOffIsStillItsStatus) {
  const SendResult refused = SendTo({.status = 500, .body = "half", .mode = Mode::kCloseMidBody});
  EXPECT_EQ(refused.outcome, Outcome::kRetry);
  EXPECT_EQ(refused.reason_code, "serverError");
}

TEST_P(ChannelSink, NobodyAnswersForEver) {
  AlertmanagerConfig config;
  sink_.SetDefault({.mode = Mode::kHang});
  Notification notification = Sample();
  notification.deadline = clock_.NowNanos() + 200 * kNanosPerMilli;
  const SendResult result = MakeAtSink()->Send(notification);
  EXPECT_EQ(result.outcome, Outcome::kRetry);
  EXPECT_EQ(result.reason_code, "contextDeadlineExceeded") << result.reason;
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChannelSink, ::testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.kind); });

// A channel that is in the table and in no test would be noticed here.
TEST(ChannelTable, EveryKindIsTested) {
  std::set<std::string> tested = {"email", "log", "pushover"};
  for (const SinkCase& one : kCases) tested.insert(one.kind);
  const std::vector<std::string> kinds = ChannelKinds();
  EXPECT_EQ(tested, std::set<std::string>(kinds.begin(), kinds.end()));
  EXPECT_TRUE(std::is_sorted(kinds.begin(), kinds.end()));
}

}  // namespace
}  // namespace outrider
