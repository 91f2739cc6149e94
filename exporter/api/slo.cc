// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/slo.h"

#include "exporter/api/product_common.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

void WriteMaybe(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteMoment(std::string_view key, Timestamp time, JsonWriter* json) {
  WriteTime(key, time * kNanosPerMilli, json);
}

void WriteWindow(const SloWindowView& window, double budget, JsonWriter* json) {
  const std::optional<double> ratio = window.ErrorRatio();
  json->StartObject().Key("window").String(FormatDuration(window.window));
  json->Key("events").Double(window.counts.total).Key("bad_events").Double(window.counts.bad);
  WriteMaybe("error_ratio", ratio, json);
  WriteMaybe("burn_rate", ratio ? std::optional<double>(*ratio / budget) : std::nullopt, json);
  json->EndObject();
}

// What is left after each bucket: of the budget of the events so far.
void WriteTimeline(const SloSeriesView& series, double budget, JsonWriter* json) {
  json->Key("timeline").StartArray();
  for (const EventRing::Bucket& bucket : series.timeline) {
    json->StartObject();
    WriteMoment("begin", bucket.begin, json);
    WriteMoment("end", bucket.end, json);
    json->Key("events").Double(bucket.counts.total).Key("bad_events").Double(bucket.counts.bad);
    const SloWindowView so_far{.window = 0, .counts = bucket.since_start};
    const std::optional<double> ratio = so_far.ErrorRatio();
    WriteMaybe("error_budget_remaining_ratio",
               ratio ? std::optional<double>(1 - *ratio / budget) : std::nullopt, json);
    json->EndObject();
  }
  json->EndArray();
}

void WriteSeries(const SloSeriesView& series, double budget, bool timeline, JsonWriter* json) {
  json->StartObject().Key("labels").StartObject();
  for (const LabelView label : series.labels) json->Key(label.name).String(label.value);
  json->EndObject();
  WriteMaybe("error_budget_remaining_ratio", series.BudgetRemaining(budget), json);
  json->Key("events").Double(series.period.counts.total);
  json->Key("bad_events").Double(series.period.counts.bad);
  WriteMoment("period_begin", series.period_begin, json);
  WriteMoment("period_end", series.period_end, json);
  WriteMoment("first_event_at", series.first_event, json);
  WriteMoment("newest_event_at", series.newest_event, json);
  json->Key("windows").StartArray();
  for (const SloWindowView& window : series.windows) WriteWindow(window, budget, json);
  WriteWindow(series.period, budget, json);
  json->EndArray();
  if (timeline) WriteTimeline(series, budget, json);
  json->EndObject();
}

void WriteAlerts(const SloSpec& spec, JsonWriter* json) {
  json->Key("alerts").StartArray();
  for (const SloAlert& alert : spec.alerts) {
    json->StartObject().Key("name").String(alert.name).Key("severity").String(alert.severity);
    json->Key("windows").StartArray();
    for (const BurnWindows& windows : alert.any_of) {
      json->StartObject().Key("short").String(FormatDuration(windows.short_window));
      json->Key("long").String(FormatDuration(windows.long_window));
      json->Key("factor").Double(windows.factor).EndObject();
    }
    json->EndArray().EndObject();
  }
  json->EndArray();
}

void WriteSlo(const SloView& view, bool timeline, JsonWriter* json) {
  static constexpr std::string_view kOrigins[] = {"outrider", "sloth", "openslo"};
  const SloSpec& spec = view.spec;
  json->StartObject().Key("name").String(spec.name).Key("service").String(spec.service);
  json->Key("description").String(spec.description);
  json->Key("origin").String(kOrigins[static_cast<size_t>(spec.origin)]);
  json->Key("file").String(spec.file).Key("line").Int(spec.line);
  json->Key("objective_ratio").Double(spec.objective);
  json->Key("method").String(SloMethodText(spec.method));
  json->Key("period").String(FormatDuration(spec.period.length));
  json->Key("calendar").Bool(spec.period.calendar.has_value());
  json->Key("counted").Bool(view.counted).Key("error").String(view.error);
  WriteAlerts(spec, json);
  json->Key("series").StartArray();
  for (const SloSeriesView& series : view.series) {
    WriteSeries(series, spec.Budget(), timeline, json);
  }
  json->EndArray().EndObject();
}

}  // namespace

void RegisterSloApi(Router& router, const SloApiDeps& deps) {
  router.Add("GET", "/outrider/v1/slos",
             ProductRoute([deps](HttpRequest& /*request*/) -> StatusOr<HttpResponse> {
               std::string body;
               JsonWriter json(&body);
               json.StartObject().Key("slos").StartArray();
               const auto all = deps.all();
               for (const SloView& view : *all) WriteSlo(view, /*timeline=*/false, &json);
               json.EndArray().EndObject();
               return HttpResponse::Json(200, std::move(body));
             }));
  router.Add("GET", "/outrider/v1/slos/:name",
             ProductRoute([deps](HttpRequest& request) -> StatusOr<HttpResponse> {
               const SloView view = TRY(deps.one(request.path_params.at("name")));
               std::string body;
               JsonWriter json(&body);
               WriteSlo(view, /*timeline=*/true, &json);
               return HttpResponse::Json(200, std::move(body));
             }));
}

}  // namespace outrider
