// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/optimize.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/api/json_body.h"
#include "exporter/api/kubeopt_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/workload_rows.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kCompleted = "completed";
constexpr int64_t kMostRuns = 100;
constexpr int64_t kUsualRuns = 20;

void WriteSummary(const OptimizeRun& run, JsonWriter* json) {
  json->Key("summary").StartObject();
  json->Key("workload_count").Int(static_cast<int64_t>(run.workloads.size()));
  json->Key("suggestion_count").Int(static_cast<int64_t>(run.Suggestions()));
  json->Key("status").String(kCompleted).EndObject();
}

void WriteRun(const OptimizeRun& run, JsonWriter* json) {
  json->StartObject().Key("id").String(run.id).Key("status").String(kCompleted);
  json->Key("manifest_path").String(run.manifest_path);
  json->Key("lookback_days").Int(run.lookback_days);
  WriteTime("created_at", run.created * kNanosPerMilli, json);
  json->EndObject();
}

void WriteResources(const RunResource& cpu, const RunResource& memory,
                    std::optional<double> RunResource::* request,
                    std::optional<double> RunResource::* limit, JsonWriter* json) {
  json->StartObject();
  WriteNumber("cpu_request_cores", cpu.*request, json);
  WriteNumber("cpu_limit_cores", cpu.*limit, json);
  WriteNumber("memory_request_bytes", memory.*request, json);
  WriteNumber("memory_limit_bytes", memory.*limit, json);
  json->EndObject();
}

void WriteUse(std::string_view key, const RunResource& resource, JsonWriter* json) {
  json->Key(key).StartObject().Key("avg").Double(resource.mean_use);
  json->Key("p95").Double(resource.p95_use).Key("max").Double(resource.max_use).EndObject();
}

// A snapshot of one workload. Its id is the run's and its place there.
void WriteWorkload(const OptimizeRun& run, size_t at, JsonWriter* json) {
  const RunWorkload& workload = run.workloads[at];
  json->StartObject().Key("id").String(fmt::format("{}/{}", run.id, at));
  json->Key("run_id").String(run.id).Key("cluster_id").String(workload.key.cluster);
  json->Key("name").String(workload.key.workload).Key("namespace");
  json->String(workload.key.namespace_name).Key("kind").String(workload.key.workload_kind);
  json->Key("current_config").StartObject();
  json->Key("replicas")
      .Int(static_cast<int64_t>(workload.replicas))
      .Key("containers")
      .StartObject();
  for (const RunContainer& one : workload.containers) {
    json->Key(one.name);
    WriteResources(one.cpu, one.memory, &RunResource::request, &RunResource::limit, json);
  }
  json->EndObject().EndObject().Key("metrics_summary").StartObject();
  for (const RunContainer& one : workload.containers) {
    json->Key(one.name).StartObject();
    WriteUse("cpu_cores", one.cpu, json);
    WriteUse("memory_bytes", one.memory, json);
    json->EndObject();
  }
  json->EndObject().EndObject();
}

std::string Diff(const RunContainer& container) {
  std::string text;
  const auto line = [&](std::string_view what, const RunResource& resource) {
    if (!resource.proposed_request) return;
    const std::string now =
        resource.request ? FormatFloatF(*resource.request) : std::string("unset");
    text +=
        fmt::format("-{0}: {1}\n+{0}: {2}\n", what, now, FormatFloatF(*resource.proposed_request));
  };
  line("requests.cpu", container.cpu);
  line("requests.memory", container.memory);
  return text;
}

void WriteSuggestions(const OptimizeRun& run, JsonWriter* json) {
  json->Key("suggestions").StartArray();
  for (size_t at = 0; at < run.workloads.size(); ++at) {
    for (const RunContainer& one : run.workloads[at].containers) {
      if (!one.cpu.proposed_request && !one.memory.proposed_request) continue;
      json->StartObject().Key("id").String(fmt::format("{}/{}/{}", run.id, at, one.name));
      json->Key("workload_snapshot_id").String(fmt::format("{}/{}", run.id, at));
      json->Key("container_name").String(one.name).Key("suggestion_type").String("resources");
      json->Key("current_config");
      WriteResources(one.cpu, one.memory, &RunResource::request, &RunResource::limit, json);
      json->Key("proposed_config");
      WriteResources(one.cpu, one.memory, &RunResource::proposed_request,
                     &RunResource::proposed_limit, json);
      json->Key("reasoning")
          .String(fmt::format("cpu: {}; memory: {}", one.cpu.reason, one.memory.reason));
      json->Key("diff_text").String(Diff(one)).EndObject();
    }
  }
  json->EndArray();
}

