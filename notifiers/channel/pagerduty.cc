// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/pagerduty.h"

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kPagerDutyTemplates = R"TEMPLATE(
{{- define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{- define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr std::string_view kV1Url =
    "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
constexpr std::string_view kV2Url = "https://events.pagerduty.com/v2/enqueue";
constexpr size_t kMaxEvent = 512'000;  // bytes
constexpr size_t kMaxSummary = 1024;   // runes
// In place of details that would make an event too large.
constexpr std::string_view kTooLarge =
    "Custom details have been removed because the original event exceeds the maximum size of 512KB";

constexpr std::string_view kClient = R"({{ template "pagerduty.default.client" . }})";
constexpr TextDefault kTexts[] = {
    {"description", R"({{ template "pagerduty.default.description" . }})"},
    {"client", kClient},
    {"client_url", R"({{ template "pagerduty.default.clientURL" . }})"},
    {"severity", "error"},
    {"class", ""},
    {"component", ""},
    {"group", ""},
};
constexpr TextDefault kDetails[] = {
    {"firing", "{{ .Alerts.Firing | toJson }}"},
    {"resolved", "{{ .Alerts.Resolved | toJson }}"},
    {"num_firing", "{{ .Alerts.Firing | len }}"},
    {"num_resolved", "{{ .Alerts.Resolved | len }}"},
};

// The texts of an image or a link, in the order they are sent; without the first it is left out.
using PagerDutyExtra = std::vector<std::pair<std::string_view, std::string>>;

struct PagerDutySettings {
  bool v1 = false;
  std::string url;
  Secret key;
  SectionTexts texts;
  std::string source;
  YamlNode details;
  std::vector<PagerDutyExtra> images;
  std::vector<PagerDutyExtra> links;
};

class PagerDutyChannel final : public HttpChannel {
 public:
  PagerDutyChannel(HttpChannelParts parts, PagerDutySettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // Events with the same key are one incident there.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const std::string key = attempt.Text(TRY(attempt.Reveal(settings_.key)));
    attempt.Hide(key);
    TRY(attempt.renderer().status());
    if (key.empty()) {
      return InvalidArgument(settings_.v1 ? "service key cannot be empty"
                                          : "routing key cannot be empty");
    }
    const auto body = [&](const std::string& details) {
      return (settings_.v1 ? EventV1(attempt, key, details) : EventV2(attempt, key, details)) +
             "\n";
    };
    std::string event = body(Details(attempt));
    if (event.size() > kMaxEvent) event = body(WithoutDetails());
    SendResult result = TRY(attempt.PostJson(settings_.url, std::move(event)));
    // v1 says "too many" with 403.
    if (settings_.v1 && attempt.answer().status == 403) {
      return attempt.Judged(SendResult::Retry(result.reason, "rateLimited", attempt.RetryAfter()));
    }
    return result;
  }

  static std::string WithoutDetails() { return JsonObject({{"error", JsonText(kTooLarge)}}); }

  // Details of very many alerts are more than a template may write; such an event would be too
  // large anyhow, so it is sent without them.
  std::string Details(HttpAttempt& attempt) const {
    MessageRenderer apart(attempt.tools().templates, attempt.notification());
    std::map<std::string, std::string> values;
    for (const auto& [key, value] : settings_.details.entries) {
      values[key.scalar] = TreeJson(value, apart);
    }
    for (const TextDefault& row : kDetails) {
      if (settings_.details.Find(row.key) == nullptr) {
        values[std::string(row.key)] = InlineJson(apart.Text(row.text));
      }
    }
    const std::string& note = attempt.notification().note;
    if (!note.empty()) values["note"] = JsonText(note);
    if (apart.status().ok()) return JsonObject(values);
    if (Contains(Message(apart.status()), " is larger than ")) return WithoutDetails();
    attempt.Fail(apart.status());
    return "{}";
  }

  std::string EventV1(HttpAttempt& attempt, const std::string& key,
                      const std::string& details) const {
    const auto text = [&](std::string_view name) { return attempt.Text(settings_.texts[name]); };
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("service_key").String(key);
    json.Key("incident_key").String(attempt.GroupHash());
    json.Key("event_type").String(attempt.firing() ? "trigger" : "resolve");
    AddText(&json, "description", TruncateRunes(text("description"), kMaxSummary));
    json.Key("event_action").String("");  // keys of v2 that Alertmanager sends empty
    json.Key("payload").Null();
    if (attempt.firing()) {
      AddText(&json, "client", text("client"));
      AddText(&json, "client_url", text("client_url"));
    }
    json.Key("details").Raw(details);
    json.EndObject();
    return body;
  }

  std::string EventV2(HttpAttempt& attempt, const std::string& key,
                      const std::string& details) const {
    const auto text = [&](std::string_view name) { return attempt.Text(settings_.texts[name]); };
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("routing_key").String(key);
    json.Key("dedup_key").String(attempt.GroupHash());
    json.Key("event_action").String(attempt.firing() ? "trigger" : "resolve");
    json.Key("payload").StartObject();
    json.Key("summary").String(TruncateRunes(text("description"), kMaxSummary));
    json.Key("source").String(attempt.Text(settings_.source));
    json.Key("severity").String(settings_.texts["severity"].empty() ? "error" : text("severity"));
    for (const char* name : {"class", "component", "group"}) AddText(&json, name, text(name));
    json.Key("custom_details").Raw(details);
    json.EndObject();
    AddText(&json, "client", text("client"));
    AddText(&json, "client_url", text("client_url"));
    WriteExtras("images", settings_.images, attempt, &json);
    WriteExtras("links", settings_.links, attempt, &json);
    json.EndObject();
    return body;
  }

  static void WriteExtras(std::string_view key, const std::vector<PagerDutyExtra>& extras,
                          HttpAttempt& attempt, JsonWriter* json) {
    bool open = false;
    for (PagerDutyExtra extra : extras) {
      for (auto& [name, text] : extra) text = attempt.Text(text);
      if (extra.front().second.empty()) continue;
      if (!open) json->Key(key).StartArray();
      open = true;
      json->StartObject();
      for (const auto& [name, text] : extra) json->Key(name).String(text);
      json->EndObject();
    }
    if (open) json->EndArray();
  }

  const PagerDutySettings settings_;
};

std::vector<PagerDutyExtra> ReadExtras(const YamlNode& section, std::string_view list,
                                       std::initializer_list<std::string_view> keys) {
  std::vector<PagerDutyExtra> extras;
  for (const YamlNode& node : ItemsOf(section, list)) {
    PagerDutyExtra extra;
    for (const std::string_view key : keys) extra.emplace_back(key, ScalarText(node, key));
    extras.push_back(std::move(extra));
  }
  return extras;
}

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakePagerDutyChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools) {
  PagerDutySettings settings{false,
                             "",
                             ReadSecret(section, "service_key", config.file),
                             SectionTexts(section, kTexts),
                             "",
                             {},
                             {},
                             {}};
  settings.v1 = !settings.key.empty();
  settings.url = kV1Url;
  if (!settings.v1) {
    settings.key = ReadSecret(section, "routing_key", config.file);
    settings.url = ScalarText(section, "url", config.global, "pagerduty_url", kV2Url);
  }
  settings.source = ScalarText(section, "source");
  if (settings.source.empty()) settings.source = settings.texts["client"];
  if (const YamlNode* details = section.Find("details")) settings.details = *details;
  settings.images = ReadExtras(section, "images", {"src", "alt", "href"});
  settings.links = ReadExtras(section, "links", {"href", "text"});
  return MakeHttpChannel<PagerDutyChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
