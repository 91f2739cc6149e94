// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_message.h"

#include <cmath>

#include "storage/base/text.h"

namespace outrider {
namespace {

// The first of the labels that is there; they are named in order of preference.
std::string FirstLabel(const Alert& alert, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string_view value = alert.labels.Get(name);
    if (!value.empty()) return std::string(value);
  }
  return "";
}

std::string FirstAnnotation(const Alert& alert, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = alert.annotations.find(name);
    if (found != alert.annotations.end() && !found->second.empty()) return found->second;
  }
  return "";
}

std::optional<double> Finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<double> NumberAnnotation(const Alert& alert,
                                       std::initializer_list<const char*> names) {
  const auto number = ParseDouble(Trim(FirstAnnotation(alert, names)));
  return number.ok() ? Finite(*number) : std::nullopt;
}

}  // namespace

HookMessage MakeHookMessage(const Alert& alert, Severity severity) {
  HookMessage message;
  message.alert_id = alert.labels.FingerprintHex();
  message.anomaly_type = FirstLabel(alert, {"anomaly_type", "type", "alertname"});
  message.severity = severity;
  message.workload_name =
      FirstLabel(alert, {"workload", "workload_name", "deployment", "statefulset", "daemonset",
                         "service", "pod", "instance", "job"});
  message.namespace_name = FirstLabel(alert, {"namespace"});
  message.container_name = FirstLabel(alert, {"container", "container_name"});
  message.resource_type = FirstLabel(alert, {"resource_type", "resource"});
  message.description = FirstAnnotation(alert, {"description", "summary", "message"});
  if (message.description.empty()) message.description = FirstLabel(alert, {"alertname"});
  message.current_value = NumberAnnotation(alert, {"current_value", "value"});
  // Alerts that came by API carry no value of their own.
  if (!message.current_value && alert.source == AlertSource::kRule) {
    message.current_value = Finite(alert.value);
  }
  message.threshold = NumberAnnotation(alert, {"threshold"});
  message.score = NumberAnnotation(alert, {"score", "anomaly_score"});
  message.recommendation =
      FirstAnnotation(alert, {"recommendation", "outrider_runbook", "runbook_url", "runbook"});
  message.detected_at = alert.starts_at.nanos;
  return message;
}

HookMessage SampleHookMessage() {
  HookMessage message;
  message.alert_id = "test";
  message.anomaly_type = "test";
  message.severity = Severity::kHigh;
  message.workload_name = "test-workload";
  message.namespace_name = "test";
  message.container_name = "test-container";
  message.resource_type = "cpu";
  message.description = "This is a test alert from Outrider";
  message.current_value = 0.95;
  message.threshold = 0.8;
  message.score = 0.95;
  message.recommendation = "Nothing to do: this is a test.";
  return message;
}

HookColor ColorOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return {"FF0000", 16711680};
    case Severity::kHigh:
      return {"FF6600", 16737280};  // 0xFF6600 is 16737792; the source's own number
    case Severity::kMedium:
      return {"FFCC00", 16763904};
    case Severity::kLow:
    case Severity::kInfo:
      break;
  }
  return {"00CC00", 52224};
}

std::string UpperSeverity(Severity severity) { return ToUpper(SeverityText(severity)); }

}  // namespace outrider
