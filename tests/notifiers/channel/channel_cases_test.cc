// SPDX-License-Identifier: Apache-2.0
// tests/data/channels/*.yml: sections, what they send byte for byte, and what answers mean. A case
// is an entry of such a file; its README says which keys it has and where bodies come from.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "notifiers/channel/templates.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "tests/notifiers/channel/channel_fixture.h"
#include "tests/notifiers/channel/scripted_http.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const YamlNode& ChildOf(const YamlNode& map, std::string_view key) {
  static const YamlNode kNone;
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  return node == nullptr ? kNone : *node;
}
std::string TextOf(const YamlNode& map, std::string_view key, const std::string& fallback = "") {
  const YamlNode& node = ChildOf(map, key);
  return node.IsScalar() ? node.scalar : fallback;
}

std::string OutcomeText(SendResult::Outcome outcome) {
  switch (outcome) {
    case SendResult::Outcome::kDelivered:
      return "delivered";
    case SendResult::Outcome::kRetry:
      return "retry";
    case SendResult::Outcome::kRejected:
      return "rejected";
  }
  return "";
}

StatusOr<HttpClientResponse> AnswerOf(const YamlNode& node) {
  const std::string error = TextOf(node, "error");
  if (error == "unavailable") return absl::UnavailableError("http://h: connection refused");
  if (error == "deadline") return absl::DeadlineExceededError("http://h: timed out");
  HttpClientResponse response;
  response.status = static_cast<int>(*ParseInt(TextOf(node, "status", "200")));
  response.body = TextOf(node, "body");
  response.body_cut = TextOf(node, "cut") == "true";
  for (const auto& [name, value] : ChildOf(node, "headers").entries) {
    response.headers.emplace_back(ToLower(name.scalar), value.scalar);
  }
  return response;
}

// Pairs of a form or query, decoded.
std::map<std::string, std::string> FormOf(std::string_view text) {
  std::map<std::string, std::string> form;
  for (const std::string_view pair : Split(text, '&')) {
    const size_t equals = pair.find('=');
    form[*UrlDecode(pair.substr(0, equals), true)] = *UrlDecode(pair.substr(equals + 1), true);
  }
  return form;
}
std::map<std::string, std::string> MapOf(const YamlNode& node) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : node.entries) map[key.scalar] = value.scalar;
  return map;
}

class ChannelCases : public ChannelFixture, public ::testing::WithParamInterface<std::string> {
 protected:
  static Notification NotificationOf(const YamlNode& one) {
    Notification notification = Sample();
    const std::string alerts = TextOf(one, "alerts", "firing");
    const Nanos ended = *ParseRfc3339("2026-11-21T09:00:00Z");
    if (alerts == "resolved") notification.alerts[0].ends_at.nanos = ended;
    if (alerts == "resolved" || alerts == "mixed") notification.alerts[1].ends_at.nanos = ended;
    if (alerts == "one") notification.alerts.resize(1);
    const auto copies = ParseInt(TextOf(one, "copies", "1"));
    for (int64_t i = 1; i < *copies; ++i) notification.alerts.push_back(notification.alerts[0]);
    notification.note = TextOf(one, "note");
    const std::string actions = TextOf(one, "actions");
    if (!actions.empty()) notification.actions = Actions(actions);
    notification.answers_for = static_cast<size_t>(*ParseInt(TextOf(one, "answers_for", "1")));
    return notification;
  }

  void CheckRequest(const HttpClientRequest& request, const YamlNode& want) {
    if (!TextOf(want, "method").empty()) {
      EXPECT_EQ(request.method, TextOf(want, "method"));
    }
    if (!TextOf(want, "url").empty()) {
      EXPECT_EQ(request.url, TextOf(want, "url"));
    }
    if (!ChildOf(want, "body").IsNull()) {
      EXPECT_EQ(request.body, TextOf(want, "body"));
    }
    if (!TextOf(want, "body_has").empty()) {
      EXPECT_THAT(request.body, HasSubstr(TextOf(want, "body_has")));
    }
    if (!TextOf(want, "body_max").empty()) {
      const auto most = static_cast<size_t>(*ParseInt(TextOf(want, "body_max")));
      EXPECT_LE(request.body.size(), most);
      EXPECT_GT(request.body.size() + 16, most) << "cut more than needed";
    }
    if (!TextOf(want, "bearer").empty()) {
      EXPECT_EQ(request.bearer_token, TextOf(want, "bearer"));
    }
    if (!TextOf(want, "basic").empty()) {
      EXPECT_EQ(request.basic_user + ":" + request.basic_password, TextOf(want, "basic"));
    }
    if (ChildOf(want, "form").IsMap()) {
      EXPECT_EQ(FormOf(request.body), MapOf(ChildOf(want, "form")));
    }
    if (ChildOf(want, "query").IsMap()) {
      EXPECT_EQ(FormOf(request.url.substr(request.url.find('?') + 1)),
                MapOf(ChildOf(want, "query")));
    }
    for (const auto& [name, value] : ChildOf(want, "headers").entries) {
      EXPECT_THAT(request.headers, ::testing::Contains(::testing::Pair(name.scalar, value.scalar)));
    }
  }

