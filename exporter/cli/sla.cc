// SPDX-License-Identifier: Apache-2.0
// outrider sla …: compliance as tables, and clocks put on hold.
#include <fmt/format.h>

#include <cstdlib>

#include "exporter/cli/client.h"
#include "exporter/cli/sla_commands.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr const char* kKinds[] = {"acknowledge", "resolve"};

std::string Percent(const JsonValue& figures) {
  const JsonValue* ratio = figures.Find("compliance_ratio");
  if (ratio == nullptr || ratio->IsNull()) return "-";
  return fmt::format("{:.1f} %", 100 * ratio->number);
}

std::string Count(const JsonValue& figures, std::string_view key) {
  return std::to_string(figures.GetInt(key));
}

std::string Duration(const JsonValue& figures, std::string_view key) {
  const JsonValue* seconds = figures.Find(key);
  if (seconds == nullptr || seconds->IsNull()) return "-";
  return FormatDuration(static_cast<int64_t>(seconds->number) * kSecond);
}

std::string ReportUrl(const ClientOptions& client, const SlaOptions& options) {
  FormFields fields;
  for (const auto& [name, value] :
       {std::pair("from", options.from), std::pair("to", options.to), std::pair("by", options.by),
        std::pair("period", options.period), std::pair("time_zone", options.time_zone),
        std::pair("team", options.team), std::pair("service", options.service),
        std::pair("severity", options.severity)}) {
    if (!value.empty()) fields.emplace_back(name, value);
  }
  if (options.recalculate) fields.emplace_back("recalculate", "true");
  if (client.output != "table") fields.emplace_back("format", client.output);
  std::string url = client.url + "/outrider/v1/sla/report";
  if (!fields.empty()) url += "?" + EncodeForm(fields);
  return url;
}

// The columns that say what a row is about.
std::vector<std::string> About(const JsonValue& row, const SlaOptions& options) {
  std::vector<std::string> cells;
  if (!options.period.empty()) cells.push_back(row.GetString("period_start").substr(0, 16));
  for (const char* key : {"team", "service", "severity"}) {
    if (options.by.find(key) == std::string::npos) continue;
    const std::string value = row.GetString(key);
    cells.push_back(value.empty() ? "-" : value);
  }
  return cells;
}

void PrintKind(const JsonValue& answer, const std::string& kind, const SlaOptions& options) {
  std::vector<std::string> header;
  if (!options.period.empty()) header.emplace_back("FROM (UTC)");
  for (const auto& [key, title] : {std::pair("team", "TEAM"), std::pair("service", "SERVICE"),
                                   std::pair("severity", "SEVERITY")}) {
    if (options.by.find(key) != std::string::npos) header.emplace_back(title);
  }
  const size_t about = header.size();
  for (const char* title : {"INCIDENTS", "MET", "BREACHED", "OPEN", "RUNNING", "COMPLIANCE", "MEAN",
                            "P50", "P90", "P95", "WORST"}) {
    header.emplace_back(title);
  }
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const JsonValue& row, std::vector<std::string> cells) {
    const JsonValue* figures = row.Find(kind);
    if (figures == nullptr) return;
    for (std::string cell :
         {Count(row, "incidents"), Count(*figures, "met"), Count(*figures, "breached"),
          Count(*figures, "open_breached"), Count(*figures, "running"), Percent(*figures),
          Duration(*figures, "mean_seconds"), Duration(*figures, "p50_seconds"),
          Duration(*figures, "p90_seconds"), Duration(*figures, "p95_seconds"),
          Duration(*figures, "worst_seconds")}) {
      cells.push_back(std::move(cell));
    }
    rows.push_back(std::move(cells));
  };
  const JsonValue* list = answer.Find("rows");
  if (about > 0 && list != nullptr) {
    for (const JsonValue& row : list->items) add(row, About(row, options));
  }
  std::vector<std::string> total(about);
  if (about > 0) total.front() = "total";
  if (const JsonValue* row = answer.Find("total")) add(*row, std::move(total));
  fmt::print("To {}\n", kind);
  PrintTable(header, rows);
}

std::string Me(const SlaOptions& options) {
  if (!options.who.empty()) return options.who;
  const char* user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return user == nullptr ? "" : user;
}

}  // namespace

int RunSlaShow(const ClientOptions& client) {
  return ShowAnswer(client, {client.url + "/outrider/v1/sla"}, [&](const JsonValue& answer) {
    for (const char* kind : kKinds) {
      const JsonValue* clock = answer.Find(kind);
      const JsonValue* severities = clock == nullptr ? nullptr : clock->Find("severities");
      if (severities == nullptr) continue;
      std::vector<std::vector<std::string>> rows;
      for (const JsonValue& row : severities->items) {
        rows.push_back({row.GetString("severity"), Duration(row, "target_seconds"),
                        row.GetString("calendar"), Count(row, "met"), Count(row, "breached"),
                        Count(row, "open_breaches"), Percent(row)});
      }
      rows.push_back({"total", "", "", Count(*clock, "met"), Count(*clock, "breached"),
                      Count(*clock, "open_breaches"), Percent(*clock)});
      fmt::print("To {}\n", kind);
      PrintTable({"SEVERITY", "TARGET", "CALENDAR", "MET", "BREACHED", "OPEN", "COMPLIANCE"}, rows);
    }
  });
}

int RunSlaReport(const ClientOptions& client, const SlaOptions& options) {
  const StatusOr<std::string> body = CallServer(ReportUrl(client, options), "GET", "");
  if (!body.ok()) return Fail(body.status());
  if (client.output != "table") {
    fmt::print("{}{}", *body, client.output == "json" ? "\n" : "");
    return 0;
  }
  const StatusOr<JsonValue> answer = ParseJson(*body);
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("Incidents opened from {} to {}\n", answer->GetString("from"),
             answer->GetString("to"));
  for (const char* kind : kKinds) PrintKind(*answer, kind, options);
  if (const int64_t left_out = answer->GetInt("without_facts"); left_out != 0) {
    fmt::print("{} incidents are left out: their history does not say what is needed.\n", left_out);
  }
  return 0;
}

int RunSlaHold(const ClientOptions& client, const std::string& verb, const SlaOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("by").String(Me(options)).Key("channel").String("cli");
  if (!options.note.empty()) json.Key("note").String(options.note);
  json.EndObject();
  return ShowAnswer(
      client,
      {fmt::format("{}/outrider/v1/incidents/{}/{}", client.url, UrlEncodePath(options.id), verb),
       "POST", body},
      [&](const JsonValue&) {
        fmt::print("{} {}\n", options.id,
                   verb == "hold" ? "is on hold: its SLA clocks stand still" : "goes on");
      });
}

}  // namespace outrider
