// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/twilio_sms.h"

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
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string text = WithNote(attempt.notification(), attempt.Text(settings_.texts["message"]));
    const std::string to(Trim(attempt.Text(settings_.twilio.to)));
    for (const std::string_view country : kNoLinks) {
      if (to.starts_with(country)) text = WithoutLinks(text);
    }
    text = CutSms(SpellInGsm7(Trim(text)), settings_.max_segments);
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
