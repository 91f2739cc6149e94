// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incidents.h"

#include "exporter/api/incident_body.h"
#include "exporter/api/incident_changes.h"
#include "exporter/api/incident_filter.h"
#include "exporter/api/incident_json.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"

namespace outrider {
namespace {

StatusOr<HttpResponse> List(const IncidentsApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const IncidentPage page = deps.desk.Incidents(TRY(ReadIncidentFilter(params)));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("incidents").StartArray();
  for (const auto& incident : page.incidents) WriteIncident(*incident, &json);
  json.EndArray().Key("total").Int(static_cast<int64_t>(page.total)).Key("next");
  if (page.more) {
    json.String(CursorText(*page.incidents.back()));
  } else {
    json.Null();
  }
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Statistics(const IncidentsApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  std::string body;
  JsonWriter json(&body);
  WriteGroupStatistics(deps.desk.StatisticsOf(TRY(ReadIncidentFilter(params))), &json);
  return HttpResponse::Json(200, std::move(body));
}

// A trail that cannot be read is no fault of the caller.
StatusOr<IncidentDetail> Read(const IncidentsApiDeps& deps, const std::string& id) {
  StatusOr<IncidentDetail> detail = deps.desk.GetIncident(id, deps.clock.NowNanos());
  if (absl::IsDataLoss(detail.status())) return Internal(Message(detail.status()));
  return detail;
}

StatusOr<HttpResponse> Show(const IncidentsApiDeps& deps, HttpRequest& request) {
  const IncidentDetail detail = TRY(Read(deps, request.path_params.at("id")));
  std::string body;
  JsonWriter json(&body);
  WriteIncidentDetail(detail, &json);
  return HttpResponse::Json(200, std::move(body));
}

using DeskAction = Desk::IncidentResult (Desk::*)(const HumanAction&, Nanos);

StatusOr<HttpResponse> Act(const IncidentsApiDeps& deps, DeskAction act, HttpRequest& request) {
  const IncidentBody given = TRY(ReadIncidentBody(request, {}));
  const std::shared_ptr<const Incident> incident =
      TRY((deps.desk.*act)(given.action, deps.clock.NowNanos()));
  std::string body;
  JsonWriter json(&body);
  WriteIncident(*incident, &json);
  return HttpResponse::Json(200, std::move(body));
}

constexpr std::pair<const char*, DeskAction> kActions[] = {
    {"/outrider/v1/incidents/:id/acknowledge", &Desk::Acknowledge},
    {"/outrider/v1/incidents/:id/investigate", &Desk::StartInvestigation},
    {"/outrider/v1/incidents/:id/resolve", &Desk::Resolve},
    {"/outrider/v1/incidents/:id/reopen", &Desk::Reopen},
    {"/outrider/v1/incidents/:id/unacknowledge", &Desk::Unacknowledge},
    {"/outrider/v1/incidents/:id/notes", &Desk::AddNote},
};

}  // namespace

void RegisterIncidentsApi(Router& router, const IncidentsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/incidents",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("GET", "/outrider/v1/incidents/statistics",
             ProductRoute([deps](HttpRequest& request) { return Statistics(deps, request); }));
  router.Add("GET", "/outrider/v1/incidents/:id",
             ProductRoute([deps](HttpRequest& request) { return Show(deps, request); }));
  for (const auto& [pattern, act] : kActions) {
    router.Add("POST", pattern,
               ProductRoute([deps, act](HttpRequest& request) { return Act(deps, act, request); }));
  }
  RegisterIncidentChangesApi(router, deps);
}

}  // namespace outrider
