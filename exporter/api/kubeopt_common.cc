// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/kubeopt_common.h"

#include "exporter/api/product_common.h"

namespace outrider {

HttpResponse KubeOptError(int http, std::string_view code, std::string_view message,
                          const std::vector<FieldError>& details) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("code").String(code).Key("message").String(message).Key("details");
  if (details.empty()) {
    json.Null();
  } else {
    json.StartArray();
    for (const FieldError& detail : details) {
      json.StartObject().Key("type").String(detail.type).Key("loc").StartArray();
      for (const std::string& part : detail.location) json.String(part);
      json.EndArray().Key("msg").String(detail.message).EndObject();
    }
    json.EndArray();
  }
  json.Key("trace_id").Null().EndObject();
  return HttpResponse::Json(http, std::move(body));
}

HttpResponse KubeOptInvalid(std::string_view message, const std::vector<FieldError>& details) {
  return KubeOptError(400, "VALIDATION_ERROR", message, details);
}

void WriteKubeOptAlert(const WorkloadFinding& finding, JsonWriter* json) {
  const Evidence& evidence = finding.evidence;
  json->Key("anomaly_type").String(FindingTypeText(evidence.type));
  json->Key("severity").String(FindingSeverityText(evidence.severity));
  json->Key("workload_name").String(finding.key.workload);
  json->Key("namespace").String(finding.key.namespace_name);
  json->Key("container_name").String(finding.container);
  json->Key("resource_type").String(FindingResourceText(evidence.resource));
  json->Key("description").String(finding.description);
  json->Key("current_value").Double(evidence.value);
  json->Key("threshold").Double(evidence.threshold).Key("score").Double(evidence.score);
  WriteTime("detected_at", finding.started_at * kNanosPerMilli, json);
  json->Key("recommendation").String(FindingAdvice(evidence.type));
}

}  // namespace outrider
