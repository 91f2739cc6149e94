// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/twilio_voice.h"

#include <fmt/format.h>

#include "notifiers/channel/fit_body.h"
#include "notifiers/channel/twilio.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kTwilioVoiceTemplates = R"TEMPLATE(
{{- define "twilio_voice.default.message" -}}
  {{- if eq .Status "firing" -}}
    {{ len .Alerts.Firing }} alert{{ if ne (len .Alerts.Firing) 1 }}s{{ end }} firing
  {{- else -}}
    {{ len .Alerts.Resolved }} alert{{ if ne (len .Alerts.Resolved) 1 }}s{{ end }} resolved
  {{- end -}}
  {{- with .GroupLabels.SortedPairs.Values }}{{ ": " }}{{ join ", " . }}{{ end -}}
  .{{ with .CommonAnnotations.summary }} {{ . }}.{{ end -}}
{{- end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxTwiml = 4000;  // bytes
constexpr size_t kDefaultRepeat = 2;

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "twilio_voice.default.message" . }})"},
    {"voice", ""},
    {"language", ""},
    {"action_url", ""},
};

struct TwilioVoiceSettings {
  TwilioSettings twilio;
  SectionTexts texts;
  size_t repeat = kDefaultRepeat;
};

std::string Attribute(std::string_view name, std::string_view value) {
  return value.empty() ? "" : fmt::format(" {}=\"{}\"", name, EscapeHtml(value));
}

class TwilioVoiceChannel final : public HttpChannel {
 public:
  TwilioVoiceChannel(HttpChannelParts parts, TwilioVoiceSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  static std::string TokenOf(const Notification& notification) {
    for (const NotificationAction& action : notification.actions) {
      if (!action.token.empty()) return action.token;
    }
    return "";
  }

  // Which digit means what; exporter/api/answer_twilio.cc reads them.
  static std::string Digits(const Notification& notification) {
    std::string spoken;
    const size_t count = notification.answers_for;
    const std::string all = count > 1 ? fmt::format(" all {}", count) : "";
    for (const NotificationAction& action : notification.actions) {
      const bool first = action.name == "acknowledge" || action.name == "confirm";
      const std::string_view digit = first                       ? "4"
                                     : action.name == "resolve"  ? "6"
                                     : action.name == "escalate" ? "5"
                                                                 : "";
      if (digit.empty()) continue;
      spoken += fmt::format(" Press {} to {}{}.", digit, action.name, all);
    }
    return spoken;
  }

  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    const std::string say = fmt::format("<Say{}{} loop=\"{}\">", Attribute("voice", text("voice")),
                                        Attribute("language", text("language")), settings_.repeat);
    std::string action = text("action_url");
    std::string message = std::string(Trim(WithNote(attempt.notification(), text("message"))));
    if (message.empty()) {
      TRY(attempt.renderer().status());
      return InvalidArgument("the message is empty after templating");
    }
    const std::string token = TokenOf(attempt.notification());
    std::string digits;
    if (action.empty() && !token.empty()) {
      action = WithQuery(
          attempt.notification().external_url + "/outrider/v1/callbacks/twilio/voice", "t", token);
      digits = Digits(attempt.notification());
    }
    // A digit is asked for where somebody listens to it: a mailbox presses none.
    const std::string begin =
        action.empty() ? ""
                       : fmt::format("<Gather numDigits=\"1\"{}>", Attribute("action", action));
    const std::string end = action.empty() ? "" : "</Gather>";
    std::string twiml = FitBody(std::move(message), kMaxTwiml, [&](const std::string& spoken) {
      return "<Response>" + begin + say + EscapeHtml(spoken) + digits + "</Say>" + end +
             "</Response>";
    });
    return AskTwilio(settings_.twilio, "Calls", {{"Twiml", std::move(twiml)}}, attempt);
  }

  const TwilioVoiceSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeTwilioVoiceChannel(const YamlNode& section,
                                                          const AlertmanagerConfig& config,
                                                          const ChannelTools* tools) {
  TwilioVoiceSettings settings{ReadTwilioSettings(section, config), SectionTexts(section, kTexts)};
  if (const size_t repeat = CountOf(section, "repeat")) settings.repeat = repeat;
  return MakeHttpChannel<TwilioVoiceChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
