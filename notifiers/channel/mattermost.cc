// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/mattermost.h"

#include <optional>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"
#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kMattermostTemplates = R"TEMPLATE(
{{- define "mattermost.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
{{- define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "mattermost.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "mattermost.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "mattermost.default.fallback" -}}
  {{ template "mattermost.default.title" . }} | {{ template "mattermost.default.titlelink" . }}
{{- end }}
{{- define "mattermost.default.text" }}{{ template "__alerts_markdown" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxText = 16383;  // runes

constexpr TextDefault kTexts[] = {
    {"channel", ""},
    {"username", R"({{ template "mattermost.default.username" . }})"},
    {"icon_url", ""},
    {"icon_emoji", ""},
    {"type", ""},
    {"text", R"({{ template "mattermost.default.text" . }})"},
    {"fallback", R"({{ template "mattermost.default.fallback" . }})"},
    {"color", R"({{ template "mattermost.default.color" . }})"},
    {"pretext", ""},
    {"author_name", ""},
    {"author_link", ""},
    {"author_icon", ""},
    {"title", R"({{ template "mattermost.default.title" . }})"},
    {"title_link", R"({{ template "mattermost.default.titlelink" . }})"},
    {"thumb_url", ""},
    {"footer", ""},
    {"footer_icon", ""},
    {"image_url", ""},
};
// The texts of an attachment in the order they are sent; fields stand after the title's link.
constexpr std::string_view kBeforeFields[] = {"fallback",    "color",       "pretext",
                                              "text",        "author_name", "author_link",
                                              "author_icon", "title",       "title_link"};
constexpr std::string_view kAfterFields[] = {"thumb_url", "footer", "footer_icon", "image_url"};

struct MattermostField {
  std::string title;
  std::string value;
  std::optional<bool> short_field;
};
struct MattermostAttachment {
  std::map<std::string, std::string, std::less<>> texts;
  std::vector<MattermostField> fields;
};
struct MattermostSettings {
  Secret webhook_url;
  SectionTexts texts;
  std::vector<MattermostAttachment> attachments;
  bool listed = false;  // they stand under `attachments`, so `text` is the message's own
  std::string card;
  std::string priority;
  bool requested_ack = false;
  bool persistent_notifications = false;
};

std::vector<MattermostField> ReadFields(const YamlNode& section) {
  std::vector<MattermostField> fields;
  for (const YamlNode& node : ItemsOf(section, "fields")) {
    MattermostField field{ScalarText(node, "title"), ScalarText(node, "value"), std::nullopt};
    if (IsSet(node, "short")) field.short_field = FlagOf(node, "short");
    fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<MattermostAttachment> ReadAttachments(const YamlNode& section,
                                                  const SectionTexts& texts, bool* listed) {
  std::vector<MattermostAttachment> attachments;
  for (const YamlNode& node : ItemsOf(section, "attachments")) {
    MattermostAttachment attachment;
    for (const auto& keys : {std::span<const std::string_view>(kBeforeFields),
                             std::span<const std::string_view>(kAfterFields)}) {
      for (const std::string_view key : keys) {
        attachment.texts.emplace(key, ScalarText(node, key));
      }
    }
    attachment.fields = ReadFields(node);
    attachments.push_back(std::move(attachment));
  }
  *listed = !attachments.empty();
  if (*listed) return attachments;
  MattermostAttachment only;
  for (const TextDefault& row : kTexts) only.texts.emplace(row.key, texts[row.key]);
  only.fields = ReadFields(section);
  attachments.push_back(std::move(only));
  return attachments;
}

class MattermostChannel final : public HttpChannel {
 public:
  MattermostChannel(HttpChannelParts parts, MattermostSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.webhook_url));
    return attempt.PostJson(std::move(url), Body(attempt));
  }

  std::string Body(HttpAttempt& attempt) const {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    if (settings_.listed) {
      AddText(&json, "text",
              TruncateRunes(
                  WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown, text("text")),
                  kMaxText));
    }
    for (const std::string_view key : {"channel", "username", "icon_url", "icon_emoji"}) {
      AddText(&json, key, text(key));
    }
    json.Key("attachments").StartArray();
    for (const MattermostAttachment& attachment : settings_.attachments) {
      WriteAttachment(attachment, attempt, &json);
    }
    json.EndArray();
    AddText(&json, "type", text("type"));
    if (!settings_.card.empty()) {
      json.Key("props").StartObject();
      AddText(&json, "card", attempt.Text(settings_.card));
      json.EndObject();
    }
    WritePriority(attempt, &json);
    json.EndObject();
    return body + "\n";
  }

  void WriteAttachment(const MattermostAttachment& attachment, HttpAttempt& attempt,
                       JsonWriter* json) const {
    const auto write = [&](std::string_view key) {
      std::string text = attempt.Text(attachment.texts.find(key)->second);
      if (key == "text") {
        if (!settings_.listed)
          text = WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown, std::move(text));
        text = TruncateRunes(std::move(text), kMaxText);
      }
      AddText(json, key, text);
    };
    json->StartObject();
    for (const std::string_view key : kBeforeFields) write(key);
    if (!attachment.fields.empty()) {
      json->Key("fields").StartArray();
      for (const MattermostField& field : attachment.fields) {
        json->StartObject();
        AddText(json, "title", attempt.Text(field.title));
        AddText(json, "value", attempt.Text(field.value));
        if (field.short_field) json->Key("short").Bool(*field.short_field);
        json->EndObject();
      }
      json->EndArray();
    }
    for (const std::string_view key : kAfterFields) write(key);
    json->EndObject();
  }

  // An unknown priority is the standard one, which asks for nothing.
  void WritePriority(HttpAttempt& attempt, JsonWriter* json) const {
    if (settings_.priority.empty()) return;
    std::string priority = ToLower(attempt.Text(settings_.priority));
    if (priority != "urgent" && priority != "important") priority = "standard";
    json->Key("priority").StartObject();
    json->Key("priority").String(priority);
    if (settings_.requested_ack && priority != "standard") json->Key("requested_ack").Bool(true);
    if (settings_.persistent_notifications && priority == "urgent") {
      json->Key("persistent_notifications").Bool(true);
    }
    json->EndObject();
  }

  const MattermostSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeMattermostChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools) {
  MattermostSettings settings{
      ReadSecret(section, "webhook_url", config.global, "mattermost_webhook_url", config.file),
      SectionTexts(section, kTexts),
      {},
      false,
      "",
      "",
      false,
      false};
  settings.attachments = ReadAttachments(section, settings.texts, &settings.listed);
  if (IsSet(section, "props")) settings.card = ScalarText(*section.Find("props"), "card");
  if (IsSet(section, "priority")) {
    const YamlNode& priority = *section.Find("priority");
    settings.priority = ScalarText(priority, "priority");
    settings.requested_ack = FlagOf(priority, "requested_ack");
    settings.persistent_notifications = FlagOf(priority, "persistent_notifications");
  }
  return MakeHttpChannel<MattermostChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