  void CheckResult(const SendResult& result, const YamlNode& want) {
    EXPECT_EQ(OutcomeText(result.outcome), TextOf(want, "outcome", "delivered")) << result.reason;
    EXPECT_EQ(result.reason_code, TextOf(want, "code"));
    EXPECT_EQ(fmt::format("{}", result.retry_after_ms), TextOf(want, "after_ms", "0"));
    if (!TextOf(want, "reason").empty()) {
      EXPECT_THAT(result.reason, HasSubstr(TextOf(want, "reason")));
    }
    if (!TextOf(want, "not_shown").empty()) {
      EXPECT_THAT(result.reason, Not(HasSubstr(TextOf(want, "not_shown"))));
      EXPECT_THAT(result.answer, Not(HasSubstr(TextOf(want, "not_shown"))));
    }
  }

  void CheckRequests(const YamlNode& want, bool one_message) {
    const YamlNode& calls = ChildOf(want, "calls");
    if (!calls.IsSequence()) return;
    ASSERT_EQ(scripted_.requests.size(), calls.items.size());
    std::set<std::string> keys;
    for (size_t i = 0; i < calls.items.size(); ++i) {
      SCOPED_TRACE(fmt::format("call {}", i + 1));
      CheckRequest(scripted_.requests[i], calls.items[i]);
      size_t found = 0;
      for (const auto& [name, value] : scripted_.requests[i].headers) {
        if (name != "Idempotency-Key") continue;
        keys.insert(value);
        ++found;
      }
      EXPECT_EQ(found, 1U) << "an Idempotency-Key";
    }
    if (one_message) {
      EXPECT_EQ(keys.size(), calls.items.size()) << "each call has its own key";
    }
  }

  // The channel is made once and sends as often as `messages` says; answers and calls are of all.
  void RunCase(const YamlNode& one, const std::string& kind) {
    scripted_ = {};
    for (const YamlNode& answer : ChildOf(one, "answers").items) {
      scripted_.answers.push_back(AnswerOf(answer));
    }
    AlertmanagerConfig config;
    config.file = "am.yml";
    config.global = ChildOf(one, "global");
    const ChannelTools tools{scripted_, smtp_, templates_, clock_};
    const auto made = MakeIntegration({kind, 0, ChildOf(one, "section")}, config, &tools);
    const YamlNode& want = ChildOf(one, "want");
    const std::string error = TextOf(one, "error");
    if (!error.empty() || !made.ok()) {
      EXPECT_THAT(made.ok() ? "no error" : Message(made.status()), HasSubstr(error));
      EXPECT_NE(error, "") << "an error that is not expected";
      return;
    }
    if (!TextOf(want, "send_resolved").empty()) {
      EXPECT_EQ(made->send_resolved, TextOf(want, "send_resolved") == "true");
    }
    const Notification notification = NotificationOf(one);
    const auto messages = ParseInt(TextOf(one, "messages", "1"));
    SendResult result;
    for (int64_t i = 0; i < *messages; ++i) {
      result = made->channel->Send(notification);
      const auto wait = ParseInt(TextOf(one, "wait_seconds", "0"));
      clock_.Advance(*wait * kSecond);
    }
    CheckResult(result, want);
    CheckRequests(want, *messages == 1);
  }

  ScriptedHttpClient scripted_;
};

TEST_P(ChannelCases, AreAsWritten) {
  const std::string path = OUTRIDER_SOURCE_DIR "/tests/data/channels/" + GetParam() + ".yml";
  const auto file = ParseYaml(ReadFile(path).value(), GetParam() + ".yml");
  ASSERT_TRUE(file.ok()) << Message(file.status());
  ASSERT_FALSE(file->items.empty());
  for (const YamlNode& one : file->items) {
    SCOPED_TRACE(fmt::format("{}.yml:{}: {}", GetParam(), one.line, TextOf(one, "name")));
    clock_.Set(*ParseRfc3339("2026-11-21T09:50:16Z"));
    RunCase(one, TextOf(one, "kind", GetParam()));
  }
}

INSTANTIATE_TEST_SUITE_P(Files, ChannelCases,
                         ::testing::Values("discord", "googlechat", "incidentio", "jira", "matrix",
                                           "mattermost", "msteams", "msteamsv2", "ntfy", "opsgenie",
                                           "pagerduty", "pushover", "rocketchat", "signed_webhook",
                                           "sns", "telegram", "twilio_sms", "twilio_voice",
                                           "victorops", "webex", "wechat"),
                         [](const auto& file) { return file.param; });

}  // namespace
}  // namespace outrider
