// SPDX-License-Identifier: Apache-2.0
// SLA clocks. A warning or breach is decided by its timer and marked on the clock, so it happens
// exactly once; the breach timer stands one nanosecond behind the deadline, because exactly the
// target is met. Source: specs/incidents_oncall_slo.md §2.4.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/sla_config.h"
#include "notifiers/incident/decisions.h"
#include "notifiers/incident/sla_facts.h"
#include "storage/base/business_calendar.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};
constexpr size_t kMostPauses = 256;

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

// 0: not known while the clock stands still.
Nanos DueOf(const SlaClock& clock, Mark mark) {
  switch (mark) {
    case Mark::kWarn50:
      return clock.WarnAt(50);
    case Mark::kWarn80:
      return clock.WarnAt(80);
    case Mark::kBreach:
      break;
  }
  const Nanos deadline = clock.DeadlineAt();
  return deadline == 0 ? 0 : deadline + 1;
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
    const bool wanted = clock.Running() && !clock.Standing() && !Done(clock, timer.mark);
    decision->timers.push_back({timer.timer, wanted ? std::max(DueOf(clock, timer.mark), now) : 0});
  }
}

std::string TargetText(const SlaClock& clock) {
  return FormatDuration(clock.target / kNanosPerMilli);
}

AuditEvent& AddSlaEvent(AuditKind kind, const SlaClock& clock, Nanos time, std::string text,
                        IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = time;
  event.to = SlaKindText(clock.kind);
  event.text = std::move(text);
  event.data = {{"clock", std::string(SlaKindText(clock.kind))},
                {"target_ns", fmt::to_string(clock.target)},
                {"elapsed_ns", fmt::to_string(clock.ElapsedAt(time))}};
  decision->events.push_back(std::move(event));
  return decision->events.back();
}

void Breach(SlaKind kind, Nanos time, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (clock.breached_at != 0) return;
  clock.breached_at = clock.DeadlineAt();
  AddSlaEvent(AuditKind::kSlaBreached, clock, time,
              fmt::format("not {}d within {}", SlaKindText(kind), TargetText(clock)), decision)
      .data["deadline_ns"] = fmt::to_string(clock.breached_at);
}

// The timer may be late (a downtime, a suspended machine): late is late, whoever notices, and it
// happened when the timer was due.
void BreachIfOver(SlaKind kind, Nanos now, IncidentDecision* decision) {
  const SlaClock& clock = decision->incident.Clock(kind);
  if (clock.ElapsedAt(now) > clock.target) Breach(kind, DueOf(clock, Mark::kBreach), decision);
}

// A target that was not there before: what of it is over cannot be warned of any more.
void PassWarnings(Nanos now, SlaClock* clock) {
  const int64_t elapsed = clock->ElapsedAt(now);
  if (clock->warned_50_at == 0 && elapsed >= clock->target / 100 * 50) clock->warned_50_at = now;
  if (clock->warned_80_at == 0 && elapsed >= clock->target / 100 * 80) clock->warned_80_at = now;
}

int64_t TargetOf(const IncidentsConfig& config, Severity severity, SlaKind kind) {
  const SlaTarget& target = config.sla[static_cast<size_t>(severity)];
  return (kind == SlaKind::kAcknowledge ? target.acknowledge : target.resolve) * kNanosPerMilli;
}

// The pause that runs is over.
void EndPause(Nanos now, SlaClock* clock) {
  if (!clock->Standing()) return;
  if (now > clock->paused_since) clock->pauses.push_back({clock->paused_since, now});
  clock->paused_since = 0;
  if (clock->pauses.size() <= kMostPauses) return;
  // Of very many, the oldest are remembered as a sum; another calendar does not change it.
  const SlaPause& oldest = clock->pauses.front();
  clock->paused += clock->calendar == nullptr ? oldest.to - oldest.from
                                              : clock->calendar->Between(oldest.from, oldest.to);
  clock->pauses.erase(clock->pauses.begin());
}

void AddRetargeted(std::string text, Nanos now, IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = AuditKind::kSlaRetargeted;
  event.time = now;
  event.text = std::move(text);
  AddTargetFacts(decision->incident, &event.data);
  decision->events.push_back(std::move(event));
}

// A clock that another target or calendar was given.
void Reckon(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (clock.ElapsedAt(now) > clock.target) {
    Breach(kind, now, decision);
  } else {
    PassWarnings(now, &clock);
  }
  SetTimers(kind, now, decision);
}

}  // namespace

void StartSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = incident.Clock(kind);
    clock = {};
    clock.kind = kind;
    clock.started_at = now;
    clock.target = TargetOf(config, incident.severity, kind);
    clock.calendar = CalendarOf(config, incident.severity);
    SetTimers(kind, now, decision);
  }
  for (AuditEvent& event : decision->events) {
    if (event.kind == AuditKind::kOpened) AddTargetFacts(incident, &event.data);
  }
}

void RetargetSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  std::string text;
  std::vector<SlaKind> changed;
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = incident.Clock(kind);
    if (!clock.Running() || clock.breached_at != 0) continue;
    BreachIfOver(kind, now, decision);  // its timer may be late
    if (clock.breached_at != 0) {
      SetTimers(kind, now, decision);
      continue;
    }
    const int64_t target = TargetOf(config, incident.severity, kind);
    const std::shared_ptr<const BusinessCalendar> calendar = CalendarOf(config, incident.severity);
    if (clock.target == target && clock.calendar == calendar) continue;
    const std::string before = TargetText(clock);
    clock.target = target;
    clock.calendar = calendar;
    text += fmt::format("{}{} to {}, was {}", text.empty() ? "" : "; ", TargetText(clock),
                        SlaKindText(kind), before);
    changed.push_back(kind);
  }
  if (changed.empty()) return;
  AddRetargeted(std::move(text), now, decision);
  for (const SlaKind kind : changed) Reckon(kind, now, decision);
}

void RecountSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  std::string text;
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = incident.Clock(kind);
    if (clock.calendar == nullptr) continue;
    const std::string name = clock.calendar->name();
    clock.calendar = FindCalendar(config.sla_rules, name);
    if (clock.calendar != nullptr) continue;
    clock.calendar = CalendarOf(config, incident.severity);
    text = fmt::format("there is no calendar {} any more: {} counts", name,
                       clock.calendar == nullptr ? "all time" : clock.calendar->name());
  }
  if (!text.empty()) AddRetargeted(std::move(text), now, decision);
  for (const SlaKind kind : kKinds) {
    if (incident.Clock(kind).Running() && incident.Clock(kind).breached_at == 0) {
      SetTimers(kind, /*now=*/0, decision);
    }
  }
}

void StopSla(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (kind == SlaKind::kResolve) decision->incident.pauses.clear();
  if (!clock.Running()) return;
  EndPause(now, &clock);
  BreachIfOver(kind, now, decision);
  clock.elapsed = clock.ElapsedAt(now);
  clock.stopped_at = now;
  SetTimers(kind, now, decision);
}

void DiscardSla(SlaKind kind, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (!clock.Running()) return;
  EndPause(now, &clock);
  BreachIfOver(kind, now, decision);
  clock.elapsed = clock.ElapsedAt(now);
  if (clock.breached_at != 0) {
    clock.stopped_at = now;
  } else {
    clock.discarded = true;
  }
  SetTimers(kind, now, decision);
}

void RestartSla(SlaKind kind, Nanos closed_at, Nanos now, IncidentDecision* decision) {
  SlaClock& clock = decision->incident.Clock(kind);
  if (clock.Running()) return;
  clock.stopped_at = 0;
  clock.discarded = false;
  clock.elapsed = 0;
  if (closed_at != 0) {
    clock.paused_since = closed_at;
    EndPause(now, &clock);
  }
  if (clock.ElapsedAt(now) > clock.target) Breach(kind, now, decision);
  SetTimers(kind, now, decision);
}

void StandSla(Nanos now, IncidentDecision* decision) {
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = decision->incident.Clock(kind);
    if (!clock.Running() || clock.Standing()) continue;
    BreachIfOver(kind, now, decision);
    clock.paused_since = now;
    SetTimers(kind, now, decision);
  }
}

void ContinueSla(Nanos now, IncidentDecision* decision) {
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = decision->incident.Clock(kind);
    if (!clock.Standing()) continue;
    EndPause(now, &clock);
    SetTimers(kind, now, decision);
  }
}

IncidentDecision OnSlaTimer(const Incident& incident, TimerKind kind, Nanos due, Nanos now) {
  IncidentDecision decision{.incident = incident, .events = {}, .timers = {}, .pages = {}};
  for (const SlaTimer& timer : kTimers) {
    if (timer.timer != kind) continue;
    SlaClock& clock = decision.incident.Clock(timer.clock);
    if (!clock.Running() || clock.Standing() || Done(clock, timer.mark)) break;
    if (due < DueOf(clock, timer.mark)) break;
    if (timer.mark == Mark::kBreach) {
      Breach(timer.clock, due, &decision);
      break;
    }
    const bool half = timer.mark == Mark::kWarn50;
    (half ? clock.warned_50_at : clock.warned_80_at) = due;
    AuditEvent& event = AddSlaEvent(AuditKind::kSlaWarning, clock, due,
                                    fmt::format("{} % of the {} to {} are over", half ? 50 : 80,
                                                TargetText(clock), SlaKindText(timer.clock)),
                                    &decision);
    event.data["percent"] = half ? "50" : "80";
    if (clock.ElapsedAt(now) > clock.target) event.data["overtaken"] = "breach";
  }
  return decision;
}

TimerChange NextSlaTimer(const Incident& incident, SlaKind kind) {
  const SlaClock& clock = incident.Clock(kind);
  TimerChange next;
  if (!clock.Running() || clock.Standing()) return next;
  for (const SlaTimer& timer : kTimers) {
    if (timer.clock != kind || Done(clock, timer.mark)) continue;
    const Nanos due = DueOf(clock, timer.mark);
    if (next.due == 0 || due < next.due) next = {timer.timer, due};
  }
  return next;
}

}  // namespace outrider
