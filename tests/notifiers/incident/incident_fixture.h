// SPDX-License-Identifier: Apache-2.0
// Incidents at a fixed time: critical ones have the policy `p`, and targets of 5 and 30 minutes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "notifiers/incident/decisions.h"

namespace outrider {

inline constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;
inline constexpr Nanos Min(double minutes) {
  return static_cast<Nanos>(minutes * 60) * kNanosPerSecond;
}

inline Alert MakeAlert(const char* severity, const char* instance = "a") {
  Alert alert;
  alert.labels = Labels({{"alertname", "Down"}, {"instance", instance}, {"severity", severity}});
  alert.starts_at = {kT0 - Min(1), 0};
  return alert;
}

inline EscalationTier Tier(DurationMs delay, std::vector<std::string> receivers) {
  EscalationTier tier;
  tier.delay = delay;
  tier.receivers = std::move(receivers);
  return tier;
}

inline IncidentsConfig Config(std::vector<EscalationTier> tiers, int repeat = 0) {
  IncidentsConfig config = DefaultIncidentsConfig();
  EscalationPolicy policy;
  policy.name = "p";
  policy.severities = {Severity::kCritical};
  policy.tiers = std::move(tiers);
  policy.repeat = repeat;
  config.escalation_policies = {policy};
  return config;
}

inline IncidentDecision Open(const IncidentsConfig& config, const char* severity = "critical") {
  return OpenIncident(config, "i1", MakeAlert(severity), nullptr, kT0);
}

// When the timer is due after the decision; 0: cancelled, -1: not touched.
inline Nanos TimerOf(const IncidentDecision& decision, TimerKind kind) {
  Nanos due = -1;
  for (const TimerChange& timer : decision.timers) {
    if (timer.kind == kind) due = timer.due;
  }
  return due;
}

inline int CountEvents(const IncidentDecision& decision, AuditKind kind) {
  int count = 0;
  for (const AuditEvent& event : decision.events) count += event.kind == kind ? 1 : 0;
  return count;
}

}  // namespace outrider
