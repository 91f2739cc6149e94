// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/slack_message.h"

#include <algorithm>

#include "notifiers/channel/message_renderer.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

constexpr size_t kMaxTitleRunes = 1024;
constexpr size_t kMaxTextRunes = 40'000;  // Slack cuts longer ones

struct TextKey {
  std::string_view key;
  std::string_view fallback;  // the template when the section has none
};
constexpr TextKey kTexts[] = {
    {"channel", ""},
    {"username", R"({{ template "slack.default.username" . }})"},
    {"icon_emoji", R"({{ template "slack.default.iconemoji" . }})"},
    {"icon_url", R"({{ template "slack.default.iconurl" . }})"},
    {"message_text", ""},
    {"title", R"({{ template "slack.default.title" . }})"},
    {"title_link", R"({{ template "slack.default.titlelink" . }})"},
    {"pretext", R"({{ template "slack.default.pretext" . }})"},
    {"text", R"({{ template "slack.default.text" . }})"},
    {"fallback", R"({{ template "slack.default.fallback" . }})"},
    {"callback_id", R"({{ template "slack.default.callbackid" . }})"},
    {"image_url", ""},
    {"thumb_url", ""},
    {"footer", R"({{ template "slack.default.footer" . }})"},
    {"color", R"({{ template "slack.default.color" . }})"},
};
constexpr std::string_view kActionKeys[] = {"type", "text", "url", "style", "name", "value"};
constexpr std::string_view kConfirmKeys[] = {"text", "title", "ok_text", "dismiss_text"};

std::string Scalar(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.Find(key);
  return node != nullptr && node->IsScalar() ? node->scalar : std::string();
}

SlackTexts ReadTexts(const YamlNode& map, std::span<const std::string_view> keys) {
  SlackTexts texts;
  for (const std::string_view key : keys) texts.emplace_back(key, Scalar(map, key));
  return texts;
}

void WriteTexts(const SlackTexts& texts, MessageRenderer* render, JsonWriter* json) {
  for (const auto& [key, text] : texts) {
    const std::string rendered = render->Text(text);
    if (!rendered.empty()) json->Key(key).String(rendered);
  }
}

void WriteFields(const SlackMessage& message, MessageRenderer* render, JsonWriter* json) {
  if (!message.fields.empty()) {
    json->Key("fields").StartArray();
    for (const SlackField& field : message.fields) {
      json->StartObject();
      WriteTexts({{"title", field.title}, {"value", field.value}}, render, json);
      json->Key("short").Bool(field.short_field);
      json->EndObject();
    }
    json->EndArray();
  }
}

// Buttons that call back where a Slack app is configured, else links.
void WriteAnswers(const Notification& notification, JsonWriter* json) {
  for (const NotificationAction& action : notification.actions) {
    json->StartObject().Key("type").String("button").Key("text").String(action.label);
    if (action.token.empty()) {
      json->Key("url").String(action.url);
    } else {
      json->Key("name").String(action.name).Key("value").String(action.token);
    }
    json->EndObject();
  }
}

