// SPDX-License-Identifier: Apache-2.0
// INSA's alerts: an incident is what it calls an alert.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "exporter/access/team_rules.h"
#include "exporter/api/insa.h"
#include "exporter/api/insa_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "notifiers/incident/outage.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kDefaultLimit = 50;
constexpr size_t kMaxLimit = 1000;
constexpr std::string_view kStatuses[] = {"active", "acknowledged", "resolved"};

std::string_view StatusOfIncident(const Incident& incident) {
  switch (incident.state) {
    case IncidentState::kNew:
      return kStatuses[0];
    case IncidentState::kAcknowledged:
    case IncidentState::kInvestigating:
      return kStatuses[1];
    case IncidentState::kResolved:
      break;
  }
  return kStatuses[2];
}

// How many tiers of the first round have been told; all of them once it repeats.
int64_t TierOf(const Escalation& escalation) {
  const auto tiers = static_cast<int>(escalation.tiers().size());
  return escalation.loop > 0 ? tiers : std::min(escalation.next_tier, tiers);
}

void WriteAlert(const Incident& incident, JsonWriter* json) {
  json->StartObject().Key("id").String(incident.id);
  json->Key("device_id").String(DeviceOf(incident)).Key("rule_id").String(RuleOf(incident));
  json->Key("severity").String(SeverityText(incident.severity));
  json->Key("message").String(incident.summary.empty() ? incident.title : incident.summary);
  json->Key("status").String(StatusOfIncident(incident));
  json->Key("state").String(IncidentStateText(incident.state));
  WriteTime("created_at", incident.received_at, json);
  WriteTextOrNull("escalation_policy_id", incident.escalation.policy, json);
  json->Key("current_escalation_tier").Int(TierOf(incident.escalation));
  json->Key("grouped_alert_id").String(incident.id);
  json->Key("duplicate_count").Int(static_cast<int64_t>(incident.count));
  json->Key("metadata").StartObject();
  for (const auto& [name, value] : incident.labels.ToMap()) json->Key(name).String(value);
  json->EndObject().EndObject();
}

int64_t Taken(const SlaClock& clock) {
  return clock.stopped_at == 0 ? -1 : clock.ElapsedAt(clock.stopped_at);
}

void WriteSla(const Incident& incident, JsonWriter* json) {
  const SlaClock& acknowledge = incident.Clock(SlaKind::kAcknowledge);
  const SlaClock& resolve = incident.Clock(SlaKind::kResolve);
  json->Key("sla_status").StartObject();
  WriteMinutes("tta_target", acknowledge.target, json);
  WriteMinutes("ttr_target", resolve.target, json);
  WriteMinutes("tta_actual", Taken(acknowledge), json);
  WriteMinutes("ttr_actual", Taken(resolve), json);
  json->Key("tta_breached").Bool(acknowledge.breached_at != 0);
  json->Key("ttr_breached").Bool(resolve.breached_at != 0).EndObject();
}

std::string_view EscalationWord(const Incident& incident) {
  const Escalation& escalation = incident.escalation;
  if (escalation.active) return TierOf(escalation) == 0 ? "pending" : "in_progress";
  const bool told_all = !escalation.tiers().empty() && escalation.loop >= escalation.repeat &&
                        escalation.next_tier >= static_cast<int>(escalation.tiers().size());
  return told_all ? "completed" : "cancelled";
}

void WriteEscalation(const IncidentDetail& detail, JsonWriter* json) {
  const Incident& incident = *detail.incident;
  json->Key("escalation_status").StartObject().Key("alert_id").String(incident.id);
  WriteTextOrNull("policy", incident.escalation.policy, json);
  json->Key("current_tier").Int(TierOf(incident.escalation));
  json->Key("total_tiers").Int(static_cast<int64_t>(incident.escalation.tiers().size()));
  WriteTime("next_escalation_at", detail.next_escalation_at, json);
  const std::string_view word = EscalationWord(incident);
  json->Key("escalation_complete").Bool(word == "completed").Key("status").String(word);
  json->Key("current_state").String(IncidentStateText(incident.state)).EndObject();
}

