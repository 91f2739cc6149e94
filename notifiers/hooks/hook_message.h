// SPDX-License-Identifier: Apache-2.0
// What a webhook tells of one alert: the fields of KubeOpt's alerts, filled from labels and
// annotations. Source: specs/source_systems.md §1.8.
#pragma once

#include <optional>
#include <string>

#include "notifiers/config/incidents_config.h"
#include "rules/alerting/alert.h"
#include "storage/base/clock.h"

namespace outrider {

struct HookMessage {
  std::string alert_id;      // the fingerprint: the same for every webhook and every repeat
  std::string anomaly_type;  // label type or anomaly_type, else the alert's name
  Severity severity = Severity::kMedium;
  std::string workload_name;
  std::string namespace_name;
  std::string container_name;  // "": none
  std::string resource_type;
  std::string description;
  std::optional<double> current_value;  // finite, as are the others
  std::optional<double> threshold;
  std::optional<double> score;
  std::string recommendation;  // "": none
  Nanos detected_at = 0;
};

HookMessage MakeHookMessage(const Alert& alert, Severity severity);
// For tests of webhooks and of templates.
HookMessage SampleHookMessage();

struct HookColor {
  const char* hex;  // FF0000
  int number;       // the same
};
HookColor ColorOf(Severity severity);
std::string UpperSeverity(Severity severity);  // HIGH

}  // namespace outrider
