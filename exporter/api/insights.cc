// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "exporter/api/json_body.h"
#include "exporter/api/kubeopt_common.h"
#include "exporter/api/optimize.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "rules/pricing/projection.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kUsualHours = 24;
constexpr int64_t kMostHours = 168;
constexpr size_t kTopRecommendations = 5;
constexpr double kHealthy = 100;

// KubeOpt's answer to a region nobody knows: the provider's first. The answer names what is priced.
StatusOr<ResourcePrice> PriceFor(const OptimizeApiDeps& deps, std::string_view provider,
                                 std::string_view region) {
  const ResourcePrice& configured = deps.book()->Default();
  if (provider.empty() && region.empty()) return configured;
  const std::string_view where =
      provider.empty() ? std::string_view(configured.provider) : provider;
  StatusOr<ResourcePrice> price = FindCorePrice(where, region);
  return price.ok() ? price : FindCorePrice(where, "");
}

Decimal Gib(double bytes) { return Decimal::FromDouble(bytes / kBytesPerGib); }

RequestedResources SumOf(const RunWorkload& workload, bool proposed) {
  RequestedResources sum;
  const auto of = [&](const RunResource& one) {
    const auto& value = proposed && one.proposed_request ? one.proposed_request : one.request;
    return value.value_or(0);
  };
  for (const RunContainer& one : workload.containers) {
    sum.cores += Decimal::FromDouble(of(one.cpu));
    sum.memory_gib += Gib(of(one.memory));
  }
  return sum;
}

Projection ProjectRun(const OptimizeRun& run, const ResourcePrice& price) {
  std::vector<ProjectedWorkload> workloads;
  workloads.reserve(run.workloads.size());
  for (const RunWorkload& one : run.workloads) {
    ProjectedWorkload workload;
    workload.name = one.key.workload;
    workload.namespace_name = one.key.namespace_name;
    workload.replicas = static_cast<int64_t>(one.replicas);
    workload.current = SumOf(one, false);
    const bool any = std::ranges::any_of(one.containers, [](const RunContainer& container) {
      return container.cpu.proposed_request || container.memory.proposed_request;
    });
    if (any) workload.projected = SumOf(one, true);
    workloads.push_back(std::move(workload));
  }
  return ProjectCost(workloads, price);
}

// Exact: the digits are written, not a double's.
template <int kDigits>
void WriteExact(std::string_view key, const FixedPoint<kDigits>& value, JsonWriter* json) {
  json->Key(key).Raw(value.Text());
}

void WriteMonthly(std::string_view key, const MonthlyCost& cost, JsonWriter* json) {
  json->Key(key).StartObject();
  WriteExact("cpu_cost", cost.cpu, json);
  WriteExact("memory_cost", cost.memory, json);
  WriteExact("total_cost", cost.total, json);
  WriteExact("cpu_cores", cost.resources.cores, json);
  WriteExact("memory_gib", cost.resources.memory_gib, json);
  json->EndObject();
}

void WriteProjection(const OptimizeRun& run, const Projection& projection, JsonWriter* json) {
  json->StartObject().Key("run_id").String(run.id).Key("provider").String(projection.provider);
  json->Key("region").String(projection.region).Key("currency").String("USD");
  json->Key("workload_costs").StartArray();
  for (const ProjectedCost& one : projection.workloads) {
    json->StartObject().Key("workload_name").String(one.name);
    json->Key("namespace").String(one.namespace_name).Key("replicas").Int(one.replicas);
    WriteMonthly("current_cost", one.current, json);
    if (one.projected) WriteMonthly("projected_cost", *one.projected, json);
    if (one.monthly_savings) WriteExact("monthly_savings", *one.monthly_savings, json);
    if (one.savings_percent) WriteExact("savings_percent", *one.savings_percent, json);
    json->EndObject();
  }
  json->EndArray();
  WriteExact("total_current_monthly", projection.current_monthly, json);
  WriteExact("total_projected_monthly", projection.projected_monthly, json);
  WriteExact("total_monthly_savings", projection.monthly_savings, json);
  WriteExact("total_annual_savings", projection.annual_savings, json);
  WriteExact("savings_percent", projection.savings_percent, json);
  json->EndObject();
}

HttpResponse FindError(const Status& status, std::string_view code) {
  if (absl::IsNotFound(status)) return KubeOptError(404, "NOT_FOUND", Message(status));
  return KubeOptError(500, code, Message(status));
}

HttpResponse CostAnswer(const OptimizeApiDeps& deps, std::string_view id, std::string_view provider,
                        std::string_view region) {
  const StatusOr<OptimizeRun> run = deps.runs.Find(id);
  if (!run.ok()) return FindError(run.status(), "CALCULATION_ERROR");
  const StatusOr<ResourcePrice> price = PriceFor(deps, provider, region);
  if (!price.ok()) return KubeOptError(500, "CALCULATION_ERROR", Message(price.status()));
  std::string text;
  JsonWriter json(&text);
  WriteProjection(*run, ProjectRun(*run, *price), &json);
  return HttpResponse::Json(200, std::move(text));
}

