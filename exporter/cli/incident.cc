// SPDX-License-Identifier: Apache-2.0
// outrider incident …: what a person on call needs from a terminal.
#include <fmt/format.h>

#include <cstdlib>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/incident_commands.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string BaseUrl(const ClientOptions& client) { return client.url + "/outrider/v1/incidents"; }

// The two largest units of a duration: 3h12m, 45s.
std::string ShortDuration(double seconds) {
  const auto total = static_cast<int64_t>(seconds);
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m{}s", total / 60, total % 60);
  if (total < 86400) return fmt::format("{}h{}m", total / 3600, total / 60 % 60);
  return fmt::format("{}d{}h", total / 86400, total / 3600 % 24);
}

// Seconds from a time of the answer to `now`; negative before it. 0 when there is none.
double SecondsSince(const JsonValue& object, std::string_view key, Nanos now) {
  const auto time = ParseRfc3339(object.GetString(key));
  if (!time.ok() || *time == 0) return 0;
  return static_cast<double>(now - *time) / kNanosPerSecond;
}

// What a clock says: time left, overdue by, met, breached or paused after.
std::string ClockText(const JsonValue& incident, std::string_view kind, Nanos now) {
  const JsonValue* sla = incident.Find("sla");
  const JsonValue* clock = sla == nullptr ? nullptr : sla->Find(kind);
  if (clock == nullptr) return "-";
  const std::string state = clock->GetString("state");
  const double overdue = SecondsSince(*clock, "deadline_at", now);
  if (state == "running") return ShortDuration(-overdue) + " left";
  if (state == "overdue") return "overdue " + ShortDuration(overdue);
  if (state == "discarded") return "-";
  return state + " after " + ShortDuration(clock->GetNumber("elapsed_seconds"));
}

// The state, and what lies over it.
std::string StateText(const JsonValue& incident) {
  std::string text = incident.GetString("state");
  const std::string whole = incident.GetString("merged_into");
  if (!whole.empty()) return fmt::format("{}, part of {}", text, whole);
  if (!incident.GetString("snoozed_until").empty()) text += ", snoozed";
  if (!incident.GetString("confirmation_asked_at").empty()) text += ", to confirm";
  if (incident.GetBool("still_firing")) text += ", still firing";
  return text;
}

void PrintList(const JsonValue& answer, Nanos now) {
  const JsonValue* incidents = answer.Find("incidents");
  if (incidents == nullptr || incidents->items.empty()) {
    fmt::print("No incidents.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(incidents->items.size());
  for (const JsonValue& incident : incidents->items) {
    rows.push_back({incident.GetString("id"), StateText(incident), incident.GetString("severity"),
                    ShortDuration(SecondsSince(incident, "opened_at", now)),
                    ClockText(incident, "acknowledge", now), ClockText(incident, "resolve", now),
                    incident.GetString("assignee"), incident.GetString("title"),
                    incident.GetString("summary")});
  }
  PrintTable(
      {"ID", "STATE", "SEVERITY", "AGE", "ACKNOWLEDGE", "RESOLVE", "ASSIGNEE", "TITLE", "SUMMARY"},
      rows);
}

void PrintLine(std::string_view name, const std::string& value) {
  if (!value.empty()) fmt::print("{:<13} {}\n", name, value);
}

void PrintIncident(const JsonValue& incident, Nanos now) {
  PrintLine("Incident", incident.GetString("id") + "  " + incident.GetString("title"));
  PrintLine("Summary", incident.GetString("summary"));
  PrintLine("State", StateText(incident));
  PrintLine("Severity", incident.GetString("severity"));
  PrintLine("Assignee", incident.GetString("assignee"));
  PrintLine("Team", incident.GetString("team"));
  PrintLine("Service", incident.GetString("service"));
  PrintLine("Snoozed", incident.GetString("snoozed_until"));
  PrintLine("Since", incident.GetString("opened_at"));
  PrintLine("Acknowledged", incident.GetString("acknowledged_by"));
  PrintLine("Runbook", incident.GetString("runbook"));
  PrintLine("Acknowledge", ClockText(incident, "acknowledge", now));
  PrintLine("Resolve", ClockText(incident, "resolve", now));
  std::string labels;
  if (const JsonValue* all = incident.Find("labels")) {
    for (const auto& [name, value] : all->members)
      labels += fmt::format("{}={} ", name, Quote(value.string));
  }
  PrintLine("Labels", labels);
  PrintLine("Alerts", fmt::format("{} firing, {} seen", incident.GetInt("firing"),
                                  incident.GetInt("alerts")));
  const JsonValue* history = incident.Find("history");
  if (history == nullptr) return;
  fmt::print("\n");
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& event : history->items) {
    const std::string from = event.GetString("from");
    const std::string by = event.GetString("by");
    rows.push_back({event.GetString("time"), event.GetString("kind"), by.empty() ? "system" : by,
                    from.empty() ? event.GetString("to") : from + " -> " + event.GetString("to"),
                    event.GetString("text")});
  }
  PrintTable({"TIME", "EVENT", "BY", "CHANGE", "TEXT"}, rows);
}

}  // namespace

std::string AuthorOf(const IncidentOptions& options) {
  if (!options.by.empty()) return options.by;
  // Read once, before any thread is started.
  const char* user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe)
  return user == nullptr ? "" : user;
}

int RunIncidentList(const ClientOptions& client, const IncidentOptions& options, Nanos now) {
  FormFields fields = {{"state", options.state}, {"severity", options.severity},
                       {"from", options.from},   {"to", options.to},
                       {"q", options.text},      {"limit", fmt::to_string(options.limit)}};
  if (options.assignee) fields.emplace_back("assignee", *options.assignee);
  if (options.team) fields.emplace_back("team", *options.team);
  if (options.service) fields.emplace_back("service", *options.service);
  for (const std::string& matcher : options.labels) fields.emplace_back("label", matcher);
  const std::string query = EncodeForm(fields);
  return ShowAnswer(client, {BaseUrl(client) + "?" + query},
                    [&](const JsonValue& answer) { PrintList(answer, now); });
}

int RunIncidentShow(const ClientOptions& client, const IncidentOptions& options, Nanos now) {
  return ShowAnswer(client, {BaseUrl(client) + "/" + UrlEncodePath(options.id)},
                    [&](const JsonValue& answer) { PrintIncident(answer, now); });
}

int RunIncidentAction(const ClientOptions& client, const std::string& verb,
                      const IncidentOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("by").String(AuthorOf(options));
  json.Key("note").String(options.note).Key("channel").String("cli").EndObject();
  return ShowAnswer(
      client,
      {fmt::format("{}/{}/{}", BaseUrl(client), UrlEncodePath(options.id), verb), "POST", body},
      [&](const JsonValue& answer) {
        fmt::print("{} is {}\n", answer.GetString("id"), StateText(answer));
      });
}

}  // namespace outrider
