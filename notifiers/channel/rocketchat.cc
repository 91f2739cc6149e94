// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/rocketchat.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"

namespace outrider {

const std::string_view kRocketChatTemplates = R"TEMPLATE(
{{- define "rocketchat.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "rocketchat.default.alias" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "rocketchat.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "rocketchat.default.emoji" }}{{ end }}
{{- define "rocketchat.default.iconurl" }}{{ end }}
{{- define "rocketchat.default.text" }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxTitle = 1024;  // runes

constexpr TextDefault kTexts[] = {
    {"channel", ""},
    {"color", R"({{ if eq .Status "firing" }}red{{ else }}green{{ end }})"},
    {"title", R"({{ template "rocketchat.default.title" . }})"},
    {"title_link", R"({{ template "rocketchat.default.titlelink" . }})"},
    {"text", R"({{ template "rocketchat.default.text" . }})"},
    {"emoji", R"({{ template "rocketchat.default.emoji" . }})"},
    {"icon_url", R"({{ template "rocketchat.default.iconurl" . }})"},
    {"image_url", ""},
    {"thumb_url", ""},
};

struct RocketChatField {
  std::string title;
  std::string value;
  bool short_field = false;
};
struct RocketChatAction {
  std::string text;
  std::string url;
  std::string msg;
};
struct RocketChatSettings {
  std::string api_url;
  Secret token;
  Secret token_id;
  SectionTexts texts;
  std::vector<RocketChatField> fields;
  std::vector<RocketChatAction> actions;
};

class RocketChatChannel final : public HttpChannel {
 public:
  RocketChatChannel(HttpChannelParts parts, RocketChatSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string body = Body(attempt);
    HttpClientRequest request =
        TRY(attempt.Request("POST", JoinUrl(settings_.api_url, "api/v1/chat.postMessage"),
                            "application/json", std::move(body)));
    request.headers.emplace_back("X-Auth-Token", TRY(attempt.Reveal(settings_.token)));
    request.headers.emplace_back("X-User-Id", TRY(attempt.Reveal(settings_.token_id)));
    SendResult result = TRY(attempt.Call(std::move(request)));
    if (result.outcome != SendResult::Outcome::kDelivered || attempt.answer().body_cut) {
      return result;
    }
    const JsonValue answer = attempt.AnswerJson();
    if (answer.GetBool("success")) return result;
    if (answer.IsNull()) {
      return attempt.Judged(SendResult::Retry("Rocket.Chat's answer is not JSON", "clientError"));
    }
    return attempt.Judged(SendResult::Rejected(
        fmt::format("Rocket.Chat answered: {}", answer.GetString("error", "unknown error")),
        "clientError"));
  }

  std::string Body(HttpAttempt& attempt) const {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    AddText(&json, "channel", text("channel"));
    AddText(&json, "emoji", text("emoji"));
    AddText(&json, "avatar", text("icon_url"));
    json.Key("attachments").StartArray().StartObject();
    AddText(&json, "title", TruncateRunes(text("title"), kMaxTitle));
    AddText(&json, "title_link", text("title_link"));
    AddText(&json, "text",
            WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown, text("text")));
    AddText(&json, "image_url", text("image_url"));
    AddText(&json, "thumb_url", text("thumb_url"));
    AddText(&json, "color", text("color"));
    WriteFields(attempt, &json);
    WriteActions(attempt, &json);
    json.EndObject().EndArray().EndObject();
    return body + "\n";
  }

  void WriteFields(HttpAttempt& attempt, JsonWriter* json) const {
    if (settings_.fields.empty()) return;
    json->Key("fields").StartArray();
    for (const RocketChatField& field : settings_.fields) {
      json->StartObject().Key("short").Bool(field.short_field);
      AddText(json, "title", attempt.Text(field.title));
      AddText(json, "value", attempt.Text(field.value));
      json->EndObject();
    }
    json->EndArray();
  }

  // Alertmanager sends buttons only, and of their keys only these.
  void WriteActions(HttpAttempt& attempt, JsonWriter* json) const {
    if (settings_.actions.empty()) return;
    json->Key("actions").StartArray();
    for (const RocketChatAction& action : settings_.actions) {
      json->StartObject().Key("type").String("button");
      AddText(json, "text", attempt.Text(action.text));
      AddText(json, "url", attempt.Text(action.url));
      json->Key("is_webview").Bool(false);
      AddText(json, "msg", attempt.Text(action.msg));
      json->Key("msg_in_chat_window").Bool(false);
      json->EndObject();
    }
    json->EndArray();
  }

  const RocketChatSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeRocketChatChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools) {
  RocketChatSettings settings{
      ScalarText(section, "api_url", config.global, "rocketchat_api_url",
                 "https://open.rocket.chat/"),
      ReadSecret(section, "token", config.global, "rocketchat_token", config.file),
      ReadSecret(section, "token_id", config.global, "rocketchat_token_id", config.file),
      SectionTexts(section, kTexts),
      {},
      {}};
  const bool short_fields = FlagOf(section, "short_fields");
  for (const YamlNode& node : ItemsOf(section, "fields")) {
    settings.fields.push_back({ScalarText(node, "title"), ScalarText(node, "value"),
                               FlagOf(node, "short", short_fields)});
  }
  for (const YamlNode& node : ItemsOf(section, "actions")) {
    settings.actions.push_back(
        {ScalarText(node, "text"), ScalarText(node, "url"), ScalarText(node, "msg")});
  }
  return MakeHttpChannel<RocketChatChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
