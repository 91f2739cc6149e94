// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/sla: compliance by clock and severity over all incidents there have been.
// Putting one on hold.
#include "exporter/api/incident_body.h"
#include "exporter/api/incident_json.h"
#include "exporter/api/incidents.h"
#include "exporter/api/product_common.h"
#include "exporter/api/sla_report_text.h"
#include "notifiers/config/sla_config.h"
#include "storage/base/business_calendar.h"

namespace outrider {
namespace {

void WriteNumbers(const SlaView& view, JsonWriter* json) {
  json->Key("met").Int(static_cast<int64_t>(view.met));
  json->Key("breached").Int(static_cast<int64_t>(view.breached));
  json->Key("open_breaches").Int(static_cast<int64_t>(view.open_breaches));
  json->Key("compliance_ratio");
  if (view.met + view.breached == 0) {
    json->Null();
  } else {
    json->Double(view.ComplianceRatio());
  }
}

DurationMs TargetOf(const SlaTarget& target, SlaKind kind) {
  return kind == SlaKind::kAcknowledge ? target.acknowledge : target.resolve;
}

HttpResponse GetSla(const IncidentsApiDeps& deps) {
  const DeskStats stats = deps.desk.Stats(deps.clock.NowNanos());
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  for (const SlaKind kind : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    SlaView sum;
    json.Key(SlaKindText(kind)).StartObject().Key("severities").StartArray();
    for (int i = kSeverityCount - 1; i >= 0; --i) {
      const auto severity = static_cast<Severity>(i);
      const auto found = stats.sla.find({kind, severity});
      const SlaView view = found == stats.sla.end() ? SlaView() : found->second;
      sum.met += view.met;
      sum.breached += view.breached;
      sum.open_breaches += view.open_breaches;
      json.StartObject().Key("severity").String(SeverityText(severity));
      const SlaTarget& target = config->incidents.sla[static_cast<size_t>(i)];
      WriteSeconds("target_seconds", TargetOf(target, kind) * kNanosPerMilli, &json);
      const auto calendar = CalendarOf(config->incidents, severity);
      json.Key("calendar").String(calendar == nullptr ? kAlwaysCalendar : calendar->name());
      WriteNumbers(view, &json);
      json.EndObject();
    }
    json.EndArray();
    WriteNumbers(sum, &json);
    json.EndObject();
  }
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

using HoldAction = Desk::IncidentResult (Desk::*)(const HumanAction&, Nanos);

StatusOr<HttpResponse> Hold(const IncidentsApiDeps& deps, HoldAction hold, HttpRequest& request) {
  const IncidentBody given = TRY(ReadIncidentBody(request, {}));
  const std::shared_ptr<const Incident> incident =
      TRY((deps.desk.*hold)(given.action, deps.clock.NowNanos()));
  std::string body;
  JsonWriter json(&body);
  WriteIncident(*incident, &json);
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterSlaApi(Router& router, const IncidentsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/sla", [deps](HttpRequest&) { return GetSla(deps); });
  RegisterSlaReport(router, deps);
  router.Add("POST", "/outrider/v1/incidents/:id/hold", ProductRoute([deps](HttpRequest& request) {
               return Hold(deps, &Desk::Hold, request);
             }));
  router.Add(
      "POST", "/outrider/v1/incidents/:id/unhold",
      ProductRoute([deps](HttpRequest& request) { return Hold(deps, &Desk::Unhold, request); }));
}

}  // namespace outrider
