// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/anomalies.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "exporter/api/anomaly_chart.h"
#include "exporter/api/json_rows.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kDefaultSpan = 3 * kHour;
constexpr DurationMs kMaxSpan = 7 * kDay;
constexpr DurationMs kBefore = kHour;  // shown of the time before it began, at least
constexpr int kPoints = 360;           // of a picture
constexpr int kComparedPoints = 120;   // of series that are compared

void WriteLabels(std::string_view key, const Labels& labels, JsonWriter* json) {
  json->Key(key).StartObject();
  for (const LabelView label : labels) json->Key(label.name).String(label.value);
  json->EndObject();
}

bool IsAnomalous(const Explanation& why) { return why.verdict.state >= 1 || why.since != 0; }

// The members that a list and a single answer share.
void WriteView(const AnomalyView& view, JsonWriter* json) {
  const Explanation& why = view.explanation;
  json->Key("id").String(view.id).Key("entry").String(view.entry);
  WriteLabels("labels", view.labels, json);
  json->Key("detector").String(why.detector);
  WriteTime("time", why.time * kNanosPerMilli, json);
  json->Key("value").Double(why.value).Key("expected").Double(why.verdict.expected);
  json->Key("lower").Double(why.verdict.lower).Key("upper").Double(why.verdict.upper);
  json->Key("score").Double(why.verdict.state).Key("onset_score").Double(why.verdict.onset);
  json->Key("anomalous").Bool(IsAnomalous(why));
  WriteTime("since", why.since * kNanosPerMilli, json);
}

void WriteParts(const AnomalyView& view, JsonWriter* json) {
  const Explanation& why = view.explanation;
  json->Key("expr").String(view.expr);
  WriteLabels("source", view.source, json);
  json->Key("chosen_because").String(why.chosen_because);
  json->Key("level").Double(why.level).Key("season").Double(why.season);
  json->Key("trend_per_hour").Double(why.trend_per_hour).Key("deviation").Double(why.deviation);
  json->Key("tail_probability").Double(why.tail_probability);
  json->Key("samples").Int(static_cast<int64_t>(why.samples));
  json->Key("reasons").StartArray();
  for (const std::string& reason : why.reasons) json->String(reason);
  json->EndArray();
}

void WriteRelated(const CompanionReport& report, JsonWriter* json) {
  json->Key("related").StartArray();
  for (const Companion& companion : report.companions) {
    json->StartObject();
    WriteLabels("labels", companion.labels, json);
    json->Key("scope").String(companion.scope).Key("as").String(companion.rate ? "rate" : "value");
    json->Key("correlation").Double(companion.correlation);
    json->Key("lag_seconds").Double(static_cast<double>(companion.lag) / kSecond);
    json->Key("before").Double(companion.before).Key("after").Double(companion.after);
    json->Key("shift").Double(companion.shift).EndObject();
  }
  json->EndArray().Key("related_candidates").Int(static_cast<int64_t>(report.candidates));
  json->Key("related_cut").Bool(report.cut);
}

// What a picture shows and neighbours are compared over: around the beginning of the anomaly.
struct Window {
  Timestamp from = 0;
  Timestamp since = 0;
  Timestamp to = 0;
  DurationMs step = 0;
};

StatusOr<Window> WindowOf(const AnomalyView& view, const ParamReader& params) {
  const DurationMs span = TRY(params.Duration("span", kDefaultSpan));
  if (span < kMinute || span > kMaxSpan) return InvalidParam("span", "must lie between 1m and 7d");
  const Explanation& why = view.explanation;
  Window window;
  window.to = why.time;
  window.since = why.since != 0 ? why.since : why.time;
  window.from = window.to - span;
  if (!params.Has("span")) {
    window.from = std::max(std::min(window.from, window.since - kBefore), window.to - kMaxSpan);
  }
  window.step = std::max<DurationMs>(kSecond, (window.to - window.from) / kPoints);
  return window;
}

StatusOr<AnomalyView> FindView(const AnomaliesApiDeps& deps, HttpRequest& request) {
  const std::string& id = request.path_params.at("id");
  std::optional<AnomalyView> view = deps.find(id);
  if (!view) return absl::NotFoundError(fmt::format("no judged series has the id {}", id));
  return *std::move(view);
}