bool IsProvider(std::string_view name) {
  const std::vector<std::string> known = KnownProviders();
  return std::ranges::find(known, name) != known.end();
}

HttpResponse PostCost(const OptimizeApiDeps& deps, HttpRequest& request) {
  JsonBody body = JsonBody::Read(request);
  const std::string id = body.Required("run_id", 64);
  const std::string provider = body.Optional("provider").value_or("");
  const std::string region = body.Optional("region").value_or("");
  std::vector<FieldError> errors = body.errors();
  if (!provider.empty() && !IsProvider(provider)) {
    errors.push_back(
        {"enum", {"provider"}, fmt::format("want one of {}", Join(KnownProviders(), ", "))});
  }
  if (!errors.empty()) return KubeOptInvalid("invalid request body", errors);
  return CostAnswer(deps, id, provider, region);
}

// A provider nobody knows is aws there, as in KubeOpt; the answer names it.
std::string ProviderParam(const ParamReader& params) {
  const std::string provider(params.Text("provider"));
  return provider.empty() || IsProvider(provider) ? provider : "aws";
}

HttpResponse GetCost(const OptimizeApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
  return CostAnswer(deps, request.path_params.at("run"), ProviderParam(*params),
                    params->Text("region"));
}

// What is wrong now with the workloads of a run.
struct Analysis {
  struct Workload {
    WorkloadKey key;
    std::vector<WorkloadFinding> alerts;
    std::optional<double> health;
  };
  std::vector<Workload> workloads;
  std::map<std::string, int64_t> by_severity;
  std::map<std::string, int64_t> by_type;
  int64_t alerts = 0;
  double health = kHealthy;  // mean
};

Analysis Analyse(const OptimizeApiDeps& deps, const OptimizeRun& run, std::string_view severity) {
  std::map<WorkloadKey, std::vector<WorkloadFinding>> findings;
  for (WorkloadFinding& one : deps.findings()) findings[one.key].push_back(std::move(one));
  std::map<WorkloadKey, double> health;
  for (const WorkloadCost& one : deps.costs()) {
    if (one.health_score) health[one.key] = *one.health_score;
  }
  Analysis analysis;
  double sum = 0;
  int64_t scored = 0;
  for (const RunWorkload& workload : run.workloads) {
    Analysis::Workload& one = analysis.workloads.emplace_back();
    one.key = workload.key;
    one.alerts = findings[workload.key];
    std::erase_if(one.alerts, [&](const WorkloadFinding& alert) {
      return !severity.empty() && FindingSeverityText(alert.evidence.severity) != severity;
    });
    for (const WorkloadFinding& alert : one.alerts) {
      ++analysis.by_severity[std::string(FindingSeverityText(alert.evidence.severity))];
      ++analysis.by_type[std::string(FindingTypeText(alert.evidence.type))];
      ++analysis.alerts;
    }
    if (const auto found = health.find(workload.key); found != health.end()) {
      one.health = found->second;
      sum += found->second;
      ++scored;
    }
  }
  if (scored > 0) analysis.health = sum / static_cast<double>(scored);
  return analysis;
}

void WriteCounts(std::string_view key, const std::map<std::string, int64_t>& counts,
                 JsonWriter* json) {
  json->Key(key).StartObject();
  for (const auto& [name, count] : counts) json->Key(name).Int(count);
  json->EndObject();
}

