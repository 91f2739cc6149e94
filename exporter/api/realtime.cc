// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/realtime.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/api/kubeopt_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/realtime_body.h"
#include "rules/analytics/ring_tiers.h"
#include "rules/workloads/workload_trend.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr int64_t kDefaultLimit = 100;

// Reads the body and hands it to `use`, which asks for fields before it answers.
using BodyHandler = std::function<HttpResponse(RealtimeBody&)>;
HttpHandler WithBody(BodyHandler use) {
  return [use = std::move(use)](HttpRequest& request) {
    const StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) {
      const bool large = text.status().code() == absl::StatusCode::kResourceExhausted;
      return KubeOptError(large ? 413 : 400, "VALIDATION_ERROR", Message(text.status()), {});
    }
    RealtimeBody body(*text);
    return use(body);
  };
}

HttpResponse InvalidBody(const RealtimeBody& body) {
  return KubeOptInvalid("invalid request body", body.errors());
}

void WriteOptional(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteMillis(std::string_view key, Timestamp time, JsonWriter* json) {
  WriteTime(key, time * kNanosPerMilli, json);
}

void WriteIds(const MonitoredContainer& who, JsonWriter* json) {
  json->Key("namespace").String(who.namespace_name).Key("workload_name").String(who.workload);
  json->Key("container_name").String(who.container);
}

struct Question {
  MonitoredContainer who;
  DurationMs window = kRealtimeWindow;
  Timestamp now = 0;
};

void WriteTrend(std::string_view metric, const std::vector<Sample>& minutes, const Question& asked,
                JsonWriter* json) {
  const UseTrend trend = JudgeUse(minutes, asked.now);
  json->StartObject().Key("metric_name").String(metric);
  WriteOptional("current_value", trend.current, json);
  WriteOptional("average_value", trend.average, json);
  WriteOptional("std_deviation", trend.deviation, json);
  json->Key("trend_direction");
  if (trend.current) {
    json->String(TrendDirectionText(trend.verdict.direction));
  } else {
    json->Null();
  }
  WriteOptional("trend_rate", trend.rate, json);
  json->Key("window").String(WindowText(asked.window));
  json->Key("is_anomalous").Bool(trend.verdict.anomalous);
  WriteOptional("anomaly_score", trend.current ? std::optional(trend.verdict.score) : std::nullopt,
                json);
  WriteMillis("timestamp", asked.now, json);
  json->EndObject();
}

void WriteAlert(const WorkloadFinding& finding, JsonWriter* json) {
  json->StartObject();
  WriteKubeOptAlert(finding, json);
  json->EndObject();
}

void WriteAlerts(std::string_view key, const std::vector<WorkloadFinding>& alerts,
                 JsonWriter* json) {
  json->Key(key).StartArray();
  for (const WorkloadFinding& alert : alerts) WriteAlert(alert, json);
  json->EndArray();
}

StatusOr<WorkloadUse> ReadUse(const RealtimeApiDeps& deps, const Question& asked) {
  return ReadWorkloadUse(deps.querier, deps.names, asked.who, asked.window, asked.now);
}

// Namesakes of several kinds: the least healthy.
std::optional<double> HealthOf(const RealtimeApiDeps& deps, const MonitoredContainer& who) {
  std::optional<double> health;
  for (const WorkloadCost& cost : deps.costs()) {
    if (cost.key.namespace_name != who.namespace_name || cost.key.workload != who.workload)
      continue;
    if (cost.health_score && (!health || *cost.health_score < *health)) health = cost.health_score;
  }
  return health;
}

HttpResponse StatusAnswer(const RealtimeApiDeps& deps, const Question& asked) {
  const StatusOr<WorkloadUse> use = ReadUse(deps, asked);
  if (!use.ok()) return KubeOptError(500, "STATUS_ERROR", Message(use.status()), {});
  std::vector<WorkloadFinding> alerts = deps.findings();
  std::erase_if(alerts, [&](const WorkloadFinding& one) {
    return one.key.namespace_name != asked.who.namespace_name ||
           one.key.workload != asked.who.workload || one.container != asked.who.container;
  });
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("workload_name").String(asked.who.workload);
  json.Key("namespace").String(asked.who.namespace_name).Key("cpu_status");
  WriteTrend("cpu", use->cpu, asked, &json);
  json.Key("memory_status");
  WriteTrend("memory", use->memory, asked, &json);
  WriteOptional("health_score", HealthOf(deps, asked.who), &json);
  WriteAlerts("active_alerts", alerts, &json);
  WriteMillis("last_updated", asked.now, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

HttpResponse MetricsAnswer(const RealtimeApiDeps& deps, RealtimeBody& body) {
  const Question asked = {body.Container(), kMinute, deps.clock.Now()};
  if (!body.errors().empty()) return InvalidBody(body);
  const StatusOr<WorkloadUse> use = ReadUse(deps, asked);
  if (!use.ok()) return KubeOptError(500, "METRICS_ERROR", Message(use.status()), {});
  std::string text;
  JsonWriter json(&text);
  json.StartObject();
  WriteIds(asked.who, &json);
  WriteOptional("cpu_cores", JudgeUse(use->cpu, asked.now).current, &json);
  WriteOptional("memory_bytes", JudgeUse(use->memory, asked.now).current, &json);
  WriteMillis("timestamp", asked.now, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

HttpResponse TrendsAnswer(const RealtimeApiDeps& deps, RealtimeBody& body) {
  const Question asked = {body.Container(), body.Window(), deps.clock.Now()};
  if (!body.errors().empty()) return InvalidBody(body);
  const StatusOr<WorkloadUse> use = ReadUse(deps, asked);
  if (!use.ok()) return KubeOptError(500, "ANALYSIS_ERROR", Message(use.status()), {});
  std::string text;
  JsonWriter json(&text);
  json.StartObject();
  WriteIds(asked.who, &json);
  json.Key("window").String(WindowText(asked.window)).Key("cpu");
  WriteTrend("cpu", use->cpu, asked, &json);
  json.Key("memory");
  WriteTrend("memory", use->memory, asked, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

HttpResponse StartAnswer(const RealtimeApiDeps& deps, RealtimeBody& body) {
  std::vector<MonitoredContainer> containers = body.Workloads();
  const DurationMs interval = body.CheckInterval();
  if (!body.errors().empty()) return InvalidBody(body);
  const Status started = deps.monitor.Start(std::move(containers), interval, deps.clock.Now());
  if (!started.ok()) return KubeOptError(500, "STATUS_ERROR", Message(started), {});
  const MonitorStatus status = deps.monitor.status();
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("status").String("started");
  json.Key("workloads_monitored").Int(static_cast<int64_t>(status.containers));
  json.Key("check_interval").Int(status.interval / kSecond);
  json.Key("is_running").Bool(status.running).EndObject();
  return HttpResponse::Json(200, std::move(text));
}

HttpResponse StopAnswer(const RealtimeApiDeps& deps) {
  const Status stopped = deps.monitor.Stop();
  if (!stopped.ok()) return KubeOptError(500, "STATUS_ERROR", Message(stopped), {});
  const MonitorStatus status = deps.monitor.status();
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("status").String("stopped").Key("is_running").Bool(status.running);
  json.Key("total_checks").Int(static_cast<int64_t>(status.checks));
  WriteMillis("last_check", status.last_check, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

HttpResponse MonitorAnswer(const RealtimeApiDeps& deps) {
  const MonitorStatus status = deps.monitor.status();
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("is_running").Bool(status.running);
  json.Key("check_count").Int(static_cast<int64_t>(status.checks));
  WriteMillis("last_check", status.last_check, &json);
  json.Key("active_alerts_count").Int(static_cast<int64_t>(status.alerts.size()));
  WriteAlerts("active_alerts", status.alerts, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

bool IsSeverity(std::string_view text) {
  using enum FindingSeverity;
  return std::ranges::any_of(std::array{kLow, kMedium, kHigh, kCritical},
                             [&](FindingSeverity one) { return FindingSeverityText(one) == text; });
}

HttpResponse AlertsAnswer(const RealtimeApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  std::vector<FieldError> errors;
  if (!params.ok()) errors.push_back({"query", {}, Message(params.status())});
  int64_t limit = kDefaultLimit;
  std::string severity;
  if (params.ok()) {
    severity = params->Text("severity");
    if (!severity.empty() && !IsSeverity(severity)) {
      errors.push_back({"enum", {"severity"}, "want low, medium, high or critical"});
    }
    if (params->Has("limit")) limit = ParseInt(params->Text("limit")).value_or(-1);
    if (limit < 0) errors.push_back({"int_parsing", {"limit"}, "want a number from 0 on"});
  }
  if (!errors.empty()) return KubeOptInvalid("invalid query parameters", errors);
  std::vector<WorkloadFinding> alerts = deps.monitor.status().alerts;
  std::erase_if(alerts, [&](const WorkloadFinding& one) {
    return !severity.empty() && FindingSeverityText(one.evidence.severity) != severity;
  });
  if (alerts.size() > static_cast<size_t>(limit)) alerts.resize(static_cast<size_t>(limit));
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("total_alerts").Int(static_cast<int64_t>(alerts.size()));
  WriteAlerts("alerts", alerts, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

// An unknown window is the usual one, as the original takes it.
HttpResponse WorkloadAnswer(const RealtimeApiDeps& deps, HttpRequest& request) {
  Question asked;
  asked.who = {request.path_params.at("namespace"), request.path_params.at("workload"),
               request.path_params.at("container")};
  asked.now = deps.clock.Now();
  if (const StatusOr<ParamReader> params = ParamReader::Read(request); params.ok()) {
    asked.window = FindRealtimeWindow(params->Text("window")).value_or(kRealtimeWindow);
  }
  return StatusAnswer(deps, asked);
}

}  // namespace

void RegisterRealtimeApi(Router& router, const RealtimeApiDeps& deps) {
  const auto post = [&](const char* path, HttpHandler handler) {
    router.Add("POST", std::string("/api/v1/realtime/") + path, std::move(handler));
  };
  const auto get = [&](const char* path, HttpHandler handler) {
    router.Add("GET", std::string("/api/v1/realtime/") + path, std::move(handler));
  };
  post("metrics", WithBody([deps](RealtimeBody& body) { return MetricsAnswer(deps, body); }));
  post("trends", WithBody([deps](RealtimeBody& body) { return TrendsAnswer(deps, body); }));
  post("status", WithBody([deps](RealtimeBody& body) {
         const Question asked = {body.Container(), body.Window(), deps.clock.Now()};
         return body.errors().empty() ? StatusAnswer(deps, asked) : InvalidBody(body);
       }));
  post("monitor/start", WithBody([deps](RealtimeBody& body) { return StartAnswer(deps, body); }));
  post("monitor/stop", [deps](HttpRequest& /*request*/) { return StopAnswer(deps); });
  get("monitor/status", [deps](HttpRequest& /*request*/) { return MonitorAnswer(deps); });
  get("alerts", [deps](HttpRequest& request) { return AlertsAnswer(deps, request); });
  get("workload/:namespace/:workload/:container",
      [deps](HttpRequest& request) { return WorkloadAnswer(deps, request); });
}

}  // namespace outrider
