// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/msteams.h"

#include "notifiers/channel/fit_body.h"
#include "notifiers/channel/http_channel.h"

namespace outrider {

const std::string_view kMsTeamsTemplates = R"TEMPLATE(
{{- define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{- define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "msteams.default.text" }}{{ template "__alerts_markdown" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxBody = 28 << 10;  // bytes
constexpr std::string_view kRed = "8C1A1A";
constexpr std::string_view kGreen = "2DC72D";

constexpr TextDefault kTexts[] = {
    {"title", R"({{ template "msteams.default.title" . }})"},
    {"summary", R"({{ template "msteams.default.summary" . }})"},
    {"text", R"({{ template "msteams.default.text" . }})"},
};

struct MsTeamsSettings {
  Secret webhook_url;
  SectionTexts texts;
};

class MsTeamsChannel final : public HttpChannel {
 public:
  MsTeamsChannel(HttpChannelParts parts, MsTeamsSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.webhook_url));
    const std::string title = attempt.Text(settings_.texts["title"]);
    const std::string summary = attempt.Text(settings_.texts["summary"]);
    std::string text = WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown,
                                        attempt.Text(settings_.texts["text"]));
    const auto build = [&](const std::string& shown) {
      std::string body;
      JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
      json.StartObject();
      json.Key("@context").String("http://schema.org/extensions");
      json.Key("type").String("MessageCard");
      json.Key("title").String(title);
      json.Key("summary").String(summary);
      json.Key("text").String(shown);
      json.Key("themeColor").String(attempt.firing() ? kRed : kGreen);
      json.EndObject();
      return body + "\n";
    };
    return attempt.PostJson(std::move(url), FitBody(std::move(text), kMaxBody, build));
  }

  const MsTeamsSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeMsTeamsChannel(const YamlNode& section,
                                                      const AlertmanagerConfig& config,
                                                      const ChannelTools* tools) {
  MsTeamsSettings settings{ReadSecret(section, "webhook_url", config.file),
                           SectionTexts(section, kTexts)};
  return MakeHttpChannel<MsTeamsChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
