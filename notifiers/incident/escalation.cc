// SPDX-License-Identifier: Apache-2.0
// Escalation: tiers with delays from the start, not from the tier before. Acknowledging,
// investigating and resolving stop it and move the epoch on, so that pages already queued are
// dropped at the last moment. Sources: specs/source_systems.md §3.3, specs/incidents_oncall_slo.md
// §2.3.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/decisions.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void AddEvent(AuditKind kind, Nanos time, std::string text, IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = time;
  event.text = std::move(text);
  decision->events.push_back(std::move(event));
}

Nanos TierDue(const Escalation& escalation) {
  const auto tier = static_cast<size_t>(escalation.next_tier);
  return escalation.loop_at + escalation.tiers[tier].delay * kNanosPerMilli;
}

void PageTier(Nanos time, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const Escalation& escalation = incident.escalation;
  const int tier = escalation.next_tier;
  const EscalationTier& who = escalation.tiers[static_cast<size_t>(tier)];
  if (who.receivers.empty()) {
    AddEvent(AuditKind::kEscalationSkipped, time, fmt::format("tier {} has nobody", tier + 1),
             decision);
    return;
  }
  AddEvent(AuditKind::kEscalated, time,
           fmt::format("escalated to tier {}: {}", tier + 1, Join(who.receivers, ", ")), decision);
  decision->events.back().to = std::to_string(tier + 1);
  for (const std::string& receiver : who.receivers) {
    decision->pages.push_back({.receiver = receiver,
                               .integration = "",
                               .recovery = false,
                               .epoch = incident.epoch,
                               .loop = escalation.loop,
                               .tier = tier});
  }
}

// Moves on to the next tier, the next round, or the end.
void Advance(Nanos time, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  if (++escalation.next_tier < static_cast<int>(escalation.tiers.size())) return;
  if (escalation.loop < escalation.repeat) {
    escalation.loop_at +=
        escalation.tiers.back().delay * kNanosPerMilli + escalation.repeat_interval;
    escalation.next_tier = 0;
    ++escalation.loop;
    return;
  }
  escalation.active = false;
  AddEvent(AuditKind::kEscalationFinished, time, "the last tier has been told", decision);
}

}  // namespace

const EscalationPolicy* ChoosePolicy(const IncidentsConfig& config, Severity severity,
                                     const Alert& alert) {
  const auto wanted = alert.annotations.find("outrider_escalation");
  if (wanted != alert.annotations.end()) {
    for (const EscalationPolicy& policy : config.escalation_policies) {
      if (policy.name == wanted->second) return &policy;
    }
  }
  for (const EscalationPolicy& policy : config.escalation_policies) {
    if (policy.severities.empty() || std::find(policy.severities.begin(), policy.severities.end(),
                                               severity) != policy.severities.end()) {
      return &policy;
    }
  }
  return nullptr;
}

void RunEscalation(Nanos due, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  while (escalation.active && TierDue(escalation) <= due) {
    const Nanos time = TierDue(escalation);
    // A tier that nobody is on does not cost the wait for the next one: it is skipped to at once.
    const bool nobody =
        escalation.tiers[static_cast<size_t>(escalation.next_tier)].receivers.empty();
    PageTier(time, decision);
    Advance(time, decision);
    if (nobody && escalation.active && escalation.next_tier > 0) {
      escalation.loop_at -= TierDue(escalation) - time;
    }
  }
  decision->timers.push_back(
      {TimerKind::kEscalate, escalation.active ? TierDue(escalation) : Nanos{0}});
}

void StartEscalation(Nanos now, IncidentDecision* decision) {
  Escalation& escalation = decision->incident.escalation;
  escalation.started_at = now;
  escalation.loop_at = now;
  escalation.loop = 0;
  escalation.next_tier = 0;
  escalation.active = !escalation.tiers.empty();
  escalation.held_at = 0;
  RunEscalation(now, decision);
}

void CancelEscalation(IncidentDecision* decision) {
  ++decision->incident.epoch;
  decision->incident.escalation.active = false;
  decision->incident.escalation.held_at = 0;
  decision->timers.push_back({TimerKind::kEscalate, 0});
}

IncidentDecision OnEscalationTimer(const Incident& incident, Nanos due) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  if (escalation.held_at != 0) {
    escalation.loop_at += due - escalation.held_at;
    escalation.held_at = 0;
  }
  RunEscalation(due, &decision);
  return decision;
}

IncidentDecision HoldEscalation(const Incident& incident, int tier, std::string_view why,
                                Nanos now) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  Escalation& escalation = decision.incident.escalation;
  decision.timers.push_back({TimerKind::kEscalate, 0});
  if (escalation.held_at != 0) return decision;
  escalation.held_at = now;
  AddEvent(AuditKind::kEscalationSkipped, now, fmt::format("tier {} not paged: {}", tier + 1, why),
           &decision);
  return decision;
}

}  // namespace outrider