StatusOr<std::vector<Sample>> DerivedSamples(const Querier& windows, const Labels& labels,
                                             std::string name, const Window& window) {
  std::vector<Matcher> matchers = {Matcher::Equal(std::string(kMetricName), std::move(name))};
  for (const LabelView label : labels) {
    matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
  }
  SeriesSet set;
  constexpr size_t kMaxSamples = 500'000;
  TRY(windows.Select(matchers, window.from, window.to, kMaxSamples, &set));
  std::vector<Sample> samples;
  for (const SeriesSet::Row& row : set.rows) {
    if (row.labels.All().WithoutName() != labels) continue;  // it has more labels
    for (size_t i = row.begin; i < row.end; ++i) samples.push_back({set.times[i], set.values[i]});
  }
  return samples;
}

StatusOr<HttpResponse> List(const AnomaliesApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  AnomalyQuery query;
  query.entry = params.Text("entry");
  if (params.Has("min_score")) {
    const StatusOr<double> score = ParseDouble(params.Text("min_score"));
    if (!score.ok()) return InvalidParam("min_score", "a number is wanted");
    query.min_score = *score;
  }
  const size_t limit = TRY(params.Limit("limit"));
  if (limit != 0) query.limit = limit;
  HttpResponse response = HttpResponse::Json(200, R"({"anomalies":)");
  JsonPieces rows = JsonRows(deps.list(query), [](const AnomalyView& view, JsonWriter* json) {
    json->StartObject();
    WriteView(view, json);
    json->EndObject();
  });
  while (rows(&response.body)) {
  }
  response.body += '}';
  return response;
}

StatusOr<HttpResponse> Show(const AnomaliesApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const AnomalyView view = TRY(FindView(deps, request));
  const Window window = TRY(WindowOf(view, params));
  HttpResponse response = HttpResponse::Json(200, "");
  JsonWriter json(&response.body);
  json.StartObject();
  WriteView(view, &json);
  WriteParts(view, &json);
  if (TRY(params.Bool("related", true))) {
    const QueryGate::Pass pass = TRY(deps.gate.Enter(deps.timeout));
    const std::vector<Sample> values = TRY(deps.values(view, window.from, window.to, window.step));
    CompanionOptions options;
    options.step = std::max<DurationMs>(kSecond, (window.to - window.from) / kComparedPoints);
    const CompanionReport report = TRY(FindCompanions(deps.windows, deps.workloads,
                                                      {.source = view.source,
                                                       .values = values,
                                                       .from = window.from,
                                                       .since = window.since,
                                                       .to = window.to},
                                                      options));
    WriteRelated(report, &json);
  }
  json.Key("chart").String(fmt::format("/outrider/v1/anomalies/{}/chart.svg", view.id));
  json.EndObject();
  return response;
}

StatusOr<HttpResponse> Chart(const AnomaliesApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const AnomalyView view = TRY(FindView(deps, request));
  const Window window = TRY(WindowOf(view, params));
  const QueryGate::Pass pass = TRY(deps.gate.Enter(deps.timeout));
  AnomalyChart chart;
  chart.title = fmt::format("{}: {}", view.entry, view.source.ToString());
  chart.from = window.from;
  chart.to = window.to;
  chart.since = view.explanation.since;
  chart.values = TRY(deps.values(view, window.from, window.to, window.step));
  const auto derived = [&](std::string name) {
    return DerivedSamples(deps.windows, view.labels, std::move(name), window);
  };
  chart.expected = TRY(derived("outrider_anomaly_expected"));
  chart.lower = TRY(derived("outrider_anomaly_lower"));
  chart.upper = TRY(derived("outrider_anomaly_upper"));
  chart.score = TRY(derived("outrider_anomaly_score"));
  HttpResponse response;
  response.content_type = "image/svg+xml; charset=utf-8";
  response.body = RenderAnomalyChart(chart);
  return response;
}

}  // namespace

void RegisterAnomaliesApi(Router& router, const AnomaliesApiDeps& deps) {
  const auto add = [&](const char* path, auto handler) {
    router.Add("GET", path, ProductRoute([deps, handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  };
  add("/outrider/v1/anomalies", List);
  add("/outrider/v1/anomalies/:id", Show);
  add("/outrider/v1/anomalies/:id/chart.svg", Chart);
}

}  // namespace outrider
