// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/heartbeats.h"

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string_view StateOf(const HeartbeatView& view) {
  if (view.missing_since != 0) return "missing";
  if (view.failing_since != 0) return "failing";
  return view.last_beat == 0 ? "waiting" : "up";
}

void WriteHeartbeat(const HeartbeatView& view, JsonWriter* json) {
  json->StartObject().Key("name").String(view.config.name);
  json->Key("state").String(StateOf(view));
  WriteTime("last_beat_at", view.last_beat, json);
  WriteTime("due_at", view.due_at, json);
  WriteTime("missing_since", view.missing_since, json);
  WriteTime("failing_since", view.failing_since, json);
  json->Key("failures").Int(static_cast<int64_t>(view.failures));
  json->Key("error").String(view.error);
  WriteSeconds("interval_seconds", view.config.interval * kNanosPerMilli, json);
  WriteSeconds("grace_seconds", view.config.grace * kNanosPerMilli, json);
  json->Key("severity").String(view.config.severity);
  json->Key("team").String(view.config.team).EndObject();
}

HttpResponse List(const HeartbeatsApiDeps& deps) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("heartbeats").StartArray();
  for (const HeartbeatView& view : deps.desk.Heartbeats(deps.clock.NowNanos())) {
    WriteHeartbeat(view, &json);
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// As Gatus' external endpoints are told: success=, error=. Others, such as duration=, are passed
// over. What says nothing went well.
StatusOr<BeatResult> ReadResult(HttpRequest& request) {
  constexpr size_t kMostError = 1000;
  const ParamReader params = TRY(ParamReader::Read(request));
  BeatResult result;
  result.success = TRY(params.Bool("success", true));
  if (result.success) return result;
  std::string_view error = params.Text("error");
  if (!IsValidUtf8(error)) return InvalidParam("error", "it must be UTF-8");
  if (error.size() > kMostError) {
    error = error.substr(0, kMostError);
    while (!IsValidUtf8(error)) error.remove_suffix(1);  // a letter was cut
  }
  result.error = error;
  return result;
}

StatusOr<HttpResponse> Beat(const HeartbeatsApiDeps& deps, HttpRequest& request) {
  const std::string& name = request.path_params.at("name");
  const HumanAction by{.incident_id = "", .who = request.caller.name, .channel = "api", .note = ""};
  const BeatResult result = TRY(ReadResult(request));
  TRY(deps.desk.Beat(name, result, by, deps.clock.NowNanos()));
  std::string body;
  JsonWriter json(&body);
  for (const HeartbeatView& view : deps.desk.Heartbeats(deps.clock.NowNanos())) {
    if (view.config.name == name) WriteHeartbeat(view, &json);
  }
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterHeartbeatsApi(Router& router, const HeartbeatsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/heartbeats",
             ProductRoute([deps](HttpRequest&) { return List(deps); }));
  for (const char* method : {"POST", "GET"}) {
    router.Add(method, "/outrider/v1/heartbeats/:name",
               ProductRoute([deps](HttpRequest& request) { return Beat(deps, request); }));
  }
}

}  // namespace outrider
