// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/ntfy.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kNtfyTemplates = R"TEMPLATE(
{{- define "ntfy.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "ntfy.default.message" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
{{- define "ntfy.default.priority" -}}
  {{- if ne .Status "firing" }}3{{ else if eq .CommonLabels.severity "critical" }}5{{ else }}4{{ end -}}
{{- end }}
{{- define "ntfy.default.tags" -}}
  {{- if eq .Status "firing" }}rotating_light{{ else }}white_check_mark{{ end -}}
{{- end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxMessage = 4096;  // bytes
constexpr size_t kMaxTitle = 250;     // runes
constexpr size_t kMaxTags = 5;
constexpr size_t kMaxActions = 3;

constexpr TextDefault kTexts[] = {
    {"topic", ""},
    {"title", R"({{ template "ntfy.default.title" . }})"},
    {"message", R"({{ template "ntfy.default.message" . }})"},
    {"priority", R"({{ template "ntfy.default.priority" . }})"},
    {"tags", R"({{ template "ntfy.default.tags" . }})"},
    {"click", R"({{ template "__alertmanagerURL" . }})"},
    {"icon", ""},
};
constexpr std::string_view kActionKeys[] = {"action", "label", "url", "method", "body"};

struct NtfySettings {
  std::string url;
  Secret token;
  SectionTexts texts;
  bool markdown = false;
  std::vector<YamlNode> actions;
};

class NtfyChannel final : public HttpChannel {
 public:
  NtfyChannel(HttpChannelParts parts, NtfySettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string body = TRY(Body(attempt));
    HttpClientRequest request =
        TRY(attempt.Request("POST", settings_.url, "application/json", std::move(body)));
    const std::string token = TRY(attempt.Reveal(settings_.token));
    if (!token.empty()) request.bearer_token = token;
    return attempt.Call(std::move(request));
  }

  StatusOr<std::string> Body(HttpAttempt& attempt) const {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    const std::string priority(Trim(text("priority")));
    std::string body;
    JsonWriter json(&body);
    json.StartObject();
    json.Key("topic").String(text("topic"));
    AddText(&json, "title", TruncateRunes(text("title"), kMaxTitle));
    json.Key("message").String(TruncateBytes(
        WithNote(attempt.notification(), std::string(Trim(text("message")))), kMaxMessage));
    if (!priority.empty()) {
      TRY(attempt.renderer().status());
      if (priority.size() != 1 || priority[0] < '1' || priority[0] > '5') {
        return InvalidArgument(
            fmt::format("priority must be a number from 1 to 5, not {}", Quote(priority)));
      }
      json.Key("priority").Int(priority[0] - '0');
    }
    WriteTags(text("tags"), &json);
    AddText(&json, "click", text("click"));
    AddText(&json, "icon", text("icon"));
    if (settings_.markdown) json.Key("markdown").Bool(true);
    WriteActions(attempt, &json);
    json.EndObject();
    return body;
  }

  static void WriteTags(const std::string& text, JsonWriter* json) {
    size_t count = 0;
    for (const std::string_view tag : Split(text, ',')) {
      if (Trim(tag).empty() || count == kMaxTags) continue;
      if (count++ == 0) json->Key("tags").StartArray();
      json->String(Trim(tag));
    }
    if (count > 0) json->EndArray();
  }

  void WriteActions(HttpAttempt& attempt, JsonWriter* json) const {
    const std::vector<NotificationAction>& answers = attempt.notification().actions;
    if (settings_.actions.empty() && answers.empty()) return;
    json->Key("actions").StartArray();
    size_t count = 0;
    for (const NotificationAction& answer : answers) {
      if (answer.name != "view" && count++ < kMaxActions) WriteAnswer(answer, json);
    }
    for (const YamlNode& action : settings_.actions) {
      if (!answers.empty() && count++ >= kMaxActions) break;
      json->StartObject();
      for (const std::string_view key : kActionKeys) {
        AddText(json, key, attempt.Text(ScalarText(action, key)));
      }
      if (FlagOf(action, "clear")) json->Key("clear").Bool(true);
      json->EndObject();
    }
    for (const NotificationAction& answer : answers) {
      if (answer.name == "view" && count++ < kMaxActions) WriteAnswer(answer, json);
    }
    json->EndArray();
  }

  // One tap acts: the app sends the POST that the page's button would.
  static void WriteAnswer(const NotificationAction& answer, JsonWriter* json) {
    const bool acts = answer.name != "view";
    json->StartObject().Key("action").String(acts ? "http" : "view");
    json->Key("label").String(answer.label).Key("url").String(answer.url);
    if (acts) json->Key("method").String("POST").Key("clear").Bool(true);
    json->EndObject();
  }

  const NtfySettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeNtfyChannel(const YamlNode& section,
                                                   const AlertmanagerConfig& config,
                                                   const ChannelTools* tools) {
  NtfySettings settings{ScalarText(section, "url", "https://ntfy.sh"),
                        ReadSecret(section, "token", config.file),
                        SectionTexts(section, kTexts),
                        FlagOf(section, "markdown"),
                        {}};
  for (const YamlNode& action : ItemsOf(section, "actions")) settings.actions.push_back(action);
  return MakeHttpChannel<NtfyChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
