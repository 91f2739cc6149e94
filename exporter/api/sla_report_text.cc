// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/sla_report_text.h"

#include <fmt/format.h>

#include "exporter/api/product_common.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};

double Seconds(double nanos) { return nanos / static_cast<double>(kNanosPerSecond); }

// ---- JSON

void WriteFigures(const SlaFigures& figures, JsonWriter* json) {
  const auto count = [&](const char* key, uint64_t value) {
    json->Key(key).Int(static_cast<int64_t>(value));
  };
  json->StartObject();
  count("met", figures.met);
  count("breached", figures.breached);
  count("open_breached", figures.open_breached);
  count("running", figures.running);
  count("discarded", figures.discarded);
  json->Key("compliance_ratio");
  if (const std::optional<double> ratio = figures.Compliance()) {
    json->Double(*ratio);
  } else {
    json->Null();
  }
  count("samples", figures.samples);
  const std::pair<const char*, double> times[] = {
      {"mean_seconds", figures.mean},
      {"p50_seconds", static_cast<double>(figures.p50)},
      {"p90_seconds", static_cast<double>(figures.p90)},
      {"p95_seconds", static_cast<double>(figures.p95)},
      {"worst_seconds", static_cast<double>(figures.worst)}};
  for (const auto& [key, nanos] : times) {
    json->Key(key);
    if (figures.samples == 0) {
      json->Null();
    } else {
      json->Double(Seconds(nanos));
    }
  }
  json->EndObject();
}

void WriteRow(const SlaReportQuery& query, const SlaReportRow& row, JsonWriter* json) {
  json->StartObject();
  WriteTime("period_start", row.from, json);
  WriteTime("period_end", row.to, json);
  if (query.by_team) json->Key("team").String(row.team);
  if (query.by_service) json->Key("service").String(row.service);
  if (row.severity) json->Key("severity").String(SeverityText(*row.severity));
  json->Key("incidents").Int(static_cast<int64_t>(row.incidents));
  for (const SlaKind kind : kKinds) {
    json->Key(SlaKindText(kind));
    WriteFigures(row.Clock(kind), json);
  }
  json->EndObject();
}

// ---- CSV

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string CsvFigures(const SlaFigures& figures) {
  std::string out = fmt::format(",{},{},{},{},{},", figures.met, figures.breached,
                                figures.open_breached, figures.running, figures.discarded);
  if (const std::optional<double> ratio = figures.Compliance()) out += fmt::to_string(*ratio);
  out += fmt::format(",{}", figures.samples);
  for (const double nanos :
       {figures.mean, static_cast<double>(figures.p50), static_cast<double>(figures.p90),
        static_cast<double>(figures.p95), static_cast<double>(figures.worst)}) {
    out += figures.samples == 0 ? "," : fmt::format(",{}", Seconds(nanos));
  }
  return out;
}

std::string CsvLine(const SlaReportRow& row, std::string_view severity) {
  std::string line =
      fmt::format("{},{},{},{},{},{}", FormatRfc3339(row.from), FormatRfc3339(row.to),
                  CsvField(row.team), CsvField(row.service), severity, row.incidents);
  for (const SlaKind kind : kKinds) line += CsvFigures(row.Clock(kind));
  return line + "\r\n";
}

// ---- Markdown

