// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/answer_page.h"

#include <fmt/format.h>

#include <ranges>

#include "exporter/api/answer_text.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostParts = 100;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
)";
constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5b6570;--line:#d8dde3;--go:#0b57d0;--ongo:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#101214;--fg:#e6e9ec;--dim:#9aa4ae;--line:#333a41;--go:#a8c7fa;--ongo:#062e6f}}
body{background:var(--bg);color:var(--fg);font:17px/1.45 system-ui,sans-serif;margin:0 auto;padding:1.2rem;max-width:34rem}
h1{font-size:1.35rem;margin:.2rem 0 .6rem;overflow-wrap:anywhere}p,dd{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;margin:1rem 0}dt{color:var(--dim)}dd{margin:0}
button{width:100%;padding:1rem;margin:.4rem 0;font:inherit;font-weight:600;border:0;border-radius:.6rem;background:var(--go);color:var(--ongo)}
input{width:100%;box-sizing:border-box;padding:.7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.6rem}
.dim{color:var(--dim)}.said{border:1px solid var(--line);border-radius:.6rem;padding:.8rem}a{color:var(--go)}
</style></head><body>
)";

std::string Head(std::string_view title) {
  return fmt::format("{}<title>{}</title>\n{}", kHead, EscapeHtml(title), kStyle);
}

void Row(std::string_view name, const std::string& value, std::string* out) {
  *out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, EscapeHtml(value));
}

bool IsWebLink(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

void AppendFacts(const Incident& incident, Nanos now, std::string* out) {
  *out += "<dl>\n";
  Row("severity", std::string(SeverityText(incident.severity)), out);
  Row("since",
      fmt::format("{} ({})",
                  FormatRfc3339(incident.received_at / kNanosPerSecond * kNanosPerSecond),
                  AgeText(now - incident.received_at)),
      out);
  Row("state", StandingText(incident, now), out);
  const std::string& on_it =
      incident.assignee.empty() ? incident.acknowledged_by : incident.assignee;
  Row("on it", incident.Open() && on_it.empty() ? "nobody yet" : on_it, out);
  Row("alerts", fmt::format("{} firing", incident.firing.size()), out);
  if (!incident.group_labels.empty()) Row("labels", incident.group_labels.ToString(), out);
  if (IsWebLink(incident.runbook)) {
    *out += fmt::format("<dt>runbook</dt><dd><a rel=\"noreferrer\" href=\"{0}\">{0}</a></dd>\n",
                        EscapeHtml(incident.runbook));
  }
  *out += "</dl>\n";
}

// Relative, so that it works by whatever name the page was reached.
std::string LastOf(const std::string& url) { return url.substr(url.rfind('/') + 1); }

void AppendButtons(const AnswerPageData& data, std::string* out) {
  const std::string_view wanted = AnswerActionText(data.view.claim.action);
  bool offered = false;
  for (const NotificationAction& action : data.view.actions) {
    offered = offered || action.name == wanted;
  }
  for (const NotificationAction& action : data.view.actions) {
    // The one that the link is for; all where that is past, or the link is for none.
    if (offered && action.name != wanted) continue;
    *out += fmt::format("<form method=\"post\" action=\"{}\">\n", EscapeHtml(LastOf(action.url)));
    if (data.ask_name) {
      *out +=
          "<input name=\"who\" maxlength=\"64\" autocomplete=\"name\" placeholder=\"Your name\" "
          "aria-label=\"Your name\">\n";
    }
    *out += fmt::format("<button type=\"submit\">{}</button></form>\n", EscapeHtml(action.label));
  }
}

void AppendSaid(const AnswerPageData& data, std::string* out) {
  if (data.said.empty()) return;
  *out += fmt::format("<p class=\"said\" role=\"status\">{}</p>\n", EscapeHtml(data.said));
}

// Of a message about several incidents. What answers one of them alone is behind its link.
std::string RenderParts(const AnswerPageData& data) {
  const std::vector<AnswerView::Part>& parts = data.view.parts;
  const std::string title = fmt::format("{} incidents", parts.size());
  std::string out = Head(title);
  AppendSaid(data, &out);
  out += fmt::format(
      "<h1>{}</h1>\n<p>The buttons answer all of them; a name opens one.</p>\n<ul>\n", title);
  for (const AnswerView::Part& part : parts | std::views::take(kMostParts)) {
    out += fmt::format("<li><a href=\"{}\">{}</a> <span class=\"dim\">{}, {}</span></li>\n",
                       EscapeHtml(LastOf(part.link)), EscapeHtml(part.incident->title),
                       SeverityText(part.incident->severity),
                       EscapeHtml(StandingText(*part.incident, data.now)));
  }
  out += "</ul>\n";
  if (parts.size() > kMostParts) {
    out += fmt::format("<p>and {} more</p>\n", parts.size() - kMostParts);
  }
  AppendButtons(data, &out);
  out += "<p class=\"dim\">Outrider</p>\n</body></html>\n";
  return out;
}

}  // namespace

std::string RenderAnswerPage(const AnswerPageData& data) {
  if (!data.view.parts.empty()) return RenderParts(data);
  const Incident& incident = *data.view.incident;
  std::string out = Head(incident.title);
  AppendSaid(data, &out);
  out += fmt::format("<h1>{}</h1>\n", EscapeHtml(incident.title));
  if (!incident.summary.empty()) out += fmt::format("<p>{}</p>\n", EscapeHtml(incident.summary));
  AppendFacts(incident, data.now, &out);
  AppendButtons(data, &out);
  out += fmt::format("<p class=\"dim\">Outrider, incident {}</p>\n</body></html>\n",
                     EscapeHtml(incident.id));
  return out;
}

std::string RenderAnswerProblem(const std::string& title, const std::string& text) {
  return fmt::format("{}<h1>{}</h1>\n<p>{}</p>\n<p class=\"dim\">Outrider</p>\n</body></html>\n",
                     Head(title), EscapeHtml(title), EscapeHtml(text));
}

HttpResponse AnswerPageResponse(int status, std::string page) {
  HttpResponse response = HttpResponse::Html(status, std::move(page));
  response.headers = {{"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Robots-Tag", "noindex, nofollow"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                       "frame-ancestors 'none'; base-uri 'none'"}};
  return response;
}

}  // namespace outrider
