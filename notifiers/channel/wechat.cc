// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/wechat.h"

#include <fmt/format.h>

#include "absl/synchronization/mutex.h"
#include "notifiers/channel/http_channel.h"

namespace outrider {

const std::string_view kWeChatTemplates = R"TEMPLATE(
{{- define "wechat.default.message" -}}
  {{ template "__subject" . }}{{ "\n" }}
  {{- template "__common_annotations" . }}{{ template "__alerts_compact" . }}
  {{- "\nAlertmanagerUrl:\n" }}{{ template "__alertmanagerURL" . }}
{{- end }}
{{- define "wechat.default.to_user" }}{{ end }}
{{- define "wechat.default.to_party" }}{{ end }}
{{- define "wechat.default.to_tag" }}{{ end }}
{{- define "wechat.default.agent_id" }}{{ end }}
)TEMPLATE";

namespace {

constexpr int64_t kTokenLife = 2 * 3600 * kNanosPerSecond;

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "wechat.default.message" . }})"},
    {"to_user", R"({{ template "wechat.default.to_user" . }})"},
    {"to_party", R"({{ template "wechat.default.to_party" . }})"},
    {"to_tag", R"({{ template "wechat.default.to_tag" . }})"},
    {"agent_id", R"({{ template "wechat.default.agent_id" . }})"},
    {"message_type", "text"},
};

struct WeChatSettings {
  std::string api_url;
  Secret api_secret;
  std::string corp_id;
  SectionTexts texts;
};

// errcode of an answer, and what it means; others are final.
struct WeChatError {
  int64_t code;
  const char* reason_code;
  bool new_token;
};
constexpr WeChatError kErrors[] = {
    {-1, "serverError", false},     // busy
    {40014, "authError", true},     // no such token
    {42001, "authError", true},     // expired
    {45009, "rateLimited", false},  // too many calls
};

class WeChatChannel final : public HttpChannel {
 public:
  WeChatChannel(HttpChannelParts parts, WeChatSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string token = KeptToken(attempt.tools().clock.NowNanos());
    if (token.empty()) {
      SendResult asked = TRY(AskForToken(attempt, &token));
      if (asked.outcome != SendResult::Outcome::kDelivered) return asked;
    }
    attempt.Hide(token);
    SendResult result = TRY(attempt.PostJson(
        WithQuery(JoinUrl(settings_.api_url, "message/send"), "access_token", token),
        Body(attempt)));
    if (attempt.answer().status == 0) return result;
    if (attempt.answer().status != 200) {
      result.outcome = SendResult::Outcome::kRetry;  // as Alertmanager does
      return result;
    }
    return attempt.answer().body_cut ? result : ByErrorCode(attempt, std::move(result), token);
  }

  std::string KeptToken(Nanos now) const {
    const absl::MutexLock lock(&mutex_);
    return now - token_at_ > kTokenLife ? "" : token_;
  }
  void KeepToken(const std::string& token, Nanos now) {
    const absl::MutexLock lock(&mutex_);
    token_ = token;
    token_at_ = now;
  }
  // Another message may have renewed it meanwhile.
  void ForgetToken(const std::string& token) {
    const absl::MutexLock lock(&mutex_);
    if (token_ == token) token_.clear();
  }

  StatusOr<SendResult> AskForToken(HttpAttempt& attempt, std::string* token) {
    const std::string secret = attempt.Text(TRY(attempt.Reveal(settings_.api_secret)));
    attempt.Hide(secret);
    const std::string url =
        JoinUrl(settings_.api_url, "gettoken") + "?" +
        FormEncode({{"corpid", attempt.Text(settings_.corp_id)}, {"corpsecret", secret}});
    SendResult result = TRY(attempt.Call(TRY(attempt.Request("GET", url, "", "")), "-token"));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    if (attempt.answer().body_cut) {
      return attempt.Judged(SendResult::Retry("WeCom's answer broke off", "other"));
    }
    const JsonValue answer = attempt.AnswerJson();
    *token = answer.GetString("access_token");
    if (token->empty()) {
      return attempt.Judged(SendResult::Rejected(
          fmt::format("WeCom gave no access token: {}", answer.GetString("errmsg", "no reason")),
          "authError"));
    }
    KeepToken(*token, attempt.tools().clock.NowNanos());
    return result;
  }

  SendResult ByErrorCode(HttpAttempt& attempt, SendResult result, const std::string& token) {
    const JsonValue answer = attempt.AnswerJson();
    if (answer.kind != JsonValue::Kind::kObject) {
      return attempt.Judged(SendResult::Retry("WeCom's answer is not JSON", "other"));
    }
    const int64_t code = answer.GetInt("errcode");
    if (code == 0) return result;
    const std::string reason =
        fmt::format("WeCom answered: {} ({})", answer.GetString("errmsg", "no reason"), code);
    for (const WeChatError& row : kErrors) {
      if (row.code != code) continue;
      if (row.new_token) ForgetToken(token);
      return attempt.Judged(SendResult::Retry(reason, row.reason_code, attempt.RetryAfter()));
    }
    return attempt.Judged(SendResult::Rejected(reason, "other"));
  }

  std::string Body(HttpAttempt& attempt) const {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    const std::string message = WithNote(attempt.notification(), text("message"));
    const std::string_view type = settings_.texts["message_type"];
    const bool markdown = type == "markdown";
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("text").StartObject().Key("content").String(markdown ? "" : message).EndObject();
    AddText(&json, "touser", text("to_user"));
    AddText(&json, "toparty", text("to_party"));
    AddText(&json, "totag", text("to_tag"));
    AddText(&json, "agentid", text("agent_id"));
    json.Key("safe").String("0");
    json.Key("msgtype").String(type.empty() ? "text" : type);
    json.Key("markdown").StartObject().Key("content").String(markdown ? message : "").EndObject();
    json.EndObject();
    return body + "\n";
  }

  const WeChatSettings settings_;
  mutable absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  Nanos token_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeWeChatChannel(const YamlNode& section,
                                                     const AlertmanagerConfig& config,
                                                     const ChannelTools* tools) {
  WeChatSettings settings{
      ScalarText(section, "api_url", config.global, "wechat_api_url",
                 "https://qyapi.weixin.qq.com/cgi-bin/"),
      ReadSecret(section, "api_secret", config.global, "wechat_api_secret", config.file),
      ScalarText(section, "corp_id", config.global, "wechat_api_corp_id", ""),
      SectionTexts(section, kTexts)};
  return MakeHttpChannel<WeChatChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
