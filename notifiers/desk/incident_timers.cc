// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/incident_timers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace outrider {
namespace {

constexpr std::array<TimerKind, 3> kMarks[kSlaKindCount] = {
    {TimerKind::kAckWarn50, TimerKind::kAckWarn80, TimerKind::kAckBreach},
    {TimerKind::kResolveWarn50, TimerKind::kResolveWarn80, TimerKind::kResolveBreach}};

std::optional<SlaKind> ClockOf(TimerKind kind) {
  for (const SlaKind clock : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    const auto& marks = kMarks[static_cast<size_t>(clock)];
    if (std::ranges::find(marks, kind) != marks.end()) return clock;
  }
  return std::nullopt;
}

void SetOrCancel(Transaction& tx, TimerKind kind, const std::string& id, Nanos due) {
  if (due != 0) {
    tx.SetTimer(kind, id, due);
  } else if (tx.TimerDue(kind, id) != 0) {
    tx.CancelTimer(kind, id);
  }
}

// What the decision wants of the timer last; nothing when it does not speak of it.
std::optional<Nanos> Wanted(const IncidentDecision& decision, TimerKind kind) {
  std::optional<Nanos> due;
  for (const TimerChange& timer : decision.timers) {
    if (timer.kind == kind) due = timer.due;
  }
  return due;
}

// The earliest mark of the clock that is wanted, with the time 0 if none is; nothing when the
// decision does not speak of the clock.
std::optional<TimerChange> NextMark(const IncidentDecision& decision, SlaKind clock) {
  bool spoken_of = false;
  TimerChange next;
  for (const TimerKind mark : kMarks[static_cast<size_t>(clock)]) {
    const std::optional<Nanos> due = Wanted(decision, mark);
    spoken_of = spoken_of || due.has_value();
    if (due.value_or(0) != 0 && (next.due == 0 || *due < next.due)) next = {mark, *due};
  }
  return spoken_of ? std::optional(next) : std::nullopt;
}

Nanos DueOf(const TimerChange& next, TimerKind mark) { return mark == next.kind ? next.due : 0; }

// The earliest mark that is wanted has its timer, the others have none.
void SetClock(Transaction& tx, const IncidentDecision& decision, SlaKind clock) {
  const std::optional<TimerChange> next = NextMark(decision, clock);
  if (!next) return;
  for (const TimerKind mark : kMarks[static_cast<size_t>(clock)]) {
    SetOrCancel(tx, mark, decision.incident.id, DueOf(*next, mark));
  }
}

}  // namespace

void SetIncidentTimers(Transaction& tx, const IncidentDecision& decision) {
  for (const TimerChange& timer : decision.timers) {
    if (ClockOf(timer.kind)) continue;
    SetOrCancel(tx, timer.kind, decision.incident.id, timer.due);
  }
  for (const SlaKind clock : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    SetClock(tx, decision, clock);
  }
}

bool MovesSlaTimers(const Transaction& tx, Nanos now, IncidentDecision* decision) {
  bool moves = false;
  for (const SlaKind clock : {SlaKind::kAcknowledge, SlaKind::kResolve}) {
    const std::optional<TimerChange> next = NextMark(*decision, clock);
    const auto& marks = kMarks[static_cast<size_t>(clock)];
    const bool stays = !next || std::ranges::all_of(marks, [&](TimerKind mark) {
      return tx.TimerDue(mark, decision->incident.id) == DueOf(*next, mark);
    });
    if (stays) continue;
    moves = true;
    for (TimerChange& timer : decision->timers) {
      if (ClockOf(timer.kind) == clock && timer.due != 0) timer.due = std::max(timer.due, now);
    }
  }
  return moves;
}

void SetNextSlaTimer(Transaction& tx, const Incident& incident, TimerKind ran, Nanos due) {
  const std::optional<SlaKind> clock = ClockOf(ran);
  if (!clock) return;
  const TimerChange next = NextSlaTimer(incident, *clock);
  if (next.due != 0) tx.SetTimer(next.kind, incident.id, std::max(next.due, due));
}

}  // namespace outrider
