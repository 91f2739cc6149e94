// SPDX-License-Identifier: Apache-2.0
// outrider incident create, assign, severity, snooze, merge, statistics.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/incident_commands.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void WriteAuthor(const IncidentOptions& options, JsonWriter* json) {
  json->Key("by").String(AuthorOf(options));
  json->Key("note").String(options.note).Key("channel").String("cli");
}

void WriteOwn(const std::string& verb, const IncidentOptions& options, JsonWriter* json) {
  if (verb == "assign") json->Key("assignee").String(options.assignee.value_or(""));
  if (verb == "severity") json->Key("severity").String(options.severity);
  if (verb == "merge") json->Key("into").String(options.into);
  if (!options.snooze_for.empty()) json->Key("for").String(options.snooze_for);
  if (!options.snooze_until.empty()) json->Key("until").String(options.snooze_until);
}

// What has become of the incident, in a sentence.
std::string Sentence(const std::string& verb, const JsonValue& incident) {
  const std::string id = incident.GetString("id");
  const std::string assignee = incident.GetString("assignee");
  if (verb == "assign") {
    return assignee.empty() ? fmt::format("{} is assigned to nobody", id)
                            : fmt::format("{} is assigned to {}", id, assignee);
  }
  if (verb == "snooze") {
    return fmt::format("{} is snoozed until {}", id, incident.GetString("snoozed_until"));
  }
  if (verb == "merge") {
    return fmt::format("{} is part of {}", id, incident.GetString("merged_into"));
  }
  return fmt::format("{} is {}", id, incident.GetString("severity"));
}

int Print(const ClientOptions& client, const std::string& raw, const std::string& sentence) {
  fmt::print("{}\n", client.output == "json" ? raw : sentence);
  return 0;
}

}  // namespace

int RunIncidentChange(const ClientOptions& client, const std::string& verb,
                      const IncidentOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteOwn(verb, options, &json);
  WriteAuthor(options, &json);
  json.EndObject();
  std::string raw;
  const auto answer = CallApi(
      fmt::format("{}/outrider/v1/incidents/{}/{}", client.url, UrlEncodePath(options.id), verb),
      "POST", body, &raw);
  if (!answer.ok()) return Fail(answer.status());
  return Print(client, raw, Sentence(verb, *answer));
}

int RunIncidentCreate(const ClientOptions& client, const IncidentOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("title").String(options.title);
  json.Key("summary").String(options.summary).Key("severity").String(options.severity);
  json.Key("policy").String(options.policy).Key("labels").StartObject();
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(InvalidArgument(fmt::format("label {}: want name=value", Quote(label))));
    }
    json.Key(label.substr(0, equals)).String(label.substr(equals + 1));
  }
  json.EndObject();
  WriteAuthor(options, &json);
  json.EndObject();
  std::string raw;
  const auto answer = CallApi(client.url + "/outrider/v1/incidents", "POST", body, &raw);
  if (!answer.ok()) return Fail(answer.status());
  return Print(client, raw,
               fmt::format("{} is {}", answer->GetString("id"), answer->GetString("state")));
}

int RunIncidentStatistics(const ClientOptions& client) {
  std::string raw;
  const auto answer = CallApi(client.url + "/outrider/v1/incidents/statistics", "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") return Print(client, raw, "");
  PrintTable({"INCIDENTS", "OPEN", "RESOLVED", "ALERTS", "PER INCIDENT", "MOST", "LESS NOISE"},
             {{fmt::to_string(answer->GetInt("total_groups")),
               fmt::to_string(answer->GetInt("active_groups")),
               fmt::to_string(answer->GetInt("closed_groups")),
               fmt::to_string(answer->GetInt("total_alerts_grouped")),
               fmt::format("{:.2f}", answer->GetNumber("avg_alerts_per_group")),
               fmt::to_string(answer->GetInt("max_alerts_in_group")),
               fmt::format("{:.2f} %", answer->GetNumber("overall_noise_reduction_pct"))}});
  return 0;
}

}  // namespace outrider
