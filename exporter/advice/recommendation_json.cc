// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/recommendation_json.h"

#include <algorithm>
#include <cmath>

#include "exporter/advice/resource_change.h"

namespace outrider {
namespace {

using enum FindingSeverity;

constexpr size_t kQuarters = 96;  // of an hour, in a day

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteAdvice(std::string_view key, Resource resource, const ResourceAdvice& advice,
                 JsonWriter* json) {
  json->Key(key).StartObject();
  WriteNumber("request", advice.request, json);
  WriteNumber("limit", advice.limit, json);
  json->Key("enough_data").Bool(advice.enough_data).Key("recommended");
  if (advice.enough_data) {
    json->StartObject().Key("target").Double(advice.recommended.target);
    json->Key("lower").Double(advice.recommended.lower);
    json->Key("upper").Double(advice.recommended.upper);
    json->Key("limit").Double(advice.recommended.limit).EndObject();
  } else {
    json->Null();
  }
  json->Key("mean_use").Double(advice.mean_use).Key("p95_use").Double(advice.p95_use);
  json->Key("max_use").Double(advice.max_use);
  json->Key("samples").Int(static_cast<int64_t>(advice.samples));
  json->Key("coverage_seconds").Double(static_cast<double>(advice.coverage) / kSecond);
  WriteNumber("savings_dollars_per_month", advice.savings_dollars_per_month, json);
  json->Key("severity").String(ChangeSeverityText(SeverityOf(ChangeOf(resource, advice))));
  json->Key("confidence").Double(advice.confidence).Key("judged");
  if (advice.judged) {
    json->StartObject().Key("violation_ratio").Double(advice.judged->violation_ratio);
    json->Key("slack_ratio").Double(advice.judged->slack_ratio);
    json->Key("shortfall_ratio").Double(advice.judged->shortfall_ratio);
    json->Key("samples").Int(static_cast<int64_t>(advice.judged->samples)).EndObject();
  } else {
    json->Null();
  }
  if (!advice.schedule.empty()) {
    json->Key("schedule").StartArray();
    // As it is written elsewhere: millicores.
    for (const float cores : advice.schedule) {
      json->Double(std::round(double{cores} * 1e3) / 1e3);
    }
    json->EndArray();
  }
  if (advice.hourly_target) {
    json->Key("hourly_target").StartArray();
    for (const double target : *advice.hourly_target) json->Double(target);
    json->EndArray();
  }
  json->Key("limit_wanted").Bool(advice.limit_wanted).Key("held").Bool(advice.held);
  json->Key("guarded").Bool(advice.guarded).Key("throttled_ratio").Double(advice.throttled_ratio);
  json->Key("ooms").Int(static_cast<int64_t>(advice.ooms));
  json->Key("reason").String(advice.reason).EndObject();
}

void WriteHpa(const HpaState& hpa, JsonWriter* json) {
  json->StartObject().Key("name").String(hpa.name);
  json->Key("min_replicas").Int(static_cast<int64_t>(hpa.min_replicas));
  json->Key("max_replicas").Int(static_cast<int64_t>(hpa.max_replicas));
  json->Key("current_replicas").Int(static_cast<int64_t>(hpa.current_replicas));
  WriteNumber("cpu_target_ratio", hpa.cpu_target, json);
  WriteNumber("memory_target_ratio", hpa.memory_target, json);
  json->Key("other_metrics").Bool(hpa.other_metrics).EndObject();
}

void WriteReplicas(const ReplicaAdvice& advice, JsonWriter* json) {
  json->StartObject().Key("replicas").Int(static_cast<int64_t>(advice.replicas)).Key("hpa");
  if (advice.hpa) {
    json->StartObject().Key("target_ratio").Double(advice.hpa->target);
    json->Key("min_replicas").Int(static_cast<int64_t>(advice.hpa->min_replicas));
    json->Key("max_replicas").Int(static_cast<int64_t>(advice.hpa->max_replicas)).EndObject();
  } else {
    json->Null();
  }
  json->Key("reason").String(advice.reason).EndObject();
}

// What concerns all replicas of the workload.
void WriteWorkloadAdvice(const Recommendation& recommendation, JsonWriter* json) {
  json->Key("hpa");
  if (recommendation.hpa) {
    WriteHpa(*recommendation.hpa, json);
  } else {
    json->Null();
  }
  json->Key("replicas");
  if (recommendation.replicas) {
    WriteReplicas(*recommendation.replicas, json);
  } else {
    json->Null();
  }
  json->Key("outliers").StartArray();
  for (const ReplicaOutlier& outlier : recommendation.outliers) {
    json->StartObject().Key("pod").String(outlier.pod).Key("node").String(outlier.node);
    json->Key("resource").String(outlier.memory ? "memory" : "cpu");
    json->Key("use").Double(outlier.use).Key("median").Double(outlier.median).EndObject();
  }
  json->EndArray();
}

std::optional<double> ReadNumber(const JsonValue& json, std::string_view key) {
  const JsonValue* value = json.Find(key);
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return std::nullopt;
  return value->number;
}

uint64_t ReadCount(const JsonValue& json, std::string_view key) {
  return static_cast<uint64_t>(std::max<int64_t>(0, json.GetInt(key)));
}

// nullptr when it is absent or something else.
const JsonValue* Object(const JsonValue& json, std::string_view key) {
  const JsonValue* value = json.Find(key);
  return value != nullptr && value->kind == JsonValue::Kind::kObject ? value : nullptr;
}

ResourceAdvice ReadAdvice(const JsonValue* json) {
  ResourceAdvice advice;
  if (json == nullptr) return advice;
  advice.request = ReadNumber(*json, "request");
  advice.limit = ReadNumber(*json, "limit");
  if (const JsonValue* recommended = Object(*json, "recommended")) {
    advice.enough_data = json->GetBool("enough_data");
    advice.recommended.target = recommended->GetNumber("target");
    advice.recommended.lower = recommended->GetNumber("lower");
    advice.recommended.upper = recommended->GetNumber("upper");
    advice.recommended.limit = recommended->GetNumber("limit");
  }
  advice.mean_use = json->GetNumber("mean_use");
  advice.p95_use = json->GetNumber("p95_use");
  advice.max_use = json->GetNumber("max_use");
  advice.samples = ReadCount(*json, "samples");
  advice.coverage = static_cast<DurationMs>(
      std::round(std::clamp(json->GetNumber("coverage_seconds"), 0.0, 1e12) * kSecond));
  advice.savings_dollars_per_month = ReadNumber(*json, "savings_dollars_per_month");
  advice.reason = json->GetString("reason");
  advice.confidence = json->GetNumber("confidence");
  advice.limit_wanted = json->GetBool("limit_wanted");
  advice.held = json->GetBool("held");
  advice.guarded = json->GetBool("guarded");
  advice.throttled_ratio = json->GetNumber("throttled_ratio");
  advice.ooms = ReadCount(*json, "ooms");
  if (const JsonValue* judged = Object(*json, "judged")) {
    advice.judged = {judged->GetNumber("violation_ratio"), judged->GetNumber("slack_ratio"),
                     judged->GetNumber("shortfall_ratio"), ReadCount(*judged, "samples")};
  }
  const JsonValue* quarters = json->Find("schedule");
  if (quarters != nullptr && quarters->items.size() == kQuarters) {
    for (const JsonValue& one : quarters->items) {
      advice.schedule.push_back(static_cast<float>(one.number));
    }
  }
  const JsonValue* hours = json->Find("hourly_target");
  if (hours != nullptr && hours->items.size() == 24) {
    advice.hourly_target.emplace();
    for (size_t i = 0; i < 24; ++i) (*advice.hourly_target)[i] = hours->items[i].number;
  }
  return advice;
}

HpaState ReadHpa(const JsonValue& json) {
  HpaState hpa;
  hpa.name = json.GetString("name");
  hpa.min_replicas = ReadCount(json, "min_replicas");
  hpa.max_replicas = ReadCount(json, "max_replicas");
  hpa.current_replicas = ReadCount(json, "current_replicas");
  hpa.cpu_target = ReadNumber(json, "cpu_target_ratio");
  hpa.memory_target = ReadNumber(json, "memory_target_ratio");
  hpa.other_metrics = json.GetBool("other_metrics");
  return hpa;
}

ReplicaAdvice ReadReplicas(const JsonValue& json) {
  ReplicaAdvice advice;
  advice.replicas = ReadCount(json, "replicas");
  advice.reason = json.GetString("reason");
  if (const JsonValue* hpa = Object(json, "hpa")) {
    advice.hpa = {hpa->GetNumber("target_ratio"), ReadCount(*hpa, "min_replicas"),
                  ReadCount(*hpa, "max_replicas")};
  }
  return advice;
}

std::vector<ReplicaOutlier> ReadOutliers(const JsonValue* json) {
  std::vector<ReplicaOutlier> outliers;
  if (json == nullptr) return outliers;
  for (const JsonValue& one : json->items) {
    outliers.push_back({one.GetString("pod"), one.GetString("node"),
                        one.GetString("resource") == "memory", one.GetNumber("use"),
                        one.GetNumber("median")});
  }
  return outliers;
}

FindingSeverity ReadSeverity(const std::string& text) {
  for (const FindingSeverity severity : {kCritical, kHigh, kMedium}) {
    if (text == FindingSeverityText(severity)) return severity;
  }
  return kLow;
}

}  // namespace

void WriteRecommendation(const Recommendation& recommendation, JsonWriter* json) {
  json->StartObject().Key("namespace").String(recommendation.key.namespace_name);
  json->Key("workload").String(recommendation.key.workload);
  json->Key("workload_kind").String(recommendation.key.workload_kind);
  json->Key("cluster").String(recommendation.key.cluster);
  json->Key("container").String(recommendation.container);
  json->Key("pods").Int(static_cast<int64_t>(recommendation.pods));
  json->Key("pods_seen").Int(static_cast<int64_t>(recommendation.pods_seen));
  if (recommendation.mean_pods) json->Key("mean_pods").Double(*recommendation.mean_pods);
  if (recommendation.init) json->Key("init").Bool(true);
  if (recommendation.is_node) json->Key("is_node").Bool(true);
  json->Key("severity").String(ChangeSeverityText(SeverityOf(recommendation)));
  WriteAdvice("cpu_cores", Resource::kCpu, recommendation.cpu, json);
  WriteAdvice("memory_bytes", Resource::kMemory, recommendation.memory, json);
  WriteNumber("savings_dollars_per_month", SavingsPerMonth(recommendation), json);
  WriteWorkloadAdvice(recommendation, json);
  json->Key("findings").StartArray();
  for (const Finding& finding : recommendation.findings) {
    json->StartObject().Key("severity").String(FindingSeverityText(finding.severity));
    json->Key("text").String(finding.text).EndObject();
  }
  json->EndArray().EndObject();
}

StatusOr<Recommendation> ReadRecommendation(const JsonValue& json) {
  if (json.kind != JsonValue::Kind::kObject) {
    return InvalidArgument("a recommendation must be an object");
  }
  Recommendation out;
  out.key = {json.GetString("namespace"), json.GetString("workload"),
             json.GetString("workload_kind"), json.GetString("cluster")};
  out.container = json.GetString("container");
  out.pods = ReadCount(json, "pods");
  out.pods_seen = ReadCount(json, "pods_seen");
  out.mean_pods = ReadNumber(json, "mean_pods");
  out.init = json.GetBool("init");
  out.is_node = json.GetBool("is_node");
  out.cpu = ReadAdvice(json.Find("cpu_cores"));
  out.memory = ReadAdvice(json.Find("memory_bytes"));
  if (const JsonValue* hpa = Object(json, "hpa")) out.hpa = ReadHpa(*hpa);
  if (const JsonValue* replicas = Object(json, "replicas")) out.replicas = ReadReplicas(*replicas);
  out.outliers = ReadOutliers(json.Find("outliers"));
  if (const JsonValue* findings = json.Find("findings")) {
    for (const JsonValue& finding : findings->items) {
      out.findings.push_back(
          {finding.GetString("text"), ReadSeverity(finding.GetString("severity"))});
    }
  }
  return out;
}

}  // namespace outrider
