// SPDX-License-Identifier: Apache-2.0
// SLA clocks. A warning or breach is decided by its timer and marked on the clock, so it happens
// exactly once; the breach timer stands one nanosecond behind the deadline, because exactly the
// target is met. Source: specs/incidents_oncall_slo.md §2.4.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/decisions.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

enum class Mark : uint8_t { kWarn50, kWarn80, kBreach };
struct SlaTimer {
  TimerKind timer;
  SlaKind clock;
  Mark mark;
};
constexpr SlaTimer kTimers[] = {
    {TimerKind::kAckWarn50, SlaKind::kAcknowledge, Mark::kWarn50},
    {TimerKind::kAckWarn80, SlaKind::kAcknowledge, Mark::kWarn80},
    {TimerKind::kAckBreach, SlaKind::kAcknowledge, Mark::kBreach},
    {TimerKind::kResolveWarn50, SlaKind::kResolve, Mark::kWarn50},
    {TimerKind::kResolveWarn80, SlaKind::kResolve, Mark::kWarn80},
    {TimerKind::kResolveBreach, SlaKind::kResolve, Mark::kBreach},
};

Nanos DueOf(const SlaClock& clock, Mark mark) {
  switch (mark) {
    case Mark::kWarn50:
      return clock.WarnAt(50);
    case Mark::kWarn80:
      return clock.WarnAt(80);
    case Mark::kBreach:
      break;
  }
  return clock.DeadlineAt() + 1;
}

bool Done(const SlaClock& clock, Mark mark) {
  if (clock.breached_at != 0) return true;
  switch (mark) {
    case Mark::kWarn50:
      return clock.warned_50_at != 0;
    case Mark::kWarn80:
      return clock.warned_80_at != 0;
    case Mark::kBreach:
      break;
  }
  return false;
}

// What is over by `now` is told at once, not in the past.
void SetTimers(SlaKind kind, Nanos now, IncidentDecision* decision) {
  const SlaClock& clock = decision->incident.Clock(kind);
  for (const SlaTimer& timer : kTimers) {
    if (timer.clock != kind) continue;
    const bool wanted = clock.Running() && !Done(clock, timer.mark);
    decision->timers.push_back({timer.timer, wanted ? std::max(DueOf(clock, timer.mark), now) : 0});
  }
}

void AddSlaEvent(AuditKind kind, const SlaClock& clock, Nanos time, std::string text,
                 IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = time;
  event.to = SlaKindText(clock.kind);
  event.text = std::move(text);
  decision->events.push_back(std::move(event));
}

std::string TargetText(const SlaClock& clock) {
  return FormatDuration(clock.target / kNanosPerMilli);
}

void Breach(SlaKind kind, Nanos time, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (clock.breached_at != 0) return;
  clock.breached_at = clock.DeadlineAt();
  AddSlaEvent(AuditKind::kSlaBreached, clock, time,
              fmt::format("not {}d within {}", SlaKindText(kind), TargetText(clock)), decision);
}

// The timer may be late (a downtime, a suspended machine): late is late, whoever notices, and it
// happened when the timer was due.
void BreachIfOver(SlaKind kind, Nanos now, IncidentDecision* decision) {
  const SlaClock& clock = decision->incident.Clock(kind);
  if (now > clock.DeadlineAt()) Breach(kind, DueOf(clock, Mark::kBreach), decision);
}

}  // namespace

void StartSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const SlaTarget& target = config.sla[static_cast<size_t>(incident.severity)];
  for (const SlaKind kind : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    SlaClock& clock = incident.Clock(kind);
    clock = {};
    clock.kind = kind;
    clock.started_at = now;
    clock.target =
        (kind == SlaKind::kAcknowledge ? target.acknowledge : target.resolve) * kNanosPerMilli;
    SetTimers(kind, now, decision);
  }
}

void RetargetSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const SlaTarget& target = config.sla[static_cast<size_t>(incident.severity)];
  for (const SlaKind kind : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    SlaClock& clock = incident.Clock(kind);
    if (!clock.Running() || clock.breached_at != 0) continue;
    clock.target =
        (kind == SlaKind::kAcknowledge ? target.acknowledge : target.resolve) * kNanosPerMilli;
    if (now > clock.DeadlineAt()) Breach(kind, now, decision);
    SetTimers(kind, now, decision);
  }
}

void StopSla(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (!clock.Running()) return;
  BreachIfOver(kind, now, decision);
  clock.stopped_at = now;
  SetTimers(kind, now, decision);
}

void DiscardSla(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (!clock.Running()) return;
  BreachIfOver(kind, now, decision);
  if (clock.breached_at != 0) {
    clock.stopped_at = now;
  } else {
    clock.discarded = true;
  }
  SetTimers(kind, now, decision);
}

void RestartSla(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (clock.Running()) return;
  clock.stopped_at = 0;
  clock.discarded = false;
  if (now > clock.DeadlineAt()) Breach(kind, now, decision);
  SetTimers(kind, now, decision);
}

IncidentDecision OnSlaTimer(const Incident& incident, TimerKind kind, Nanos due) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  for (const SlaTimer& timer : kTimers) {
    if (timer.timer != kind) continue;
    SlaClock& clock = decision.incident.Clock(timer.clock);
    if (!clock.Running() || Done(clock, timer.mark) || due < DueOf(clock, timer.mark)) break;
    if (timer.mark == Mark::kBreach) {
      Breach(timer.clock, due, &decision);
      break;
    }
    const bool half = timer.mark == Mark::kWarn50;
    (half ? clock.warned_50_at : clock.warned_80_at) = due;
    AddSlaEvent(AuditKind::kSlaWarning, clock, due,
                fmt::format("{} % of the {} to {} are over", half ? 50 : 80, TargetText(clock),
                            SlaKindText(timer.clock)),
                &decision);
  }
  return decision;
}

}  // namespace outrider