void WriteActions(const SlackMessage& message, const Notification& notification,
                  MessageRenderer* render, JsonWriter* json) {
  if (message.actions.empty() && notification.actions.empty()) return;
  json->Key("actions").StartArray();
  WriteAnswers(notification, json);
  for (const SlackAction& action : message.actions) {
    json->StartObject();
    WriteTexts(action.texts, render, json);
    if (!action.confirm.empty()) {
      json->Key("confirm").StartObject();
      WriteTexts(action.confirm, render, json);
      json->EndObject();
    }
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

SlackMessage ReadSlackMessage(YamlReader* reader, const std::string& file) {
  SlackMessage message;
  for (const TextKey& text : kTexts) {
    std::string& target = message.texts[std::string(text.key)];
    target = text.fallback;
    // As there: `title:` with nothing behind it is an empty title.
    if (!reader->String(text.key, &target) && reader->Has(text.key)) target.clear();
  }
  bool short_fields = false;
  reader->Bool("short_fields", &short_fields);
  reader->Bool("link_names", &message.link_names);
  reader->StringList("mrkdwn_in", &message.mrkdwn_in);
  if (message.mrkdwn_in.empty()) {
    message.mrkdwn_in = {"fallback", "pretext", "text"};
  }
  const YamlNode* fields = reader->Child("fields");
  for (size_t i = 0; fields != nullptr && i < fields->items.size(); ++i) {
    const YamlNode& node = fields->items[i];
    SlackField field{Scalar(node, "title"), Scalar(node, "value"), short_fields};
    YamlReader(node, file, "fields").Bool("short", &field.short_field);
    if (field.title.empty()) reader->Fail("fields", "missing title in Slack field configuration");
    if (field.value.empty()) reader->Fail("fields", "missing value in Slack field configuration");
    message.fields.push_back(std::move(field));
  }
  const YamlNode* actions = reader->Child("actions");
  for (size_t i = 0; actions != nullptr && i < actions->items.size(); ++i) {
    const YamlNode& node = actions->items[i];
    SlackAction action{ReadTexts(node, kActionKeys), {}};
    if (const YamlNode* confirm = node.Find("confirm"); confirm != nullptr && confirm->IsMap()) {
      action.confirm = ReadTexts(*confirm, kConfirmKeys);
    }
    if (!Scalar(node, "url").empty()) {  // a link does not call back
      action.confirm.clear();
      std::erase_if(action.texts,
                    [](const auto& text) { return text.first == "name" || text.first == "value"; });
    }
    if (Scalar(node, "type").empty()) {
      reader->Fail("actions", "missing type in Slack action configuration");
    }
    if (Scalar(node, "text").empty()) {
      reader->Fail("actions", "missing text in Slack action configuration");
    }
    message.actions.push_back(std::move(action));
  }
  return message;
}

SlackBody SlackJson(const SlackMessage& message, const Notification& notification,
                    const SlackPlace& place, const tmpl::TemplateSet& templates) {
  MessageRenderer render(templates, notification);
  render.KeepGoing();
  const auto text = [&](std::string_view key) {
    return render.Text(message.texts.find(key)->second);
  };
  std::string out;
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  const auto optional = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.Key(key).String(value);
  };
  json.StartObject();
  for (const std::string_view key : {"channel", "username", "icon_emoji", "icon_url"}) {
    optional(key, key == "channel" && place.known() ? place.channel : text(key));
  }
  if (message.link_names) json.Key("link_names").Bool(true);
  optional("text", TruncateRunes(text("message_text"), kMaxTextRunes));
  json.Key("attachments").StartArray().StartObject();
  optional("title", TruncateRunes(text("title"), kMaxTitleRunes));
  optional("title_link", text("title_link"));
  const std::string pretext = text("pretext");
  optional("pretext", pretext + (pretext.empty() || notification.note.empty() ? "" : "\n") +
                          notification.note);
  json.Key("text").String(TruncateRunes(text("text"), kMaxTextRunes));
  for (const std::string_view key : {"fallback", "callback_id"}) {
    std::string shown = text(key);
    // Slack calls back for buttons of attachments that have an id only.
    if (key == "callback_id" && shown.empty() && !notification.actions.empty()) shown = "outrider";
    json.Key(key).String(shown);
  }
  WriteFields(message, &render, &json);
  WriteActions(message, notification, &render, &json);
  optional("image_url", text("image_url"));
  optional("thumb_url", text("thumb_url"));
  json.Key("footer").String(text("footer"));
  optional("color", text("color"));
  if (!message.mrkdwn_in.empty()) {
    json.Key("mrkdwn_in").StartArray();
    for (const std::string& key : message.mrkdwn_in) json.String(key);
    json.EndArray();
  }
  json.EndObject().EndArray();
  if (place.known()) json.Key("ts").String(place.ts);
  json.EndObject();
  return {out + "\n", render.status()};
}

}  // namespace outrider
