// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/recommendation_json.h"

#include <algorithm>
#include <cmath>

#include "exporter/advice/resource_change.h"

namespace outrider {
namespace {

using enum FindingSeverity;

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteAdvice(std::string_view key, const ResourceAdvice& advice, JsonWriter* json) {
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
  json->Key("reason").String(advice.reason).EndObject();
}

std::optional<double> ReadNumber(const JsonValue& json, std::string_view key) {
  const JsonValue* value = json.Find(key);
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return std::nullopt;
  return value->number;
}

uint64_t ReadCount(const JsonValue& json, std::string_view key) {
  return static_cast<uint64_t>(std::max<int64_t>(0, json.GetInt(key)));
}

ResourceAdvice ReadAdvice(const JsonValue* json) {
  ResourceAdvice advice;
  if (json == nullptr) return advice;
  advice.request = ReadNumber(*json, "request");
  advice.limit = ReadNumber(*json, "limit");
  const JsonValue* recommended = json->Find("recommended");
  if (recommended != nullptr && recommended->kind == JsonValue::Kind::kObject) {
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
  return advice;
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
  json->Key("container").String(recommendation.container);
  json->Key("pods").Int(static_cast<int64_t>(recommendation.pods));
  json->Key("severity").String(ChangeSeverityText(SeverityOf(recommendation)));
  WriteAdvice("cpu_cores", recommendation.cpu, json);
  WriteAdvice("memory_bytes", recommendation.memory, json);
  WriteNumber("savings_dollars_per_month", SavingsPerMonth(recommendation), json);
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
             json.GetString("workload_kind")};
  out.container = json.GetString("container");
  out.pods = ReadCount(json, "pods");
  out.cpu = ReadAdvice(json.Find("cpu_cores"));
  out.memory = ReadAdvice(json.Find("memory_bytes"));
  if (const JsonValue* findings = json.Find("findings")) {
    for (const JsonValue& finding : findings->items) {
      out.findings.push_back(
          {finding.GetString("text"), ReadSeverity(finding.GetString("severity"))});
    }
  }
  return out;
}

}  // namespace outrider
