// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/warm_up.h"

#include <utility>

#include "exporter/api/product_common.h"

namespace outrider {
namespace {

void WriteTask(const WarmUpTask& task, JsonWriter* json) {
  json->StartObject().Key("entries").StartArray();
  for (const std::string& name : task.entries) json->String(name);
  json->EndArray().Key("expr").String(task.expr);
  json->Key("state").String(WarmUpStateText(task.state)).Key("done_ratio").Double(task.done);
  WriteTime("reached", task.reached * kNanosPerMilli, json);
  json->Key("samples").Int(static_cast<int64_t>(task.samples));
  json->Key("series").Int(static_cast<int64_t>(task.series));
  json->Key("attempts").Int(static_cast<int64_t>(task.attempts));
  WriteTime("next_attempt", task.next_try * kNanosPerMilli, json);
  json->Key("error").String(task.error).EndObject();
}

HttpResponse Show(const WarmUpView& view) {
  HttpResponse response = HttpResponse::Json(200, "");
  JsonWriter json(&response.body);
  json.StartObject().Key("url").String(view.url);
  json.Key("history_seconds").Double(static_cast<double>(view.history) / kSecond);
  json.Key("entries").StartArray();
  for (const WarmUpTask& task : view.tasks) WriteTask(task, &json);
  json.EndArray().EndObject();
  return response;
}

}  // namespace

std::string_view WarmUpStateText(WarmUpState state) {
  switch (state) {
    case WarmUpState::kWaiting:
      return "waiting";
    case WarmUpState::kRunning:
      return "running";
    case WarmUpState::kRetrying:
      return "retrying";
    case WarmUpState::kDone:
      return "done";
    case WarmUpState::kRefused:
      return "refused";
  }
  return "";
}

void RegisterWarmUpApi(Router& router, std::function<WarmUpView()> view) {
  router.Add(
      "GET", "/outrider/v1/analytics/warm-up",
      ProductRoute([view = std::move(view)](HttpRequest& /*request*/) -> StatusOr<HttpResponse> {
        return Show(view());
      }));
}

}  // namespace outrider
