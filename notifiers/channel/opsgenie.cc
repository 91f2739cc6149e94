// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/opsgenie.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kOpsgenieTemplates = R"TEMPLATE(
{{- define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{- define "opsgenie.default.description" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_compact" . }}
{{- end }}
{{- define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxMessage = 130;  // runes

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "opsgenie.default.message" . }})"},
    {"description", R"({{ template "opsgenie.default.description" . }})"},
    {"source", R"({{ template "opsgenie.default.source" . }})"},
    {"entity", ""},
    {"actions", ""},
    {"tags", ""},
    {"note", ""},
    {"priority", ""},
};

// Its texts, templates in the section and rendered in a message.
struct OpsgenieResponder {
  std::string id;
  std::string name;
  std::string username;
  std::string type;
};

struct OpsgenieSettings {
  std::string api_url;
  Secret api_key;
  SectionTexts texts;
  std::map<std::string, std::string> details;
  std::vector<OpsgenieResponder> responders;
  bool update_alerts = false;
};

void WriteList(std::string_view key, std::string_view text, JsonWriter* json) {
  bool open = false;
  for (const std::string_view item : Split(Trim(text), ',')) {
    if (item.empty()) continue;
    if (!open) json->Key(key).StartArray();
    open = true;
    json->String(item);
  }
  if (open) json->EndArray();
}

class OpsgenieChannel final : public HttpChannel {
 public:
  OpsgenieChannel(HttpChannelParts parts, OpsgenieSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // Requests with the same alias are one alert there.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const std::string key(Trim(attempt.Text(TRY(attempt.Reveal(settings_.api_key)))));
    attempt.Hide(key);
    const std::string alerts = JoinUrl(settings_.api_url, "v2/alerts");
    const std::string one = alerts + "/" + attempt.GroupHash();
    if (!attempt.firing()) {
      const std::string body =
          JsonObject({{"source", JsonText(attempt.Text(settings_.texts["source"]))}});
      return Ask(attempt, "POST", one + "/close?identifierType=alias", body, key, "");
    }
    const std::string message =
        TruncateRunes(attempt.Text(settings_.texts["message"]), kMaxMessage);
    const std::string description =
        WithNote(attempt.notification(), attempt.Text(settings_.texts["description"]));
    SendResult result =
        TRY(Ask(attempt, "POST", alerts, NewAlert(attempt, message, description), key, ""));
    if (result.outcome != SendResult::Outcome::kDelivered || !settings_.update_alerts) {
      return result;
    }
    result = TRY(Ask(attempt, "PUT", one + "/message?identifierType=alias",
                     OneText("message", message), key, "-message"));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    return Ask(attempt, "PUT", one + "/description?identifierType=alias",
               OneText("description", description), key, "-description");
  }

  static std::string OneText(const std::string& name, const std::string& text) {
    return text.empty() ? "{}" : JsonObject({{name, JsonText(text)}});
  }

  static StatusOr<SendResult> Ask(HttpAttempt& attempt, const char* method, const std::string& url,
                                  const std::string& body, const std::string& key,
                                  std::string_view suffix) {
    HttpClientRequest request = TRY(attempt.Request(method, url, "application/json", body + "\n"));
    request.headers.emplace_back("Authorization", "GenieKey " + key);
    return attempt.Call(std::move(request), suffix);
  }

  std::string NewAlert(HttpAttempt& attempt, const std::string& message,
                       const std::string& description) const {
    const auto text = [&](std::string_view key) { return attempt.Text(settings_.texts[key]); };
    std::map<std::string, std::string> details = CommonLabels(attempt.notification().alerts);
    for (const auto& [name, value] : settings_.details) details[name] = attempt.Text(value);
    for (auto& [name, value] : details) value = JsonText(value);
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("alias").String(attempt.GroupHash());
    json.Key("message").String(message);
    AddText(&json, "description", description);
    json.Key("details").Raw(JsonObject(details));
    json.Key("source").String(text("source"));
    WriteResponders(attempt, &json);
    WriteList("tags", text("tags"), &json);
    AddText(&json, "note", text("note"));
    AddText(&json, "priority", text("priority"));
    AddText(&json, "entity", text("entity"));
    WriteList("actions", text("actions"), &json);
    json.EndObject();
    return body;
  }

  // `teams` stands for several teams by name; one that is empty altogether is left out, so that
  // labels may name them.
  std::vector<OpsgenieResponder> Responders(HttpAttempt& attempt) const {
    std::vector<OpsgenieResponder> all;
    for (const OpsgenieResponder& row : settings_.responders) {
      OpsgenieResponder shown{attempt.Text(row.id), attempt.Text(row.name),
                              attempt.Text(row.username), attempt.Text(row.type)};
      if (shown.type == "teams") {
        for (const std::string_view team : Split(Trim(shown.name), ',')) {
          if (!team.empty()) all.push_back({"", std::string(team), "", "team"});
        }
      } else if (!(shown.id + shown.name + shown.username + shown.type).empty()) {
        all.push_back(std::move(shown));
      }
    }
    return all;
  }

  void WriteResponders(HttpAttempt& attempt, JsonWriter* json) const {
    const std::vector<OpsgenieResponder> responders = Responders(attempt);
    if (responders.empty()) return;
    json->Key("responders").StartArray();
    for (const OpsgenieResponder& responder : responders) {
      json->StartObject();
      AddText(json, "id", responder.id);
      AddText(json, "name", responder.name);
      AddText(json, "username", responder.username);
      json->Key("type").String(responder.type);
      json->EndObject();
    }
    json->EndArray();
  }

  const OpsgenieSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeOpsgenieChannel(const YamlNode& section,
                                                       const AlertmanagerConfig& config,
                                                       const ChannelTools* tools) {
  OpsgenieSettings settings{
      ScalarText(section, "api_url", config.global, "opsgenie_api_url",
                 "https://api.opsgenie.com/"),
      ReadSecret(section, "api_key", config.global, "opsgenie_api_key", config.file),
      SectionTexts(section, kTexts),
      TextMap(section, "details"),
      {},
      FlagOf(section, "update_alerts")};
  for (const YamlNode& node : ItemsOf(section, "responders")) {
    settings.responders.push_back({ScalarText(node, "id"), ScalarText(node, "name"),
                                   ScalarText(node, "username"), ScalarText(node, "type")});
  }
  return MakeHttpChannel<OpsgenieChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
