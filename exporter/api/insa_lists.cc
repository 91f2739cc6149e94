// SPDX-License-Identifier: Apache-2.0
// INSA's schedules, groups and health: what is configured and what there is, to read.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "exporter/api/insa.h"
#include "exporter/api/insa_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kDefaultLimit = 100;
constexpr size_t kMaxLimit = 1000;
// Shifts are looked for within this, before and behind the moment.
constexpr int64_t kShiftHorizon = 62 * kDay * kNanosPerMilli;

void WriteSchedule(const Schedule& schedule, JsonWriter* json) {
  json->StartObject().Key("id").String(schedule.name).Key("name").String(schedule.name);
  json->Key("timezone").String(schedule.zone_name).Key("enabled").Bool(true);
  json->Key("schedule").StartObject();
  if (!schedule.layers.empty()) {
    const Rotation& rotation = schedule.layers.front().rotation;
    json->Key("rotation_type").String(ShiftUnitText(rotation.unit));
    json->Key("rotation_length").Int(rotation.length);
    json->Key("rotation_start")
        .String(FormatRfc3339(absl::ToUnixNanos(absl::FromCivil(rotation.start, rotation.zone))));
    json->Key("users").StartArray();
    int64_t order = 0;
    for (const std::string& user : rotation.participants) {
      json->StartObject().Key("id").String(user).Key("order").Int(order++).EndObject();
    }
    json->EndArray();
  }
  json->Key("overrides").StartArray();
  for (const Override& change : schedule.overrides) {
    json->StartObject().Key("user_id").String(change.user);
    WriteTime("start", change.start, json);
    WriteTime("end", change.end, json);
    json->Key("reason").String(change.reason).EndObject();
  }
  json->EndArray().EndObject().EndObject();
}

