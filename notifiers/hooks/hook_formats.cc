// SPDX-License-Identifier: Apache-2.0
// Limits: specs/incidents_oncall_slo.md §3 (Slack header 150, section 3000, field 2000; Discord
// title 256, description 4096, field 1024).
#include "notifiers/hooks/hook_formats.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "notifiers/channel/truncate.h"
#include "notifiers/hooks/hook_template.h"
#include "rules/template/time_format.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string Detected(const HookMessage& message) {
  return tmpl::FormatTime({message.detected_at, 0, ""}, "2006-01-02 15:04:05 UTC");
}
std::string OrNone(const std::string& text) { return text.empty() ? "N/A" : text; }
std::string ScoreText(const HookMessage& message) {
  return message.score ? fmt::format("{:.2f}", *message.score) : "N/A";
}
std::string WorkloadText(const HookMessage& message) {
  return message.namespace_name.empty() ? OrNone(message.workload_name)
                                        : message.namespace_name + "/" + message.workload_name;
}
std::string Title(const HookMessage& message) {
  return fmt::format("🚨 Alert: {} - {}", UpperSeverity(message.severity), message.anomaly_type);
}

// Slack's three control characters.
std::string SlackText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

void WriteText(std::string_view type, std::string text, size_t limit, JsonWriter* json) {
  json->StartObject().Key("type").String(type);
  json->Key("text").String(TruncateRunes(std::move(text), limit)).EndObject();
}

void WriteSection(const std::string& title, const std::string& text, JsonWriter* json) {
  json->StartObject().Key("type").String("section").Key("text");
  WriteText("mrkdwn", fmt::format("*{}:*\n{}", title, SlackText(text)), 3000, json);
  json->EndObject();
}

void WriteSlack(const HookMessage& m, JsonWriter* json) {
  json->StartObject().Key("text").String(TruncateRunes(Title(m) + ": " + m.description, 3000));
  json->Key("blocks").StartArray();
  json->StartObject().Key("type").String("header").Key("text");
  WriteText("plain_text", Title(m), 150, json);
  json->EndObject();
  json->StartObject().Key("type").String("section").Key("fields").StartArray();
  for (const auto& [name, value] : Facts{{"Workload", WorkloadText(m)},
                                         {"Container", OrNone(m.container_name)},
                                         {"Resource", OrNone(m.resource_type)},
                                         {"Score", ScoreText(m)}}) {
    WriteText("mrkdwn", fmt::format("*{}:*\n{}", name, SlackText(value)), 2000, json);
  }
  json->EndArray().EndObject();
  WriteSection("Description", m.description, json);
  if (!m.recommendation.empty()) WriteSection("Recommendation", m.recommendation, json);
  json->StartObject().Key("type").String("context").Key("elements").StartArray();
  WriteText("mrkdwn", "Detected at: " + Detected(m), 2000, json);
  json->EndArray().EndObject().EndArray().EndObject();
}

Facts CardFacts(const HookMessage& m) {
  return {{"Severity", UpperSeverity(m.severity)},
          {"Type", m.anomaly_type},
          {"Container", OrNone(m.container_name)},
          {"Resource", OrNone(m.resource_type)},
          {"Score", ScoreText(m)}};
}

void WriteTeams(const HookMessage& m, JsonWriter* json) {
  json->StartObject().Key("@type").String("MessageCard");
  json->Key("@context").String("http://schema.org/extensions");
  json->Key("themeColor").String(ColorOf(m.severity).hex);
  json->Key("summary").String(Title(m)).Key("sections").StartArray().StartObject();
  json->Key("activityTitle").String(Title(m));
  json->Key("activitySubtitle").String(WorkloadText(m)).Key("facts").StartArray();
  for (const auto& [name, value] : CardFacts(m)) {
    json->StartObject().Key("name").String(name).Key("value").String(value).EndObject();
  }
  json->EndArray();
  std::string text = m.description;
  if (!m.recommendation.empty()) text += "\n\n**Recommendation:** " + m.recommendation;
  json->Key("text").String(TruncateRunes(std::move(text), 8000));
  json->EndObject().EndArray().EndObject();
}

void WriteBlock(const std::string& text, bool title, JsonWriter* json) {
  json->StartObject().Key("type").String("TextBlock");
  json->Key("text").String(TruncateRunes(text, 8000)).Key("wrap").Bool(true);
  if (title) json->Key("weight").String("Bolder").Key("size").String("Medium");
  json->EndObject();
}

