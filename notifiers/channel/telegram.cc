// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/telegram.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kTelegramTemplates = R"TEMPLATE(
{{- define "telegram.default.message" }}{{ template "__alerts_spaced" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxMessage = 4096;  // runes
// Cutting HTML would leave tags open, which Telegram refuses.
constexpr std::string_view kTooLong =
    "This notification is longer than Telegram allows (4096 characters), so its text is left out. "
    "The template of the message needs to be shorter.";

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "telegram.default.message" . }})"},
    {"parse_mode", "HTML"},
};

struct TelegramSettings {
  std::string api_url;
  Secret bot_token;
  Secret chat_id;
  size_t message_thread_id = 0;
  bool disable_notifications = false;
  SectionTexts texts;
};

class TelegramChannel final : public HttpChannel {
 public:
  TelegramChannel(HttpChannelParts parts, TelegramSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const std::string token = TRY(attempt.Reveal(settings_.bot_token));
    const std::string chat = TRY(settings_.chat_id.Read());
    if (!ParseInt(chat).ok()) return InvalidArgument("chat_id is not a number");
    const std::string url =
        JoinUrl(settings_.api_url, fmt::format("bot{}/sendMessage", EscapedPath(token)));
    SendResult result = TRY(attempt.PostJson(url, Body(attempt, chat)));
    if (attempt.answer().status == 0 || attempt.answer().body_cut) return result;
    return ByAnswer(attempt, std::move(result));
  }

  static SendResult ByAnswer(const HttpAttempt& attempt, SendResult result) {
    const JsonValue answer = attempt.AnswerJson();
    const bool taken = result.outcome == SendResult::Outcome::kDelivered;
    if (taken && answer.GetBool("ok")) return result;
    result.outcome = SendResult::Outcome::kRetry;
    if (taken) {
      const std::string text = answer.GetString("description", "no reason given");
      result.reason = fmt::format("Telegram answered: {}", text);
      result.reason_code = "other";
    }
    const JsonValue* parameters = answer.Find("parameters");
    if (parameters != nullptr && result.retry_after_ms == 0) {
      result.retry_after_ms = CappedWait(parameters->GetNumber("retry_after") * double{kSecond});
    }
    return result;
  }

  std::string Message(HttpAttempt& attempt) const {
    const Notification& notification = attempt.notification();
    const std::string_view text = settings_.texts["message"];
    if (settings_.texts["parse_mode"] != "HTML") {
      return TruncateRunes(WithNote(notification, attempt.Text(text)), kMaxMessage);
    }
    std::string html = attempt.Html(text);
    const std::string links = AnswerLinks(notification, LinkStyle::kHtml);
    if (!links.empty()) html = links + "\n" + html;
    if (!notification.note.empty()) html = EscapeHtml(notification.note) + "\n" + html;
    if (RuneCount(html) <= kMaxMessage) return html;
    return links.empty() ? std::string(kTooLong) : links + "\n" + std::string(kTooLong);
  }

  // Alertmanager's client sends every value as a text.
  std::string Body(HttpAttempt& attempt, const std::string& chat) const {
    std::map<std::string, std::string> body = {
        {"chat_id", JsonText(chat)},
        {"disable_web_page_preview", JsonText("true")},
        {"text", JsonText(Message(attempt))},
    };
    const std::string_view parse_mode = settings_.texts["parse_mode"];
    if (!parse_mode.empty()) body["parse_mode"] = JsonText(parse_mode);
    if (settings_.disable_notifications) body["disable_notification"] = JsonText("true");
    if (settings_.message_thread_id > 0) {
      body["message_thread_id"] = JsonText(std::to_string(settings_.message_thread_id));
    }
    const std::string buttons = Buttons(attempt.notification());
    if (!buttons.empty()) body["reply_markup"] = buttons;
    return JsonObject(body) + "\n";
  }

  // Buttons that call back; "" when there are none.
  static std::string Buttons(const Notification& notification) {
    std::string row;
    JsonWriter json(&row, JsonWriter::Escape::kGoHtml);
    size_t count = 0;
    json.StartObject().Key("inline_keyboard").StartArray().StartArray();
    for (const NotificationAction& action : notification.actions) {
      if (action.token.empty()) continue;
      json.StartObject().Key("text").String(action.label);
      json.Key("callback_data").String(action.token).EndObject();
      ++count;
    }
    json.EndArray().EndArray().EndObject();
    return count == 0 ? "" : row;
  }

  const TelegramSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeTelegramChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools) {
  TelegramSettings settings{
      ScalarText(section, "api_url", config.global, "telegram_api_url", "https://api.telegram.org"),
      ReadSecret(section, "bot_token", config.global, "telegram_bot_token", config.file),
      ReadSecret(section, "chat_id", config.file),
      CountOf(section, "message_thread_id"),
      FlagOf(section, "disable_notifications"),
      SectionTexts(section, kTexts)};
  return MakeHttpChannel<TelegramChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
