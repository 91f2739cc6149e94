// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/autograph_alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "notifiers/incident/outage.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kDefaultLimit = 1000;
constexpr std::string_view kServiceDown = "service_down";

// ServiceDown: service_down.
std::string TypeOf(const std::string& title) {
  std::string type;
  for (const char c : title) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!word || (upper && !type.empty() && type.back() != '_')) type += '_';
    if (word) type += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return type;
}

std::string ServiceOf(const Incident& incident) {
  for (const char* label : {"service", "job", "instance"}) {
    if (const std::string_view value = incident.labels.Get(label); !value.empty()) {
      return std::string(value);
    }
  }
  return incident.id;
}

std::string NameOf(const Incident& incident) {
  const std::string_view name = incident.labels.Get("service_name");
  return name.empty() ? ServiceOf(incident) : std::string(name);
}

int64_t DownFor(const Incident& incident, Nanos now) {
  const Nanos end = incident.Open() ? now : incident.resolved_at;
  return std::max<int64_t>(end - incident.starts_at, 0);
}

std::string MessageOf(const Incident& incident, std::string_view type, Nanos now) {
  if (type != kServiceDown && !incident.summary.empty()) return incident.summary;
  constexpr int64_t kNanosPerMinute = 60 * kNanosPerSecond;
  return fmt::format("{} {} for {} minutes", NameOf(incident),
                     incident.Open() ? "has been down" : "was down",
                     DownFor(incident, now) / kNanosPerMinute);
}

void WriteOutage(const Incident& incident, Nanos now, JsonWriter* json) {
  const std::string type = TypeOf(incident.title);
  const std::string service = ServiceOf(incident);
  json->StartObject().Key("alert_id").String(type + "_" + service);
  json->Key("incident_id").String(incident.id);
  json->Key("type").String(type).Key("service_id").String(service);
  json->Key("service_name").String(NameOf(incident));
  json->Key("severity").String(SeverityText(incident.severity));
  json->Key("status").String(incident.Open() ? "active" : "resolved");
  WriteTime("triggered_at", incident.received_at, json);
  WriteTime("resolved_at", incident.resolved_at, json);
  json->Key("escalation_count").Int(EscalationCount(incident.escalation));
  json->Key("down_duration_seconds").Int(DownFor(incident, now) / kNanosPerSecond);
  json->Key("message").String(MessageOf(incident, type, now)).EndObject();
}

bool HasKind(const Receivers& receivers, std::string_view kind) {
  for (const Receiver& receiver : receivers.all()) {
    for (const Integration& integration : receiver.integrations) {
      if (integration.kind == kind) return true;
    }
  }
  return receivers.base() != nullptr && HasKind(*receivers.base(), kind);
}

// The policy named service_down, else the first that repeats.
DurationMs RepeatOf(const IncidentsConfig& config) {
  const EscalationPolicy* found = nullptr;
  for (const EscalationPolicy& policy : config.escalation_policies) {
    if (policy.name == kServiceDown) return policy.repeat_interval;
    if (found == nullptr && policy.repeat > 0) found = &policy;
  }
  return found == nullptr ? 0 : found->repeat_interval;
}

void WriteMinutes(std::string_view key, DurationMs duration, JsonWriter* json) {
  json->Key(key);
  if (duration % kMinute == 0) {
    json->Int(duration / kMinute);
  } else {
    json->Double(static_cast<double>(duration) / static_cast<double>(kMinute));
  }
}

void WriteConfig(const AutographApiDeps& deps, JsonWriter* json) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  json->Key("config").StartObject();
  WriteMinutes("service_down_threshold_minutes", deps.down_threshold(), json);
  WriteMinutes("escalation_interval_minutes", RepeatOf(config->incidents), json);
  json->Key("email_enabled").Bool(HasKind(*config->receivers, "email"));
  json->Key("slack_enabled").Bool(HasKind(*config->receivers, "slack")).EndObject();
}

StatusOr<HttpResponse> List(const AutographApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string_view status = params.Text("status");
  const size_t asked = TRY(params.Limit("limit"));
  const size_t limit = asked == 0 ? kDefaultLimit : asked;
  IncidentFilter all;
  all.limit = std::numeric_limits<size_t>::max();
  const IncidentPage page = deps.desk.Incidents(all);
  const auto active =
      std::ranges::count_if(page.incidents, [](const auto& i) { return i->Open(); });
  const Nanos now = deps.clock.NowNanos();
  const std::string given = request.Header("X-Correlation-ID");
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("correlation_id").String(given.empty() ? deps.random.Uuid() : given);
  WriteTime("timestamp", now, &json);
  const auto total = static_cast<int64_t>(page.incidents.size());
  json.Key("total_alerts").Int(total).Key("active_alerts").Int(active);
  json.Key("resolved_alerts").Int(total - active).Key("alerts").StartArray();
  size_t shown = 0;
  for (const auto& incident : page.incidents) {
    if (status == "active" && !incident->Open()) continue;
    if (status == "resolved" && incident->Open()) continue;
    if (shown++ == limit) break;
    WriteOutage(*incident, now, &json);
  }
  json.EndArray();
  WriteConfig(deps, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterAutographApi(Router& router, const AutographApiDeps& deps) {
  router.Add("GET", "/alerts",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
}

}  // namespace outrider