// Text of labels must not make columns or markup.
std::string Cell(std::string_view text) {
  if (text.empty()) return "–";
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\|*_`<>[]").find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string Duration(double nanos) {
  return FormatDuration(static_cast<DurationMs>(nanos / static_cast<double>(kNanosPerSecond)) *
                        kSecond);
}

std::string MarkdownFigures(const SlaFigures& figures) {
  const std::optional<double> ratio = figures.Compliance();
  std::string out = fmt::format(" {} | {} | {} | {} | {} |", figures.met, figures.breached,
                                figures.open_breached, figures.running,
                                ratio ? fmt::format("{:.1f} %", 100 * *ratio) : std::string("–"));
  for (const double nanos :
       {figures.mean, static_cast<double>(figures.p50), static_cast<double>(figures.p90),
        static_cast<double>(figures.p95), static_cast<double>(figures.worst)}) {
    out += figures.samples == 0 ? " – |" : fmt::format(" {} |", Duration(nanos));
  }
  return out + "\n";
}

struct Column {
  bool shown;
  const char* name;
};

std::string MarkdownTable(const SlaReport& report, SlaKind kind) {
  const SlaReportQuery& query = report.query;
  const bool periods = query.period != ReportPeriod::kWhole;
  const Column columns[] = {{periods, "from"},
                            {query.by_team, "team"},
                            {query.by_service, "service"},
                            {query.by_severity, "severity"}};
  std::string header = "|";
  std::string rule = "|";
  for (const Column& column : columns) {
    if (!column.shown) continue;
    header += fmt::format(" {} |", column.name);
    rule += "---|";
  }
  header +=
      " incidents | met | breached | of these open | running | compliance | mean | p50 | p90 "
      "| p95 | worst |\n";
  rule += "---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  const auto line = [&](const SlaReportRow& row, bool total) {
    const std::string values[] = {
        absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(row.from), query.zone), Cell(row.team),
        Cell(row.service), row.severity ? std::string(SeverityText(*row.severity)) : "–"};
    std::string out = "|";
    bool first = true;
    for (size_t i = 0; i < std::size(columns); ++i) {
      if (!columns[i].shown) continue;
      out += fmt::format(" {} |", !total ? values[i] : first ? std::string("total") : "");
      first = false;
    }
    return out + fmt::format(" {} |", row.incidents) + MarkdownFigures(row.Clock(kind));
  };
  std::string out = header + rule;
  for (const SlaReportRow& row : report.rows) out += line(row, false);
  const bool grouped = periods || query.by_team || query.by_service || query.by_severity;
  if (grouped || report.rows.empty()) out += line(report.total, true);
  return out;
}

}  // namespace

std::string SlaReportJson(const SlaReport& report) {
  const SlaReportQuery& query = report.query;
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteTime("from", query.from, &json);
  WriteTime("to", query.to, &json);
  json.Key("period").String(ReportPeriodText(query.period));
  json.Key("time_zone").String(query.zone.name());
  json.Key("rows").StartArray();
  for (const SlaReportRow& row : report.rows) WriteRow(query, row, &json);
  json.EndArray().Key("total");
  SlaReportQuery none;
  WriteRow(none, report.total, &json);
  json.Key("without_facts").Int(static_cast<int64_t>(report.without_facts));
  json.EndObject();
  return body;
}

std::string SlaReportCsv(const SlaReport& report) {
  std::string out = "period_start,period_end,team,service,severity,incidents";
  for (const SlaKind kind : kKinds) {
    for (const char* column :
         {"met", "breached", "open_breached", "running", "discarded", "compliance_ratio", "samples",
          "mean_seconds", "p50_seconds", "p90_seconds", "p95_seconds", "worst_seconds"}) {
      out += fmt::format(",{}_{}", SlaKindText(kind), column);
    }
  }
  out += "\r\n";
  for (const SlaReportRow& row : report.rows) {
    out += CsvLine(row, row.severity ? SeverityText(*row.severity) : std::string_view());
  }
  return out + CsvLine(report.total, "total");
}

std::string SlaReportMarkdown(const SlaReport& report) {
  const SlaReportQuery& query = report.query;
  const auto time = [&](Nanos at) {
    return absl::FormatTime("%Y-%m-%d %H:%M %Z", absl::FromUnixNanos(at), query.zone);
  };
  std::string out =
      fmt::format("# SLA report\n\nIncidents opened from {} to {}: {}.\n\n## To acknowledge\n\n",
                  time(query.from), time(query.to), report.total.incidents);
  out += MarkdownTable(report, SlaKind::kAcknowledge);
  out += "\n## To resolve\n\n" + MarkdownTable(report, SlaKind::kResolve);
  if (report.without_facts != 0) {
    out += fmt::format("\n{} incidents are left out: their history does not say what is needed.\n",
                       report.without_facts);
  }
  return out;
}

}  // namespace outrider