HttpResponse AnomaliesAnswer(const OptimizeApiDeps& deps, std::string_view id, int64_t hours,
                             std::string_view severity) {
  const StatusOr<OptimizeRun> run = deps.runs.Find(id);
  if (!run.ok()) return FindError(run.status(), "ANALYSIS_ERROR");
  const Analysis analysis = Analyse(deps, *run, severity);
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("run_id").String(run->id);
  json.Key("total_workloads").Int(static_cast<int64_t>(analysis.workloads.size()));
  json.Key("total_alerts").Int(analysis.alerts);
  WriteCounts("alerts_by_severity", analysis.by_severity, &json);
  WriteCounts("alerts_by_type", analysis.by_type, &json);
  json.Key("average_health_score").Double(analysis.health).Key("workload_analyses").StartArray();
  for (const Analysis::Workload& one : analysis.workloads) {
    json.StartObject().Key("workload_name").String(one.key.workload);
    json.Key("namespace").String(one.key.namespace_name).Key("analysis_period_hours").Int(hours);
    json.Key("alerts").StartArray();
    for (const WorkloadFinding& alert : one.alerts) {
      json.StartObject();
      WriteKubeOptAlert(alert, &json);
      json.Key("metadata").StartObject();
      json.Key("workload_kind").String(alert.key.workload_kind);
      json.Key("confidence").Double(alert.evidence.confidence).EndObject().EndObject();
    }
    json.EndArray().Key("health_score").Double(one.health.value_or(kHealthy));
    WriteTime("analyzed_at", deps.clock.NowNanos(), &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(text));
}

HttpResponse PostAnomalies(const OptimizeApiDeps& deps, HttpRequest& request) {
  JsonBody body = JsonBody::Read(request);
  const std::string id = body.Required("run_id", 64);
  const int64_t hours = body.Int("hours", kUsualHours, 1, kMostHours);
  if (!body.errors().empty()) return KubeOptInvalid("invalid request body", body.errors());
  return AnomaliesAnswer(deps, id, hours, "");
}

HttpResponse GetAnomalies(const OptimizeApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
  const std::string_view severity = params->Text("severity");
  using enum FindingSeverity;
  const bool known = std::ranges::any_of(
      std::array{kLow, kMedium, kHigh, kCritical},
      [&](FindingSeverity one) { return FindingSeverityText(one) == severity; });
  if (!severity.empty() && !known) {
    return KubeOptInvalid("invalid query parameters",
                          {{"enum", {"severity"}, "want low, medium, high or critical"}});
  }
  return AnomaliesAnswer(deps, request.path_params.at("run"), kUsualHours, severity);
}

void WriteTop(const Analysis& analysis, JsonWriter* json) {
  std::vector<WorkloadFinding> all;
  for (const Analysis::Workload& one : analysis.workloads) {
    all.insert(all.end(), one.alerts.begin(), one.alerts.end());
  }
  std::ranges::stable_sort(all, [](const WorkloadFinding& a, const WorkloadFinding& b) {
    return a.evidence.severity > b.evidence.severity;
  });
  if (all.size() > kTopRecommendations) all.resize(kTopRecommendations);
  json->Key("top_recommendations").StartArray();
  for (const WorkloadFinding& one : all) {
    json->StartObject().Key("type").String(FindingTypeText(one.evidence.type));
    json->Key("severity").String(FindingSeverityText(one.evidence.severity));
    json->Key("workload").String(fmt::format("{}/{}", one.key.namespace_name, one.key.workload));
    json->Key("recommendation").String(FindingAdvice(one.evidence.type)).EndObject();
  }
  json->EndArray();
}

void WriteCostSummary(const Projection& projection, JsonWriter* json) {
  json->Key("cost_summary").StartObject().Key("provider").String(projection.provider);
  json->Key("region").String(projection.region).Key("currency").String("USD");
  WriteExact("current_monthly", projection.current_monthly, json);
  WriteExact("projected_monthly", projection.projected_monthly, json);
  WriteExact("monthly_savings", projection.monthly_savings, json);
  WriteExact("annual_savings", projection.annual_savings, json);
  WriteExact("savings_percent", projection.savings_percent, json);
  json->EndObject();
}

HttpResponse GetSummary(const OptimizeApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
  const StatusOr<OptimizeRun> run = deps.runs.Find(request.path_params.at("run"));
  if (!run.ok()) return FindError(run.status(), "SUMMARY_ERROR");
  const StatusOr<ResourcePrice> price =
      PriceFor(deps, ProviderParam(*params), params->Text("region"));
  if (!price.ok()) return KubeOptError(500, "SUMMARY_ERROR", Message(price.status()));
  Analysis analysis = Analyse(deps, *run, "");
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("run_id").String(run->id);
  WriteCostSummary(ProjectRun(*run, *price), &json);
  json.Key("health_summary").StartObject();
  json.Key("average_health_score").Double(analysis.health);
  json.Key("total_alerts").Int(analysis.alerts);
  json.Key("critical_alerts").Int(analysis.by_severity["critical"]);
  json.Key("high_alerts").Int(analysis.by_severity["high"]).EndObject();
  WriteTop(analysis, &json);
  json.Key("workload_count").Int(static_cast<int64_t>(run->workloads.size()));
  json.Key("suggestion_count").Int(static_cast<int64_t>(run->Suggestions())).EndObject();
  return HttpResponse::Json(200, std::move(text));
}

}  // namespace

void RegisterInsightsApi(Router& router, const OptimizeApiDeps& deps) {
  const auto add = [&](const char* method, const char* path, auto* handler) {
    router.Add(method, std::string("/api/v1/insights/") + path,
               [deps, handler](HttpRequest& request) { return handler(deps, request); });
  };
  add("POST", "cost", PostCost);
  add("GET", "cost/:run", GetCost);
  add("POST", "anomalies", PostAnomalies);
  add("GET", "anomalies/:run", GetAnomalies);
  add("GET", "summary/:run", GetSummary);
}

}  // namespace outrider
