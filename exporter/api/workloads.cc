// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/workloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using enum FindingSeverity;

// A workload that runs, that something was found about, or both.
struct WorkloadRow {
  uint64_t pods = 0;
  std::optional<double> health_score;
  std::vector<WorkloadFinding> findings;
};
using WorkloadRows = std::map<WorkloadKey, WorkloadRow>;

constexpr std::array kSeverities = {kCritical, kHigh, kMedium, kLow};

StatusOr<std::optional<FindingSeverity>> ReadSeverity(const ParamReader& params) {
  if (!params.Has("severity")) return std::optional<FindingSeverity>();
  for (const FindingSeverity severity : kSeverities) {
    if (params.Text("severity") == FindingSeverityText(severity)) return std::optional(severity);
  }
  return InvalidArgument(fmt::format("severity {}: want critical, high, medium or low",
                                     Quote(params.Text("severity"))));
}

// With `severity`, only what was found to be that severe.
WorkloadRows Gather(const WorkloadsApiDeps& deps, const std::optional<FindingSeverity>& severity) {
  WorkloadRows rows;
  for (const WorkloadCost& cost : deps.costs()) {
    rows[cost.key] = {cost.pods, cost.health_score, {}};
  }
  for (WorkloadFinding& finding : deps.findings()) {
    if (severity && finding.evidence.severity != *severity) continue;
    rows[finding.key].findings.push_back(std::move(finding));
  }
  if (severity) std::erase_if(rows, [](const auto& row) { return row.second.findings.empty(); });
  return rows;
}

void WriteFinding(const WorkloadFinding& finding, JsonWriter* json) {
  const Evidence& evidence = finding.evidence;
  json->StartObject().Key("container").String(finding.container);
  json->Key("type").String(FindingTypeText(evidence.type));
  json->Key("resource").String(FindingResourceText(evidence.resource));
  json->Key("severity").String(FindingSeverityText(evidence.severity));
  json->Key("score").Double(evidence.score).Key("confidence").Double(evidence.confidence);
  json->Key("value").Double(evidence.value).Key("threshold").Double(evidence.threshold);
  json->Key("description").String(finding.description);
  json->Key("recommendation").String(FindingAdvice(evidence.type));
  WriteTime("started_at", finding.started_at * kNanosPerMilli, json);
  json->EndObject();
}

void WriteRow(const WorkloadKey& key, const WorkloadRow& row, JsonWriter* json) {
  json->StartObject().Key("namespace").String(key.namespace_name);
  json->Key("workload").String(key.workload).Key("workload_kind").String(key.workload_kind);
  json->Key("pods").Int(static_cast<int64_t>(row.pods)).Key("health_score");
  if (row.health_score) {
    json->Double(*row.health_score);
  } else {
    json->Null();
  }
  json->Key("findings").StartArray();
  for (const WorkloadFinding& finding : row.findings) WriteFinding(finding, json);
  json->EndArray().EndObject();
}

// How many of what, and the mean health of those that have one.
void WriteSummary(const WorkloadRows& rows, JsonWriter* json) {
  std::array<int64_t, kSeverities.size()> by_severity = {};
  std::map<std::string_view, int64_t> by_type;
  double health = 0;
  size_t healthy = 0;
  int64_t total = 0;
  for (const auto& [key, row] : rows) {
    health += row.health_score.value_or(0);
    healthy += row.health_score ? 1 : 0;
    total += static_cast<int64_t>(row.findings.size());
    for (const WorkloadFinding& finding : row.findings) {
      ++by_severity[static_cast<size_t>(finding.evidence.severity)];
      ++by_type[FindingTypeText(finding.evidence.type)];
    }
  }
  json->Key("total_findings").Int(total).Key("findings_by_severity").StartObject();
  for (const FindingSeverity severity : kSeverities) {
    json->Key(FindingSeverityText(severity)).Int(by_severity[static_cast<size_t>(severity)]);
  }
  json->EndObject().Key("findings_by_type").StartObject();
  for (const auto& [type, count] : by_type) json->Key(type).Int(count);
  json->EndObject().Key("average_health_score");
  if (healthy > 0) {
    json->Double(health / static_cast<double>(healthy));
  } else {
    json->Null();
  }
}

HttpResponse Answer(const WorkloadRows& rows) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteSummary(rows, &json);
  json.Key("workloads").StartArray();
  for (const auto& [key, row] : rows) WriteRow(key, row, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> List(const WorkloadsApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  WorkloadRows rows = Gather(deps, TRY(ReadSeverity(params)));
  const auto passes = [&](std::string_view name, std::string_view value) {
    return !params.Has(name) || params.Text(name) == value;
  };
  std::erase_if(rows, [&](const auto& row) {
    const WorkloadKey& key = row.first;
    return !passes("namespace", key.namespace_name) || !passes("workload", key.workload) ||
           !passes("workload_kind", key.workload_kind);
  });
  return Answer(rows);
}

// Namesakes of several kinds come together. A machine has no namespace: `-` stands for it.
StatusOr<HttpResponse> Show(const WorkloadsApiDeps& deps, HttpRequest& request) {
  const std::string& given = request.path_params.at("namespace");
  const std::string namespace_name = given == "-" ? "" : given;
  const std::string& workload = request.path_params.at("workload");
  WorkloadRows rows = Gather(deps, std::nullopt);
  std::erase_if(rows, [&](const auto& row) {
    return row.first.namespace_name != namespace_name || row.first.workload != workload;
  });
  if (rows.empty()) {
    return NotFound(fmt::format("no workload {} in namespace {}", Quote(workload), Quote(given)));
  }
  return Answer(rows);
}

}  // namespace

void RegisterWorkloadsApi(Router& router, const WorkloadsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/workloads",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("GET", "/outrider/v1/workloads/:namespace/:workload",
             ProductRoute([deps](HttpRequest& request) { return Show(deps, request); }));
}

}  // namespace outrider