// States, notes and escalations, oldest first. A note keeps the state it was written in.
void WriteHistory(const IncidentDetail& detail, JsonWriter* json) {
  json->Key("state_history").StartArray();
  std::string state(IncidentStateText(IncidentState::kNew));
  for (const AuditEvent& event : detail.events) {
    const bool told = event.kind == AuditKind::kEscalated;
    const bool kept = event.kind == AuditKind::kOpened || event.kind == AuditKind::kStateChanged ||
                      event.kind == AuditKind::kNote || told;
    if (!kept) continue;
    if (event.kind == AuditKind::kStateChanged) state = event.to;
    json->StartObject().Key("id").Int(static_cast<int64_t>(event.sequence));
    json->Key("alert_id").String(detail.incident->id).Key("state").String(state);
    WriteTextOrNull("changed_by", event.who, json);
    WriteTime("changed_at", event.time, json);
    json->Key("notes").String(event.text).Key("metadata").StartObject();
    if (told) {
      json->Key("escalation_tier").Int(ParseInt(event.to).value_or(0));
      json->Key("policy_id").String(detail.incident->escalation.policy);
    }
    json->EndObject().EndObject();
  }
  json->EndArray();
}

HttpResponse UnknownSeverity() {
  return InsaError(400, "Invalid severity", "valid_values", InsaSeverities());
}

