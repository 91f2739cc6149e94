// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/discord.h"

#include <algorithm>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"

namespace outrider {

const std::string_view kDiscordTemplates = R"TEMPLATE(
{{- define "discord.default.content" }}{{ end }}
{{- define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "discord.default.message" }}{{ template "__alerts_spaced" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxTitle = 256;  // runes, all three
constexpr size_t kMaxDescription = 4096;
constexpr size_t kMaxContent = 2000;
constexpr int kRed = 0x992D22;
constexpr int kGreen = 0x2ECC71;

constexpr TextDefault kTexts[] = {
    {"title", R"({{ template "discord.default.title" . }})"},
    {"message", R"({{ template "discord.default.message" . }})"},
    {"content", ""},
    {"username", ""},    // plain, no template, as in Alertmanager
    {"avatar_url", ""},  // the same
};

struct DiscordSettings {
  Secret webhook_url;
  SectionTexts texts;
};

class DiscordChannel final : public HttpChannel {
 public:
  DiscordChannel(HttpChannelParts parts, DiscordSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.webhook_url));
    SendResult result = TRY(attempt.PostJson(std::move(url), Body(attempt)));
    if (result.outcome == SendResult::Outcome::kRetry && result.retry_after_ms == 0) {
      const double seconds = attempt.AnswerJson().GetNumber("retry_after");
      result.retry_after_ms = CappedWait(seconds * double{kSecond});
    }
    return result;
  }

  std::string Body(HttpAttempt& attempt) const {
    const SectionTexts& texts = settings_.texts;
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("content").String(TruncateRunes(attempt.Text(texts["content"]), kMaxContent));
    json.Key("embeds").StartArray().StartObject();
    json.Key("title").String(TruncateRunes(attempt.Text(texts["title"]), kMaxTitle));
    json.Key("description")
        .String(TruncateRunes(WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown,
                                               attempt.Text(texts["message"])),
                              kMaxDescription));
    json.Key("color").Int(attempt.firing() ? kRed : kGreen);
    json.EndObject().EndArray();
    AddText(&json, "username", texts["username"]);
    AddText(&json, "avatar_url", texts["avatar_url"]);
    json.EndObject();
    return body + "\n";
  }

  const DiscordSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeDiscordChannel(const YamlNode& section,
                                                      const AlertmanagerConfig& config,
                                                      const ChannelTools* tools) {
  DiscordSettings settings{ReadSecret(section, "webhook_url", config.file),
                           SectionTexts(section, kTexts)};
  return MakeHttpChannel<DiscordChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
