// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/msteamsv2.h"

#include "notifiers/channel/fit_body.h"
#include "notifiers/channel/http_channel.h"
#include "notifiers/config/schema.h"

namespace outrider {

const std::string_view kMsTeamsV2Templates = R"TEMPLATE(
{{- define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "msteamsv2.default.text" }}{{ template "__alerts_markdown" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxBody = 28 << 10;  // bytes

constexpr TextDefault kTexts[] = {
    {"title", R"({{ template "msteamsv2.default.title" . }})"},
    {"text", R"({{ template "msteamsv2.default.text" . }})"},
};

struct MsTeamsV2Settings {
  Secret webhook_url;
  SectionTexts texts;
};

std::string Card(const std::string& title, const std::string& text, bool firing) {
  std::string body;
  JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
  json.StartObject().Key("type").String("message");
  json.Key("attachments").StartArray().StartObject();
  json.Key("contentType").String("application/vnd.microsoft.card.adaptive");
  json.Key("contentUrl").Null();
  json.Key("content").StartObject();
  json.Key("$schema").String("http://adaptivecards.io/schemas/adaptive-card.json");
  json.Key("type").String("AdaptiveCard");
  json.Key("version").String("1.2");
  json.Key("body").StartArray().StartObject();
  json.Key("type").String("TextBlock");
  json.Key("text").String(title);
  json.Key("weight").String("Bolder");
  json.Key("size").String("Medium");
  json.Key("wrap").Bool(true);
  json.Key("style").String("heading");
  json.Key("color").String(firing ? "Attention" : "Good");
  json.EndObject().StartObject();
  json.Key("type").String("TextBlock");
  json.Key("text").String(text);
  json.Key("wrap").Bool(true);
  json.EndObject().EndArray();
  json.Key("msteams").StartObject().Key("width").String("full").EndObject();
  json.EndObject().EndObject().EndArray().EndObject();
  return body + "\n";
}

class MsTeamsV2Channel final : public HttpChannel {
 public:
  MsTeamsV2Channel(HttpChannelParts parts, MsTeamsV2Settings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.webhook_url));
    const std::string title = attempt.Text(settings_.texts["title"]);
    std::string text = WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown,
                                        attempt.Text(settings_.texts["text"]));
    const auto build = [&](const std::string& shown) {
      return Card(title, shown, attempt.firing());
    };
    return attempt.PostJson(std::move(url), FitBody(std::move(text), kMaxBody, build));
  }

  const MsTeamsV2Settings settings_;
};

// The only kind whose own http_config inherits something: the global proxy.
YamlNode WithGlobalProxy(const YamlNode& section, const YamlNode& global) {
  YamlNode out = section;
  if (!IsSet(section, "http_config") || IsSet(section, "http_config.proxy_url") ||
      !IsSet(global, "http_config.proxy_url")) {
    return out;
  }
  const YamlNode* inherited = global.Find("http_config");
  for (auto& [key, value] : out.entries) {
    if (key.scalar != "http_config") continue;
    for (const auto& entry : inherited->entries) {
      if (entry.first.scalar == "proxy_url") value.entries.push_back(entry);
    }
  }
  return out;
}

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeMsTeamsV2Channel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools) {
  MsTeamsV2Settings settings{ReadSecret(section, "webhook_url", config.file),
                             SectionTexts(section, kTexts)};
  return MakeHttpChannel<MsTeamsV2Channel>(WithGlobalProxy(section, config.global), config, tools,
                                           std::move(settings));
}

}  // namespace outrider