StatusOr<HttpResponse> List(const InsaApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  IncidentFilter filter;
  if (const std::string_view text = params.Text("severity"); !text.empty()) {
    const std::optional<Severity> severity = ParseSeverity(text);
    if (!severity) return UnknownSeverity();
    filter.severities = {*severity};
  }
  const std::string_view status = params.Text("status");
  if (!status.empty() && std::ranges::find(kStatuses, status) == std::end(kStatuses)) {
    return InsaError(400, "Invalid status", "valid_values",
                     {std::begin(kStatuses), std::end(kStatuses)});
  }
  const std::string_view device = params.Text("device_id");
  const size_t asked = TRY(params.Limit("limit"));
  const size_t limit = asked == 0 ? kDefaultLimit : std::min(asked, kMaxLimit);
  const size_t offset = TRY(params.Limit("offset"));
  filter.limit = std::numeric_limits<size_t>::max();
  IncidentPage page = deps.desk.Incidents(filter);
  std::erase_if(page.incidents, [&](const auto& incident) {
    return (!status.empty() && StatusOfIncident(*incident) != status) ||
           (!device.empty() && DeviceOf(*incident) != device);
  });
  std::ranges::sort(page.incidents, [](const auto& a, const auto& b) {
    return a->received_at != b->received_at ? a->received_at > b->received_at : a->id < b->id;
  });
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("alerts").StartArray();
  for (size_t i = offset; i < page.incidents.size() && i - offset < limit; ++i) {
    WriteAlert(*page.incidents[i], &json);
  }
  json.EndArray().Key("total").Int(static_cast<int64_t>(page.incidents.size()));
  json.Key("limit").Int(static_cast<int64_t>(limit));
  json.Key("offset").Int(static_cast<int64_t>(offset)).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Show(const InsaApiDeps& deps, HttpRequest& request) {
  const IncidentDetail detail =
      TRY(deps.desk.GetIncident(request.path_params.at("id"), deps.clock.NowNanos()));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("alert");
  WriteAlert(*detail.incident, &json);
  WriteHistory(detail, &json);
  WriteSla(*detail.incident, &json);
  WriteEscalation(detail, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// An object; nothing at all counts as an empty one.
StatusOr<JsonValue> ReadObject(HttpRequest& request) {
  const std::string body = TRY(request.ReadBody(kMaxBody));
  StatusOr<JsonValue> json = ParseJson(Trim(body).empty() ? "{}" : body);
  if (!json.ok()) return InvalidArgument("Invalid JSON: " + Message(json.status()));
  if (json->kind != JsonValue::Kind::kObject) return InvalidArgument("Invalid JSON: no object");
  return json;
}

// ---- creating

// What is told of a number that may be missing.
void AddNumber(const JsonValue& body, const char* key, Alert* alert) {
  const JsonValue* value = body.Find(key);
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return;
  alert->annotations[key] = fmt::format("{}", value->number);
}

Alert AlertOf(const JsonValue& body, Nanos now) {
  Alert alert;
  alert.source = AlertSource::kApi;
  alert.labels = Labels({{"alertname", body.GetString("rule_id")},
                         {"device_id", body.GetString("device_id")},
                         {"rule_id", body.GetString("rule_id")},
                         {"severity", ToLower(body.GetString("severity"))}});
  alert.annotations["summary"] = body.GetString("message");
  AddNumber(body, "value", &alert);
  AddNumber(body, "threshold", &alert);
  // Without an end: it fires until somebody resolves it.
  alert.starts_at = {now, 0};
  alert.updated_at = now;
  return alert;
}

// The alert as it fires; nullopt: it does not.
std::optional<AlertView> FindFiring(const Desk& desk, const Alert& alert, Nanos now) {
  const AlertPages pages =
      desk.WalkAlerts(now, [&](const Labels& labels) { return labels == alert.labels; });
  std::vector<AlertView> page;
  for (bool more = true; more;) {
    more = pages(&page);
    if (!page.empty()) return page.front();
  }
  return std::nullopt;
}

// It fires. One whose incident somebody resolved by another door is over by that, and begins anew:
// its incident is opened again.
Status TakeCreated(const InsaApiDeps& deps, const Alert& alert, Nanos now) {
  const std::optional<AlertView> known = FindFiring(deps.desk, alert, now);
  const StatusOr<IncidentDetail> incident =
      deps.desk.GetIncident(known ? known->incident_id : "", now);
  if (known && known->active && !(incident.ok() && incident->incident->Open())) {
    Alert over = known->alert;
    over.source = AlertSource::kApi;
    over.ends_at = {now, 0};
    TRY(deps.desk.OnAlerts({&over, 1}, {}, now));
  }
  return deps.desk.OnAlerts({&alert, 1}, {}, now);
}

StatusOr<HttpResponse> Create(const InsaApiDeps& deps, HttpRequest& request) {
  const JsonValue body = TRY(ReadObject(request));
  std::vector<std::string> missing;
  for (const char* key : {"device_id", "rule_id", "severity", "message"}) {
    if (body.GetString(key).empty()) missing.emplace_back(key);
  }
  if (!missing.empty()) {
    return InsaError(400, "Missing required fields", "missing_fields", missing);
  }
  if (!ParseSeverity(body.GetString("severity"))) return UnknownSeverity();
  const Nanos now = deps.clock.NowNanos();
  const Alert alert = AlertOf(body, now);
  const std::string_view team = alert.labels.Get(deps.desk.config()->incidents.team_label);
  TRY(CheckTeam(request.caller, std::string(team), "this incident"));
  TRY(TakeCreated(deps, alert, now));
  const std::optional<AlertView> view = FindFiring(deps.desk, alert, now);
  const std::string id = view ? view->incident_id : "";
  std::string answer;
  JsonWriter json(&answer);
  json.StartObject();
  if (id.empty()) {  // silenced, or left out by incidents.match
    json.Key("alert_id").Null();
    WriteTime("created_at", now, &json);
    json.Key("state").String("suppressed").Key("group_id").Null().EndObject();
    return HttpResponse::Json(201, std::move(answer));
  }
  const IncidentDetail detail = TRY(deps.desk.GetIncident(id, now));
  json.Key("alert_id").String(id);
  WriteTime("created_at", detail.incident->received_at, &json);
  json.Key("state").String(IncidentStateText(detail.incident->state));
  WriteSla(*detail.incident, &json);
  json.Key("group_id").String(id).EndObject();
  return HttpResponse::Json(201, std::move(answer));
}

// ---- acting

using DeskAction = Desk::IncidentResult (Desk::*)(const HumanAction&, Nanos);

StatusOr<std::shared_ptr<const Incident>> ActOn(const InsaApiDeps& deps, DeskAction act,
                                                HttpRequest& request) {
  const JsonValue body = TRY(ReadObject(request));
  HumanAction human;
  human.incident_id = request.path_params.at("id");
  human.who = request.caller.name;
  human.channel = "insa";
  human.note = body.GetString("notes");
  if (const std::string resolution = body.GetString("resolution"); !resolution.empty()) {
    human.note += (human.note.empty() ? "" : "; ") + resolution;
  }
  return (deps.desk.*act)(human, deps.clock.NowNanos());
}

// Alerts that were created here have no other end.
Status EndCreated(const InsaApiDeps& deps, const std::string& incident_id) {
  const Nanos now = deps.clock.NowNanos();
  const IncidentDetail detail = TRY(deps.desk.GetIncident(incident_id, now));
  std::vector<Alert> over;
  for (const AlertView& view : detail.alerts) {
    const bool created = !view.alert.labels.Get("rule_id").empty() &&
                         view.alert.labels.Get("rule_id") == view.alert.labels.Get(kAlertName);
    if (!created || view.resolved || view.alert.ends_at.nanos != 0) continue;
    over.push_back(view.alert);
    over.back().source = AlertSource::kApi;
    over.back().ends_at = {now, 0};
    over.back().updated_at = now;
  }
  return over.empty() ? absl::OkStatus() : deps.desk.OnAlerts(over, {}, now);
}

void WriteClock(const char* name, const SlaClock& clock, JsonWriter* json) {
  WriteMinutes(name, Taken(clock), json);
  json->Key(fmt::format("{}_breached", name)).Bool(clock.breached_at != 0);
}

StatusOr<HttpResponse> Acknowledge(const InsaApiDeps& deps, HttpRequest& request) {
  const auto incident = TRY(ActOn(deps, &Desk::Acknowledge, request));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("state").String(IncidentStateText(incident->state));
  WriteClock("tta", incident->Clock(SlaKind::kAcknowledge), &json);
  WriteTime("acknowledged_at", incident->acknowledged_at, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Investigate(const InsaApiDeps& deps, HttpRequest& request) {
  const auto incident = TRY(ActOn(deps, &Desk::StartInvestigation, request));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("state").String(IncidentStateText(incident->state));
  WriteClock("tta", incident->Clock(SlaKind::kAcknowledge), &json);
  WriteTime("started_at", incident->moved_at, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Resolve(const InsaApiDeps& deps, HttpRequest& request) {
  const auto resolved = ActOn(deps, &Desk::Resolve, request);
  if (!resolved.ok()) {
    // Somebody may have resolved it by another door: its alerts end nevertheless.
    const std::string& id = request.path_params.at("id");
    const auto known = deps.desk.GetIncident(id, deps.clock.NowNanos());
    if (known.ok() && !known->incident->Open()) TRY(EndCreated(deps, id));
    return resolved.status();
  }
  const std::shared_ptr<const Incident>& incident = *resolved;
  TRY(EndCreated(deps, incident->id));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("state").String(IncidentStateText(incident->state));
  WriteClock("ttr", incident->Clock(SlaKind::kResolve), &json);
  WriteTime("resolved_at", incident->resolved_at, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterInsaAlerts(Router& router, const InsaApiDeps& deps) {
  using Handler = StatusOr<HttpResponse> (*)(const InsaApiDeps&, HttpRequest&);
  const struct {
    const char* method;
    const char* pattern;
    Handler handler;
  } kRoutes[] = {
      {"POST", "/outrider/v1/insa/alerts", Create},
      {"GET", "/outrider/v1/insa/alerts", List},
      {"GET", "/outrider/v1/insa/alerts/:id", Show},
      {"POST", "/outrider/v1/insa/alerts/:id/acknowledge", Acknowledge},
      {"POST", "/outrider/v1/insa/alerts/:id/investigate", Investigate},
      {"POST", "/outrider/v1/insa/alerts/:id/resolve", Resolve},
  };
  for (const auto& route : kRoutes) {
    router.Add(route.method, route.pattern,
               InsaRoute([deps, handler = route.handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  }
}

}  // namespace outrider