HttpResponse StartRun(const OptimizeApiDeps& deps, HttpRequest& request) {
  JsonBody body = JsonBody::Read(request);
  std::string manifest = body.Required("manifest_path", 1024);
  const int64_t days = body.Int("lookback_days", 7, 1, 90);
  if (!body.errors().empty()) return KubeOptInvalid("invalid request body", body.errors());
  const auto run =
      deps.runs.Start(std::move(manifest), days, deps.recommendations(), deps.clock.Now());
  if (!run.ok()) return KubeOptError(500, "OPTIMIZATION_ERROR", Message(run.status()));
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("run_id").String(run->id).Key("status").String(kCompleted);
  json.Key("manifest_path").String(run->manifest_path);
  json.Key("lookback_days").Int(run->lookback_days);
  WriteSummary(*run, &json);
  json.EndObject();
  return HttpResponse::Json(202, std::move(text));
}

HttpResponse ShowRun(const OptimizeApiDeps& deps, const HttpRequest& request) {
  const auto run = deps.runs.Find(request.path_params.at("run"));
  if (absl::IsNotFound(run.status())) {
    return KubeOptError(404, "NOT_FOUND", Message(run.status()));
  }
  if (!run.ok()) return KubeOptError(500, "OPTIMIZATION_ERROR", Message(run.status()));
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("run");
  WriteRun(*run, &json);
  json.Key("workloads").StartArray();
  for (size_t at = 0; at < run->workloads.size(); ++at) WriteWorkload(*run, at, &json);
  json.EndArray();
  WriteSuggestions(*run, &json);
  WriteSummary(*run, &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(text));
}

int64_t IntParam(const ParamReader& params, std::string_view name, int64_t fallback, int64_t most,
                 std::vector<FieldError>* errors) {
  if (!params.Has(name)) return fallback;
  const StatusOr<int64_t> value = ParseInt(params.Text(name));
  if (value.ok() && *value >= 0 && *value <= most) return *value;
  errors->push_back({"int_parsing", {std::string(name)}, fmt::format("want 0 to {}", most)});
  return fallback;
}

HttpResponse ListRuns(const OptimizeApiDeps& deps, HttpRequest& request) {
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
  std::vector<FieldError> errors;
  const int64_t limit = IntParam(*params, "limit", kUsualRuns, kMostRuns, &errors);
  const int64_t offset = IntParam(*params, "offset", 0, INT32_MAX, &errors);
  const std::string_view status = params->Text("status");
  constexpr std::array<std::string_view, 4> kStates = {"pending", "running", "completed", "failed"};
  if (!status.empty() && std::ranges::find(kStates, status) == kStates.end()) {
    errors.push_back({"enum", {"status"}, "want pending, running, completed or failed"});
  }
  if (!errors.empty()) return KubeOptInvalid("invalid query parameters", errors);
  auto runs = deps.runs.List();
  if (!runs.ok()) return KubeOptError(500, "OPTIMIZATION_ERROR", Message(runs.status()));
  if (!status.empty() && status != kCompleted) runs->clear();
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("runs").StartArray();
  for (int64_t at = offset; at < std::min(offset + limit, static_cast<int64_t>(runs->size()));
       ++at) {
    WriteRun((*runs)[static_cast<size_t>(at)], &json);
  }
  json.EndArray().Key("total").Int(static_cast<int64_t>(runs->size()));
  json.Key("limit").Int(limit).Key("offset").Int(offset).EndObject();
  return HttpResponse::Json(200, std::move(text));
}

}  // namespace

void RegisterOptimizeApi(Router& router, const OptimizeApiDeps& deps) {
  router.Add("POST", "/api/v1/optimize/run",
             [deps](HttpRequest& request) { return StartRun(deps, request); });
  router.Add("GET", "/api/v1/optimize/run/:run",
             [deps](HttpRequest& request) { return ShowRun(deps, request); });
  router.Add("GET", "/api/v1/optimize/runs",
             [deps](HttpRequest& request) { return ListRuns(deps, request); });
}

}  // namespace outrider
