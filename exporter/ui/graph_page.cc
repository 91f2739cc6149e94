// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/graph_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/ui/page.h"
#include "rules/promql/histogram/histogram_math.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxResultRows = 100;
constexpr std::string_view kNothing = "The result is empty.";

using Cells = std::vector<std::vector<std::string>>;

size_t Shown(size_t rows) { return std::min(rows, kMaxResultRows); }

std::string ValueText(double value, const NativeHistogram* histogram) {
  return histogram != nullptr ? EscapeHtml(promql::HistogramText(*histogram))
                              : FormatSampleValue(value);
}

std::string NewestText(const promql::Series& series) {
  const bool is_histogram =
      series.samples.empty() ||
      (!series.histograms.empty() && series.histograms.back().time > series.samples.back().time);
  if (!is_histogram) return FormatSampleValue(series.samples.back().value);
  return series.histograms.empty() ? "" : ValueText(0, series.histograms.back().histogram.get());
}

// One for each type of value.
struct ResultTable {
  std::string* out;

  void operator()(const promql::Scalar& scalar) const {
    AppendTable("Result", {"scalar"}, {{FormatSampleValue(scalar.value)}}, kNothing, 0, out);
  }
  void operator()(const promql::String& text) const {
    AppendTable("Result", {"string"}, {{EscapeHtml(text.value)}}, kNothing, 0, out);
  }
  void operator()(const promql::Vector& vector) const {
    Cells rows;
    const size_t shown = Shown(vector.size());
    for (size_t i = 0; i < shown; ++i) {
      rows.push_back({EscapeHtml(vector[i].labels.ToString()),
                      ValueText(vector[i].value, vector[i].histogram.get())});
    }
    AppendTable("Result", {"series", "value"}, rows, kNothing, vector.size() - shown, out);
  }
  void operator()(const promql::Matrix& matrix) const {
    Cells rows;
    const size_t shown = Shown(matrix.size());
    for (size_t i = 0; i < shown; ++i) {
      const promql::Series& series = matrix[i];
      rows.push_back({EscapeHtml(series.labels.ToString()),
                      std::to_string(series.samples.size() + series.histograms.size()),
                      NewestText(series)});
    }
    AppendTable("Result", {"series", "samples", "newest value"}, rows, kNothing,
                matrix.size() - shown, out);
  }
};

void AppendNotes(const std::vector<std::string>& notes, std::string_view css, std::string* out) {
  for (const std::string& note : notes)
    *out += fmt::format("<p class=\"{}\">{}</p>\n", css, EscapeHtml(note));
}

std::string PageStart(const std::string& expr) {
  std::string out = PageHead("Outrider: query", 0);
  out += fmt::format(
      "<h1>Outrider</h1><p class=\"dim\"><a href=\"./\">what is going on</a>{}</p>\n"
      "<form action=\"graph\" method=\"get\"><textarea name=\"g0.expr\" rows=\"4\" "
      "style=\"width:100%;font:inherit\" aria-label=\"expression\">\n{}</textarea>"
      "<p><button>Evaluate now</button></p></form>\n",
      expr.empty() ? ""
                   : fmt::format(" &middot; <a href=\"api/v1/query?query={}\">as JSON</a>",
                                 UrlEncodeQuery(expr)),
      EscapeHtml(expr));
  return out;
}

int StatusOf(const Status& status) {
  if (absl::IsInvalidArgument(status)) return 400;
  return absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status) ? 503 : 422;
}

HttpResponse Graph(const GraphPageDeps& deps, HttpRequest& request) {
  const StatusOr<HttpRequest::ParamList> params = request.Params();
  if (!params.ok()) return HttpResponse::Text(400, Message(params.status()) + "\n");
  const auto found =
      std::ranges::find(*params, "g0.expr", &HttpRequest::ParamList::value_type::first);
  const std::string expr = found == params->end() ? "" : found->second;
  std::string page = PageStart(expr);
  int status = 200;
  if (!expr.empty()) {
    const StatusOr<promql::QueryResult> result = deps.query(expr);
    if (result.ok()) {
      std::visit(ResultTable{&page}, result->value);
      AppendNotes(result->warnings, "warn", &page);
      AppendNotes(result->infos, "dim", &page);
    } else {
      status = StatusOf(result.status());
      AppendNotes({Message(result.status())}, "bad", &page);
    }
  }
  page += "</body></html>\n";
  return PageResponse(status, std::move(page));
}

}  // namespace

void RegisterGraphPage(Router& router, GraphPageDeps deps) {
  router.Add("GET", "/graph",
             [deps = std::move(deps)](HttpRequest& request) { return Graph(deps, request); });
}

}  // namespace outrider