void WriteAdaptiveCard(const HookMessage& m, JsonWriter* json) {
  json->StartObject().Key("type").String("message").Key("attachments").StartArray().StartObject();
  json->Key("contentType").String("application/vnd.microsoft.card.adaptive");
  json->Key("contentUrl").Null().Key("content").StartObject();
  json->Key("$schema").String("http://adaptivecards.io/schemas/adaptive-card.json");
  json->Key("type").String("AdaptiveCard").Key("version").String("1.2").Key("body").StartArray();
  WriteBlock(Title(m), true, json);
  WriteBlock(WorkloadText(m), false, json);
  json->StartObject().Key("type").String("FactSet").Key("facts").StartArray();
  for (const auto& [name, value] : CardFacts(m)) {
    json->StartObject().Key("title").String(name).Key("value").String(value).EndObject();
  }
  json->EndArray().EndObject();
  WriteBlock(m.description, false, json);
  if (!m.recommendation.empty()) WriteBlock(m.recommendation, false, json);
  json->EndArray().Key("msteams").StartObject().Key("width").String("full").EndObject();
  json->EndObject().EndObject().EndArray().EndObject();
}

void WriteDiscord(const HookMessage& m, JsonWriter* json) {
  json->StartObject().Key("embeds").StartArray().StartObject();
  json->Key("title").String(TruncateRunes(Title(m), 256));
  json->Key("description").String(TruncateRunes(m.description, 4096));
  json->Key("color").Int(ColorOf(m.severity).number).Key("fields").StartArray();
  const auto field = [&](std::string_view name, const std::string& value, bool line) {
    json->StartObject().Key("name").String(name);
    json->Key("value").String(TruncateRunes(OrNone(value), 1024)).Key("inline").Bool(line);
    json->EndObject();
  };
  field("Workload", WorkloadText(m), true);
  field("Container", m.container_name, true);
  field("Type", m.anomaly_type, true);
  field("Resource", m.resource_type, true);
  field("Score", ScoreText(m), true);
  if (!m.recommendation.empty()) field("Recommendation", m.recommendation, false);
  json->EndArray().Key("footer").StartObject().Key("text").String("Outrider").EndObject();
  json->Key("timestamp").String(FormatRfc3339(m.detected_at));
  json->EndObject().EndArray().EndObject();
}

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteOrNull(std::string_view key, const std::string& value, JsonWriter* json) {
  json->Key(key);
  if (value.empty()) {
    json->Null();
  } else {
    json->String(value);
  }
}

void WriteGeneric(const HookMessage& m, JsonWriter* json) {
  json->StartObject().Key("alert_id").String(m.alert_id);
  json->Key("anomaly_type").String(m.anomaly_type);
  json->Key("severity").String(SeverityText(m.severity));
  json->Key("workload_name").String(m.workload_name);
  json->Key("namespace").String(m.namespace_name);
  WriteOrNull("container_name", m.container_name, json);
  json->Key("resource_type").String(m.resource_type);
  json->Key("description").String(m.description);
  WriteNumber("current_value", m.current_value, json);
  WriteNumber("threshold", m.threshold, json);
  WriteNumber("score", m.score, json);
  WriteOrNull("recommendation", m.recommendation, json);
  json->Key("detected_at").String(FormatRfc3339(m.detected_at));
  json->EndObject();
}

}  // namespace

std::string FormatHook(HookType type, const HookMessage& message) {
  std::string out;
  JsonWriter json(&out);
  switch (type) {
    case HookType::kSlack:
      WriteSlack(message, &json);
      break;
    case HookType::kGeneric:
      WriteGeneric(message, &json);
      break;
    case HookType::kTeams:
      WriteTeams(message, &json);
      break;
    case HookType::kDiscord:
      WriteDiscord(message, &json);
      break;
    case HookType::kTeamsWorkflows:
      WriteAdaptiveCard(message, &json);
      break;
  }
  return out;
}

std::string HookBody(const Hook& hook, const HookMessage& message) {
  return hook.body_template.empty() ? FormatHook(hook.type, message)
                                    : RenderHookTemplate(hook.body_template, message);
}

}  // namespace outrider
