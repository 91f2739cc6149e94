// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/status_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>Outrider</title>
<style>
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5b6570;--line:#d8dde3;--bad:#b3261e;--warn:#8a5a00;--good:#1a6b3c}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#9aa4ae;--line:#333a41;--bad:#ff8a80;--warn:#ffcc66;--good:#7ddc9f}}
body{background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:64rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
.dim{color:var(--dim)}.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim)}ul{margin:.3rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}
.figures{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem}.figures b{font-size:1.1rem}
</style></head><body>
)";

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

// A heading and a table; `rows` are ready cells.
void Table(std::string_view title, std::initializer_list<std::string_view> columns,
           const std::vector<std::vector<std::string>>& rows, std::string_view empty,
           uint64_t left_out, std::string* out) {
  *out += fmt::format("<h2>{}</h2>", title);
  if (rows.empty()) {
    *out += fmt::format("<p class=\"dim\">{}</p>\n", empty);
    return;
  }
  *out += "<div class=\"scroll\"><table><tr>";
  for (std::string_view column : columns) *out += fmt::format("<th>{}</th>", column);
  *out += "</tr>\n";
  for (const std::vector<std::string>& row : rows) {
    *out += "<tr>";
    for (const std::string& cell : row) *out += "<td>" + cell + "</td>";
    *out += "</tr>\n";
  }
  *out += "</table></div>\n";
  if (left_out > 0) *out += fmt::format("<p class=\"dim\">and {} more</p>\n", left_out);
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

void AppendIncidents(const StatusData& data, std::string* out) {
  std::vector<std::vector<std::string>> rows;
  for (const StatusData::IncidentRow& row : data.incidents) {
    rows.push_back(
        {fmt::format("<a href=\"outrider/v1/incidents/{0}\">{0}</a>", EscapeHtml(row.id)),
         Toned(row.severity), Toned(row.state),
         fmt::format("{}<br><span class=\"dim\">{}</span>", EscapeHtml(row.title),
                     EscapeHtml(row.summary)),
         ShortAge(data.now - row.opened_at), ClockText(row)});
  }
  Table("Open incidents", {"id", "severity", "state", "what", "age", "SLA"}, rows,
        "No incident is open.", data.incidents_left_out, out);
}

void AppendAlerts(const StatusData& data, std::string* out) {
  std::vector<std::vector<std::string>> rows;
  for (const StatusData::AlertRow& row : data.alerts) {
    rows.push_back({EscapeHtml(row.name), Toned(row.severity), Toned(row.state),
                    EscapeHtml(row.summary), ShortAge(data.now - row.since)});
  }
  Table("Alerts", {"alert", "severity", "state", "summary", "since"}, rows,
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
  Table("Receivers", {"receiver", "integrations", "last message", "when", "detail"}, rows,
        "No receiver is configured.", 0, out);
}

}  // namespace

std::string ShortAge(int64_t nanos) {
  struct Part {
    char unit;
    int64_t size;
  };
  constexpr Part kParts[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  const int64_t seconds = std::max<int64_t>(0, nanos / kNanosPerSecond);
  for (size_t i = 0; i < std::size(kParts); ++i) {
    const int64_t count = seconds / kParts[i].size;
    if (count == 0) continue;
    std::string out = fmt::format("{}{}", count, kParts[i].unit);
    if (i + 1 == std::size(kParts)) return out;
    const int64_t rest = seconds % kParts[i].size / kParts[i + 1].size;
    return rest == 0 ? out : fmt::format("{} {}{}", out, rest, kParts[i + 1].unit);
  }
  return "0s";
}

std::string RenderStatusPage(const StatusData& data) {
  std::string out(kHead);
  out += fmt::format(
      "<h1>Outrider</h1><p class=\"dim\">version {} &middot; up {} &middot; {} &middot; as of {} "
      "&middot; "
      "<a href=\"metrics\">metrics</a></p>\n",
      EscapeHtml(data.version), ShortAge(data.now - data.started_at),
      data.ready ? "ready" : "not ready", Time(data.now));
  AppendProblems(data, &out);
  AppendIncidents(data, &out);
  AppendAlerts(data, &out);
  AppendFigures(data, &out);
  AppendReceivers(data, &out);
  out += "</body></html>\n";
  return out;
}

void RegisterStatusPage(Router& router, const StatusSources& sources) {
  router.Add("GET", "/", [sources](HttpRequest&) {
    HttpResponse response = HttpResponse::Html(200, RenderStatusPage(CollectStatus(sources)));
    // Nothing on the page runs, loads or embeds anything: say so, and even a hole in the escaping
    // stays harmless.
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; style-src 'unsafe-inline'");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
  });
}

}  // namespace outrider
