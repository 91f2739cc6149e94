// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/status_page.h"

#include <fmt/format.h>

#include "exporter/ui/page.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Time(Nanos time) { return FormatRfc3339(time / kNanosPerSecond * kNanosPerSecond); }

// How a state, severity or outcome is coloured.
struct Tone {
  std::string_view text;
  std::string_view css;
};
constexpr Tone kTones[] = {
    {"critical", "bad"},       {"high", "bad"},     {"page", "bad"},     {"error", "bad"},
    {"firing", "bad"},         {"new", "bad"},      {"rejected", "bad"}, {"expired", "bad"},
    {"medium", "warn"},        {"warning", "warn"}, {"pending", "warn"}, {"acknowledged", "warn"},
    {"investigating", "warn"}, {"retry", "warn"},   {"unknown", "warn"}, {"delivered", "good"},
    {"resolved", "good"},
};

std::string Toned(std::string_view text) {
  for (const Tone& tone : kTones) {
    if (tone.text == text) return fmt::format("<span class=\"{}\">{}</span>", tone.css, text);
  }
  return EscapeHtml(text);
}

void Figure(std::string_view name, const std::string& value, std::string* out) {
  *out +=
      fmt::format("<div><span class=\"dim\">{}</span><br><b>{}</b></div>", name, EscapeHtml(value));
}

void AppendProblems(const StatusData& data, std::string* out) {
  *out += "<h2>What is wrong</h2>";
  if (data.problems.empty()) {
    *out += "<p class=\"good\">Nothing.</p>\n";
    return;
  }
  *out += "<ul>";
  for (const std::string& problem : data.problems) {
    *out += fmt::format("<li class=\"warn\">{}</li>\n", EscapeHtml(problem));
  }
  *out += "</ul>\n";
}

void AppendFigures(const StatusData& data, std::string* out) {
  *out += "<h2>What comes in</h2><div class=\"figures\">";
  const Timestamp last = data.ingest.last_received;
  Figure("last sample", last == 0 ? "never" : ShortAge(data.now - last * kNanosPerMilli) + " ago",
         out);
  Figure("samples since start", std::to_string(data.ingest.samples), out);
  Figure("series", std::to_string(data.ingest.series), out);
  Figure("samples held", std::to_string(data.ingest.held_samples), out);
  Figure("rules", fmt::format("{} in {} groups", data.rules, data.rule_groups), out);
  Figure("failing rules", std::to_string(data.failing_rules.size()), out);
  Figure("messages waiting", std::to_string(data.outbox_rows), out);
  *out += "</div>\n";
}

std::string ClockText(const StatusData::IncidentRow& row) {
  if (row.clock.empty()) return "";
  if (row.clock_left < 0) {
    return fmt::format("<span class=\"bad\">{} overdue by {}</span>", row.clock,
                       ShortAge(-row.clock_left));
  }
  return fmt::format("{} in {}", row.clock, ShortAge(row.clock_left));
}

std::string IncidentLink(const StatusData::IncidentRow& row) {
  return fmt::format("<a href=\"outrider/v1/incidents/{0}\">{0}</a>", EscapeHtml(row.id));
}

void AppendIncidents(const StatusData& data, std::string* out) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(data.incidents.size());
  for (const StatusData::IncidentRow& row : data.incidents) {
    rows.push_back({IncidentLink(row), Toned(row.severity), Toned(row.state),
                    fmt::format("{}<br><span class=\"dim\">{}</span>", EscapeHtml(row.title),
                                EscapeHtml(row.summary)),
                    ShortAge(data.now - row.opened_at), ClockText(row)});
  }
  AppendTable("Open incidents", {"id", "severity", "state", "what", "age", "SLA"}, rows,
              "No incident is open.", data.incidents_left_out, out);
}

void AppendResolved(const StatusData& data, std::string* out) {
  if (data.resolved.empty()) return;
  std::vector<std::vector<std::string>> rows;
  rows.reserve(data.resolved.size());
  for (const StatusData::IncidentRow& row : data.resolved) {
    rows.push_back(
        {IncidentLink(row), Toned(row.severity), EscapeHtml(row.title),
         ShortAge(data.now - row.resolved_at) + " ago",
         row.resolved_by.empty() ? "<span class=\"dim\">-</span>" : EscapeHtml(row.resolved_by),
         ShortAge(row.resolved_at - row.opened_at)});
  }
  AppendTable("Recently resolved", {"id", "severity", "what", "resolved", "by", "open for"}, rows,
              "", 0, out);
}

void AppendAlerts(const StatusData& data, std::string* out) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(data.alerts.size());
  for (const StatusData::AlertRow& row : data.alerts) {
    rows.push_back({EscapeHtml(row.name), Toned(row.severity), Toned(row.state),
                    EscapeHtml(row.summary), ShortAge(data.now - row.since)});
  }
  AppendTable("Alerts", {"alert", "severity", "state", "summary", "since"}, rows,
              "No alert is firing or pending.", data.alerts_left_out, out);
}

void AppendReceivers(const StatusData& data, std::string* out) {
  std::vector<std::vector<std::string>> rows;
  for (const StatusData::ReceiverRow& row : data.receivers) {
    const std::string last =
        row.outcome.empty() ? "<span class=\"dim\">nothing sent yet</span>" : Toned(row.outcome);
    rows.push_back({EscapeHtml(row.name), EscapeHtml(row.integrations), last,
                    row.at == 0 ? "" : ShortAge(data.now - row.at) + " ago",
                    EscapeHtml(row.detail)});
  }
  AppendTable("Receivers", {"receiver", "integrations", "last message", "when", "detail"}, rows,
              "No receiver is configured.", 0, out);
}

}  // namespace

std::string RenderStatusPage(const StatusData& data) {
  std::string out = PageHead("Outrider", 15);
  out += fmt::format(
      "<h1>Outrider</h1><p class=\"dim\">version {} &middot; up {} &middot; {} &middot; as of {} "
      "&middot; "
      "<a href=\"graph\">query</a> &middot; <a href=\"metrics\">metrics</a></p>\n",
      EscapeHtml(data.version), ShortAge(data.now - data.started_at),
      data.ready ? "ready" : "not ready", Time(data.now));
  AppendProblems(data, &out);
  AppendIncidents(data, &out);
  AppendResolved(data, &out);
  AppendAlerts(data, &out);
  AppendFigures(data, &out);
  AppendReceivers(data, &out);
  out += "</body></html>\n";
  return out;
}

void RegisterStatusPage(Router& router, const StatusSources& sources) {
  router.Add("GET", "/", [sources](HttpRequest&) {
    return PageResponse(200, RenderStatusPage(CollectStatus(sources)));
  });
}

}  // namespace outrider
