// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/maintenance.h"

#include <fmt/format.h>

#include "exporter/access/team_rules.h"
#include "exporter/api/product_common.h"
#include "notifiers/config/alertmanager_config.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;

HumanAction ActionOf(const HttpRequest& request) {
  return {.incident_id = "", .who = request.caller.name, .channel = "api", .note = ""};
}

void WriteWindow(const MaintenanceView& view, JsonWriter* json) {
  const MaintenanceWindow& window = view.window;
  json->StartObject().Key("name").String(window.name);
  json->Key("source").String(window.FromApi() ? "api" : "file");
  json->Key("active").Bool(view.active);
  WriteTime("next_edge_at", view.next_edge, json);
  json->Key("match").String(MatchersText(window.match));
  json->Key("recurring").Bool(window.cron.has_value() || !window.hours.empty());
  WriteTime("start", window.start, json);
  WriteTime("end", window.end, json);
  if (window.cron) WriteSeconds("duration_seconds", window.duration * kNanosPerMilli, json);
  json->Key("time_zone").String(window.zone_name).Key("note").String(window.note);
  json->Key("made_by").String(window.made_by).EndObject();
}

HttpResponse List(const MaintenanceApiDeps& deps) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("maintenance").StartArray();
  for (const MaintenanceView& view : deps.desk.Maintenance(deps.clock.NowNanos())) {
    WriteWindow(view, &json);
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

Status CheckWhose(const Caller& caller, const MaintenanceWindow& window, const std::string& label) {
  const std::string team = TeamOf(window, label);
  return CheckTeam(
      caller, team,
      team.empty() ? fmt::format("a window without a matcher {}=\"…\"", label) : "this window");
}

StatusOr<HttpResponse> Add(const MaintenanceApiDeps& deps, HttpRequest& request) {
  const std::string text = TRY(request.ReadBody(kMaxBody));
  const MaintenanceWindow window = TRY(ParseMaintenanceText(text, request.caller.name));
  TRY(CheckWhose(request.caller, window, deps.desk.config()->incidents.team_label));
  const Nanos now = deps.clock.NowNanos();
  TRY(deps.desk.AddMaintenance(window, ActionOf(request), now));
  std::string body;
  JsonWriter json(&body);
  WriteWindow({window, window.ActiveAt(now), window.NextEdge(now)}, &json);
  return HttpResponse::Json(201, std::move(body));
}

StatusOr<HttpResponse> End(const MaintenanceApiDeps& deps, HttpRequest& request) {
  TRY(deps.desk.EndMaintenance(request.path_params.at("name"), ActionOf(request),
                               deps.clock.NowNanos()));
  return HttpResponse::Empty();
}

HttpResponse Dependencies(const MaintenanceApiDeps& deps) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("dependencies").StartArray();
  for (const DependencyView& dependency : deps.desk.Outages()) {
    json.StartObject().Key("name").String(dependency.name).Key("outages").StartArray();
    for (const OutageView& outage : dependency.outages) {
      json.StartObject().Key("incident_id").String(outage.incident_id);
      json.Key("title").String(outage.title).Key("dependants").StartArray();
      for (const std::string& id : outage.dependants) json.String(id);
      json.EndArray().EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterMaintenanceApi(Router& router, const MaintenanceApiDeps& deps) {
  router.Add("GET", "/outrider/v1/maintenance",
             ProductRoute([deps](HttpRequest&) { return List(deps); }));
  router.Add("POST", "/outrider/v1/maintenance",
             ProductRoute([deps](HttpRequest& request) { return Add(deps, request); }));
  router.Add("DELETE", "/outrider/v1/maintenance/:name",
             ProductRoute([deps](HttpRequest& request) { return End(deps, request); }));
  router.Add("GET", "/outrider/v1/dependencies",
             ProductRoute([deps](HttpRequest&) { return Dependencies(deps); }));
}

}  // namespace outrider
