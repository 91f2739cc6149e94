// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/sla_facts.h"

#include <fmt/format.h>

namespace outrider {
namespace {

std::string_view StateOf(const SlaClock& clock) {
  if (clock.discarded) return "discarded";
  if (!clock.Running()) return "stopped";
  return clock.Standing() ? "standing" : "running";
}

void Add(const std::string& name, std::string value, AuditData* data) {
  if (!value.empty()) (*data)[name] = std::move(value);
}

}  // namespace

void AddTargetFacts(const Incident& incident, AuditData* data) {
  Add("severity", std::string(SeverityText(incident.severity)), data);
  Add("team", incident.team, data);
  Add("service", incident.service, data);
  for (const SlaClock& clock : incident.sla) {
    const std::string kind(SlaKindText(clock.kind));
    Add(kind + "_target_ns", fmt::to_string(clock.target), data);
    Add(kind + "_calendar", std::string(clock.CalendarName()), data);
  }
}

void AddClockFacts(const Incident& incident, Nanos now, AuditData* data) {
  for (const SlaClock& clock : incident.sla) {
    const std::string kind(SlaKindText(clock.kind));
    Add(kind + "_state", std::string(StateOf(clock)), data);
    Add(kind + "_elapsed_ns", fmt::to_string(clock.ElapsedAt(now)), data);
    const int64_t paused = clock.PausedAt(now);
    if (paused != 0) Add(kind + "_paused_ns", fmt::to_string(paused), data);
  }
}

}  // namespace outrider
