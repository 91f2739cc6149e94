// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/twilio_sms.h"

#include <fmt/format.h>

#include "notifiers/channel/gsm7.h"
#include "notifiers/channel/twilio.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kTwilioSmsTemplates = R"TEMPLATE(
{{- define "twilio_sms.default.message" }}{{ template "__one_line" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kDefaultSegments = 3;

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "twilio_sms.default.message" . }})"},
    {"messaging_service_sid", ""},
};

struct TwilioSmsSettings {
  TwilioSettings twilio;
  SectionTexts texts;
  size_t max_segments = kDefaultSegments;
};

// Carriers there drop messages with links.
constexpr std::string_view kNoLinks[] = {"+86"};

std::string WithoutLinks(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : Split(text, ' ')) {
    const bool link = Contains(word, "http://") || Contains(word, "https://");
    if (!link) words.emplace_back(word);
  }
  return Join(words, " ");
}

class TwilioSmsChannel final : public HttpChannel {
 public:
  TwilioSmsChannel(HttpChannelParts parts, TwilioSmsSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  // "Reply 1a to acknowledge, 1r to resolve", or the link of the page where no reply is read.
  static std::string Answers(const Notification& notification) {
    std::string codes;
    std::string link;
    for (const NotificationAction& action : notification.actions) {
      if (action.name == "view") link = " " + action.url;
      if (action.token.empty()) continue;
      codes += (codes.empty() ? " Reply " : ", ") + action.token + " to " + action.name;
    }
    if (!codes.empty() && notification.answers_for > 1) {
      codes += fmt::format(" all {}", notification.answers_for);
    }
    return codes.empty() ? link : codes;
  }

  // Cut so that the answers fit behind it.
  std::string Fitted(std::string text, const std::string& answers) const {
    const size_t segments = settings_.max_segments;
    if (answers.empty()) return CutSms(std::move(text), segments);
    std::string whole = text + answers;
    for (size_t runes = RuneCount(text); CutSms(whole, segments) != whole && runes > 0; --runes) {
      whole = std::string(RunePrefix(text, runes - 1)) + "..." + answers;
    }
    return CutSms(std::move(whole), segments);
  }

  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string text = WithNote(attempt.notification(), attempt.Text(settings_.texts["message"]));
    std::string answers = Answers(attempt.notification());
    const std::string to(Trim(attempt.Text(settings_.twilio.to)));
    for (const std::string_view country : kNoLinks) {
      if (!to.starts_with(country)) continue;
      text = WithoutLinks(text);
      answers = WithoutLinks(answers);
    }
    text = Fitted(SpellInGsm7(Trim(text)), answers);
    TRY(attempt.renderer().status());
    if (text.empty()) return InvalidArgument("the message is empty after templating");
    TwilioForm form = {{"Body", text}};
    const std::string service = attempt.Text(settings_.texts["messaging_service_sid"]);
    if (!service.empty()) form.emplace_back("MessagingServiceSid", service);
    return AskTwilio(settings_.twilio, "Messages", std::move(form), attempt);
  }

  const TwilioSmsSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeTwilioSmsChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools) {
  TwilioSmsSettings settings{ReadTwilioSettings(section, config), SectionTexts(section, kTexts)};
  if (const size_t segments = CountOf(section, "max_segments")) settings.max_segments = segments;
  return MakeHttpChannel<TwilioSmsChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
