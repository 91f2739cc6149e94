// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/pushover.h"

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kPushoverTemplates = R"TEMPLATE(
{{- define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "pushover.default.message" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
{{- define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr std::string_view kApiUrl = "https://api.pushover.net/1/messages.json";
constexpr size_t kMaxTitle = 250;  // runes, all three
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxUrl = 512;

constexpr TextDefault kTexts[] = {
    {"title", R"({{ template "pushover.default.title" . }})"},
    {"message", R"({{ template "pushover.default.message" . }})"},
    {"url", R"({{ template "pushover.default.url" . }})"},
    {"url_title", ""},
    {"device", ""},
    {"sound", ""},
    // An emergency, which is repeated until somebody says yes, or an ordinary message.
    {"priority", R"({{ if eq .Status "firing" }}2{{ else }}0{{ end }})"},
};

struct PushoverSettings {
  Secret user_key;
  Secret token;
  SectionTexts texts;
  int64_t retry = 0;  // seconds, all three
  int64_t expire = 0;
  int64_t ttl = 0;
  bool html = false;
  bool monospace = false;
};

class PushoverChannel final : public HttpChannel {
 public:
  PushoverChannel(HttpChannelParts parts, PushoverSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  // Everything stands in the query, as Alertmanager sends it.
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const SectionTexts& texts = settings_.texts;
    // Files of secrets may hold templates, too.
    const std::string token = attempt.Text(TRY(attempt.Reveal(settings_.token)));
    const std::string user = attempt.Text(TRY(attempt.Reveal(settings_.user_key)));
    attempt.Hide(token);
    attempt.Hide(user);
    std::map<std::string, std::string> values = {
        {"token", token},
        {"user", user},
        {"title", TruncateRunes(attempt.Text(texts["title"]), kMaxTitle)},
        {"message", Message(attempt)},
        {"url", TruncateRunes(attempt.Text(texts["url"]), kMaxUrl)},
        {"retry", std::to_string(settings_.retry)},
        {"expire", std::to_string(settings_.expire)},
    };
    for (const char* key : {"url_title", "priority", "device", "sound"}) {
      values[key] = attempt.Text(texts[key]);
    }
    for (const NotificationAction& action : attempt.notification().actions) {
      if (action.name != "view") continue;
      values["url"] = TruncateRunes(action.url, kMaxUrl);
      values["url_title"] = "Answer";
    }
    if (settings_.html) values["html"] = "1";
    if (settings_.monospace) values["monospace"] = "1";
    if (settings_.ttl > 0) values["ttl"] = std::to_string(settings_.ttl);
    const std::string url = std::string(kApiUrl) + "?" + FormEncode({values.begin(), values.end()});
    return attempt.Call(TRY(attempt.Request("POST", url, "text/plain", "")));
  }

  std::string Message(HttpAttempt& attempt) const {
    const std::string_view text = settings_.texts["message"];
    const std::string& note = attempt.notification().note;
    std::string message = settings_.html ? attempt.Html(text) : attempt.Text(text);
    if (!note.empty()) message = (settings_.html ? EscapeHtml(note) : note) + "\n" + message;
    message = std::string(Trim(TruncateRunes(std::move(message), kMaxMessage)));
    return message.empty() ? "(no details)" : message;  // Pushover refuses an empty one
  }

  const PushoverSettings settings_;
};

int64_t SecondsOf(const YamlNode& section, std::string_view key, int64_t fallback) {
  return GoDurationOf(section, key, fallback * kNanosPerSecond) / kNanosPerSecond;
}

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakePushoverChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools) {
  PushoverSettings settings{ReadSecret(section, "user_key", config.file),
                            ReadSecret(section, "token", config.file),
                            SectionTexts(section, kTexts),
                            SecondsOf(section, "retry", 60),
                            SecondsOf(section, "expire", 3600),
                            SecondsOf(section, "ttl", 0),
                            FlagOf(section, "html"),
                            FlagOf(section, "monospace")};
  return MakeHttpChannel<PushoverChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