StatusOr<HttpResponse> Schedules(const InsaApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const bool wanted = WantsEnabled(params);
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("schedules").StartArray();
  for (const Schedule& schedule : config->schedules) {
    if (wanted) WriteSchedule(schedule, &json);
  }
  json.EndArray().Key("total");
  json.Int(wanted ? static_cast<int64_t>(config->schedules.size()) : 0).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// The place of the user in the rotation of the layer that holds; -1: none.
int64_t OrderOf(const Schedule& schedule, const OnCall& on_call) {
  for (const Layer& layer : schedule.layers) {
    if (layer.name != on_call.layer || on_call.users.empty()) continue;
    const std::vector<std::string>& users = layer.rotation.participants;
    const auto found = std::find(users.begin(), users.end(), on_call.users.front());
    if (found != users.end()) return found - users.begin();
  }
  return -1;
}

std::string OverrideReason(const Schedule& schedule, Nanos now) {
  for (const Override& change : schedule.overrides) {
    if (change.start <= now && now < change.end) return change.reason;
  }
  return "";
}

void WriteOnCall(const Schedule& schedule, const Segment& shift, Nanos now, JsonWriter* json) {
  const std::vector<std::string>& users = shift.on_call.users;
  json->StartObject().Key("schedule_id").String(schedule.name);
  WriteTextOrNull("user_id", users.empty() ? "" : users.front(), json);
  json->Key("user_order");
  const int64_t order = OrderOf(schedule, shift.on_call);
  if (order < 0) {
    json->Null();
  } else {
    json->Int(order);
  }
  WriteTime("shift_start", shift.start, json);
  WriteTime("shift_end", shift.end, json);
  const bool overridden = shift.on_call.source == OnCallSource::kOverride;
  json->Key("is_override").Bool(overridden);
  WriteTextOrNull("override_reason", overridden ? OverrideReason(schedule, now) : "", json);
  json->EndObject();
}

StatusOr<HttpResponse> Current(const InsaApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string_view name = params.Text("schedule_id");
  if (name.empty()) {
    return InsaError(400, "Missing required parameter", "missing_fields", {"schedule_id"});
  }
  const Nanos now = deps.clock.NowNanos();
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  for (const Schedule& schedule : config->schedules) {
    if (schedule.name != name) continue;
    const std::vector<Segment> shifts =
        Segments(schedule, now - kShiftHorizon, now + kShiftHorizon);
    const auto shift = std::ranges::find_if(
        shifts, [&](const Segment& one) { return one.start <= now && now < one.end; });
    if (shift == shifts.end()) return Internal("no shift holds the moment");
    std::string body;
    JsonWriter json(&body);
    WriteOnCall(schedule, *shift, now, &json);
    return HttpResponse::Json(200, std::move(body));
  }
  return NotFound(fmt::format("Schedule {} not found", Quote(name)));
}

// ---- groups

struct GroupTotals {
  int64_t active = 0;
  int64_t closed = 0;
  int64_t alerts = 0;
  int64_t most = 0;
};

double NoiseReduction(int64_t alerts, int64_t groups) {
  if (alerts == 0) return 0;
  const double percent = 100.0 * static_cast<double>(alerts - groups) / static_cast<double>(alerts);
  return std::round(percent * 100) / 100;
}

void WriteGroup(const Incident& incident, JsonWriter* json) {
  const auto count = static_cast<int64_t>(incident.count);
  json->StartObject().Key("id").String(incident.id);
  json->Key("device_id").String(DeviceOf(incident)).Key("rule_id").String(RuleOf(incident));
  json->Key("severity").String(SeverityText(incident.severity));
  json->Key("group_key").String(incident.key);
  WriteTime("first_occurrence_at", incident.starts_at, json);
  WriteTime("last_occurrence_at",
            incident.last_alert_at != 0 ? incident.last_alert_at : incident.received_at, json);
  json->Key("occurrence_count").Int(count);
  json->Key("status").String(incident.Open() ? "active" : "closed");
  json->Key("representative_alert_id").String(incident.id);
  json->Key("noise_reduction_pct").Double(NoiseReduction(count, 1));
  WriteTime("created_at", incident.received_at, json);
  WriteTime("updated_at", incident.updated_at, json);
  json->EndObject();
}

IncidentPage AllIncidents(const InsaApiDeps& deps) {
  IncidentFilter filter;
  filter.limit = std::numeric_limits<size_t>::max();
  return deps.desk.Incidents(filter);
}

StatusOr<HttpResponse> Groups(const InsaApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const StatusOr<std::optional<Severity>> severity = ReadSeverity(params);
  if (!severity.ok()) return InsaError(400, "Invalid severity", "valid_values", InsaSeverities());
  const std::string_view device = params.Text("device_id");
  const size_t asked = TRY(params.Limit("limit"));
  const size_t limit = asked == 0 ? kDefaultLimit : std::min(asked, kMaxLimit);
  IncidentPage page = AllIncidents(deps);
  std::erase_if(page.incidents, [&](const auto& incident) {
    return !incident->Open() || (*severity && incident->severity != **severity) ||
           (!device.empty() && DeviceOf(*incident) != device);
  });
  std::ranges::sort(page.incidents, [](const auto& a, const auto& b) {
    return a->updated_at != b->updated_at ? a->updated_at > b->updated_at : a->id < b->id;
  });
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("groups").StartArray();
  for (size_t i = 0; i < page.incidents.size() && i < limit; ++i) {
    WriteGroup(*page.incidents[i], &json);
  }
  json.EndArray().Key("total").Int(static_cast<int64_t>(page.incidents.size())).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> GroupStats(const InsaApiDeps& deps, HttpRequest&) {
  GroupTotals totals;
  for (const auto& incident : AllIncidents(deps).incidents) {
    ++(incident->Open() ? totals.active : totals.closed);
    totals.alerts += static_cast<int64_t>(incident->count);
    totals.most = std::max(totals.most, static_cast<int64_t>(incident->count));
  }
  const int64_t groups = totals.active + totals.closed;
  const double average =
      groups == 0 ? 0 : static_cast<double>(totals.alerts) / static_cast<double>(groups);
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("total_groups").Int(groups).Key("active_groups").Int(totals.active);
  json.Key("closed_groups").Int(totals.closed).Key("total_alerts_grouped").Int(totals.alerts);
  json.Key("avg_alerts_per_group").Double(std::round(average * 100) / 100);
  json.Key("max_alerts_in_group").Int(totals.most);
  json.Key("overall_noise_reduction_pct").Double(NoiseReduction(totals.alerts, groups));
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Health(const InsaApiDeps& deps, HttpRequest&) {
  const bool ok = !deps.desk.Stats(deps.clock.NowNanos()).store_failing;
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("status").String(ok ? "healthy" : "degraded");
  json.Key("modules").StartObject();
  for (const char* module : {"state_machine", "sla_tracking", "escalation_engine",
                             "on_call_manager", "alert_grouping"}) {
    json.Key(module).String("ok");
  }
  json.EndObject().Key("database").String(ok ? "ok" : "cannot be written").EndObject();
  return HttpResponse::Json(ok ? 200 : 503, std::move(body));
}

}  // namespace

void RegisterInsaLists(Router& router, const InsaApiDeps& deps) {
  using Handler = StatusOr<HttpResponse> (*)(const InsaApiDeps&, HttpRequest&);
  const std::pair<const char*, Handler> kRoutes[] = {
      {"/api/v1/on-call/current", Current}, {"/api/v1/on-call/schedules", Schedules},
      {"/api/v1/groups", Groups},           {"/api/v1/groups/stats", GroupStats},
      {"/api/v1/alerting/health", Health},
  };
  for (const auto& [pattern, handler] : kRoutes) {
    router.Add("GET", pattern, InsaRoute([deps, handler = handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  }
}

}  // namespace outrider
