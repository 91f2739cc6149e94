// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/answer_text.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
)";
constexpr std::string_view kStyle = R"(<style>
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

}  // namespace

std::string PageHead(std::string_view title, int refresh_seconds) {
  std::string out(kHead);
  if (refresh_seconds > 0)
    out += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", refresh_seconds);
  out += fmt::format("<title>{}</title>\n{}", EscapeHtml(title), kStyle);
  return out;
}

HttpResponse PageResponse(int status, std::string page) {
  HttpResponse response = HttpResponse::Html(status, std::move(page));
  // Nothing on a page runs, loads or embeds anything: say so, and even a hole in the escaping stays
  // harmless.
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; style-src 'unsafe-inline'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

void AppendTable(std::string_view title, std::initializer_list<std::string_view> columns,
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

std::string ShortAge(int64_t nanos) { return AgeText(nanos); }

}  // namespace outrider
