// SPDX-License-Identifier: Apache-2.0
// The model's own timers: what is due at a tick, in order, each at its own time.
#include <algorithm>
#include <functional>

#include "tests/sim/incident_model.h"

namespace outrider::sim {

// What is due by now, in order, each at its own time.
void IncidentModel::Tick(Nanos now) {
  do {
    while (RunEarliest(now)) NoteHeld(wall_);
  } while (AskThoseDue(now));
  wall_ = now;
  for (Case& incident : cases_) {
    for (MissClock Case::* clock : {&Case::answer, &Case::mend}) {
      if ((incident.*clock).paused_since == 0) Catch(incident, clock, now);
    }
  }
}

// A question is asked when there is somebody to ask it: by the tick, or by one that a crash ended.
Nanos IncidentModel::AskedAt(const Case& incident, Nanos now) const {
  const auto shown = std::ranges::find(log_.incidents, incident.id, &Shown::id);
  if (shown == log_.incidents.end()) return now;
  int asked = 0;
  for (const AuditEvent& event : shown->events) {
    if (event.kind != AuditKind::kAckReminded || asked++ < incident.asked) continue;
    return event.time >= incident.ask_at && event.time <= now ? event.time : now;
  }
  return now;
}

bool IncidentModel::AskThoseDue(Nanos now) {
  bool asked = false;
  for (Case& incident : cases_) {
    if (incident.ask_at == 0 || incident.ask_at > now) continue;
    const Nanos at = AskedAt(incident, now);
    incident.ask_at = 0;
    const int64_t minutes = setup_->ask_minutes[static_cast<size_t>(incident.severity)];
    if (incident.phase != Phase::kAcknowledged || incident.whole != nullptr || minutes == 0) {
      continue;
    }
    if (incident.snoozed > at) {
      incident.ask_at = incident.snoozed;
    } else {
      incident.unanswered_at = at + setup_->confirm_minutes * kMin;
      ++incident.asked;
    }
    asked = true;
  }
  return asked;
}

// When it is opened again because it fires on; 0: never.
Nanos IncidentModel::FiresOnAt(const Case& incident) const {
  const bool fires_on = !incident.Open() && incident.resolved_by_person &&
                        !incident.firing.empty() && incident.whole == nullptr &&
                        setup_->still_firing_minutes > 0;
  if (!fires_on) return 0;
  return std::max(incident.resolved + setup_->still_firing_minutes * kMin, incident.fires_on_from);
}

bool IncidentModel::RunEarliest(Nanos now) {
  Nanos due = now + 1;
  std::function<void()> run;
  const auto offer = [&](Nanos time, auto what) {
    if (time == 0 || time >= due) return;
    due = time;
    run = what;
  };
  for (auto& [number, signal] : signals_) {
    offer(signal.settles, [this, &signal, n = number] {
      signal.settles = 0;
      if (!IsSilenced(n, wall_)) Feed(n, wall_);
    });
  }
  for (Silent& silence : silences_) {
    offer(silence.edge, [this, &silence] {
      silence.edge = 0;
      RecheckWaiting(wall_);
    });
  }
  for (const auto& [name, edge] : edges_) {
    offer(edge, [this, n = &name] { OnWorksEdge(*n, wall_); });
  }
  offer(outage_until_, [this] { outage_until_ = 0; });
  for (size_t i = 0; i < setup_->beats.size(); ++i) {
    Pulse& pulse = pulses_[setup_->beats[i].name];
    if (pulse.missing) continue;
    offer(std::max(pulse.heard, pulse.since) + (setup_->beats[i].minutes + 1) * kMin + 1,
          [this, &pulse, i] {
            pulse.missing = true;
            Began(kFirstBeat + static_cast<int>(i), wall_);
          });
  }
  for (Case& incident : cases_) {
    offer(incident.snoozed, [this, &incident] {
      Wake(incident, wall_);
      if (incident.phase == Phase::kNew) Climb(incident, wall_);
    });
    offer(incident.unanswered_at, [this, &incident] {
      incident.unanswered_at = 0;
      if (setup_->ask_minutes[static_cast<size_t>(incident.severity)] == 0) return;
      Move(incident, Phase::kNew, "", wall_);
      Climb(incident, wall_);
    });
    offer(FiresOnAt(incident), [this, &incident] { Reopen(incident, -1, wall_); });
  }
  if (!run) return false;
  wall_ = due;
  run();
  return true;
}

// What an edit wants to have been done by then is done now, unless it was overdue before the edit:
// a process that was not there catches up.
void IncidentModel::ReviseFiresOn(int64_t minutes_before, Nanos now) {
  for (Case& incident : cases_) {
    const Nanos due = std::max(incident.resolved + minutes_before * kMin, incident.fires_on_from);
    if (minutes_before == 0 || due > now) incident.fires_on_from = now;
  }
}

bool IncidentModel::IsWritten(const Case& incident, const std::string& clock, Nanos time) const {
  const auto shown = std::ranges::find(log_.incidents, incident.id, &Shown::id);
  return shown != log_.incidents.end() &&
         std::ranges::any_of(shown->events, [&](const AuditEvent& event) {
           return event.kind == AuditKind::kSlaBreached && event.to == clock && event.time == time;
         });
}

// Opened again because it fired on, by a start that crashed before anybody could see it. Only the
// record knows.
void IncidentModel::NoteReopened(Nanos lived) {
  for (Case& incident : cases_) {
    const Nanos due = FiresOnAt(incident);
    const auto shown = std::ranges::find(log_.incidents, incident.id, &Shown::id);
    if (due == 0 || due > lived || shown == log_.incidents.end()) continue;
    const bool written = std::ranges::any_of(shown->events, [&](const AuditEvent& event) {
      return event.kind == AuditKind::kStateChanged && event.to == "new" && event.time == due;
    });
    if (written) Reopen(incident, -1, due);
  }
}

// A miss that was written before anybody noticed that the clock was set back keeps its time: a
// start may have come that far before it crashed. Only the record knows.
void IncidentModel::NoteWritten(Nanos lived) {
  for (Case& incident : cases_) {
    for (MissClock Case::* clock : {&Case::answer, &Case::mend}) {
      const MissClock& it = incident.*clock;
      if (!it.running || it.missed || it.Elapsed(lived) <= it.target) continue;
      const Nanos time = it.started + it.paused + it.target + 1;
      const char* name = clock == &Case::answer ? "acknowledge" : "resolve";
      if (IsWritten(incident, name, time)) MissNow(incident, clock, time);
    }
  }
}

// Misses are not synced: one of the life that the power cut ended may be lost, and was none yet by
// the clock that was set back meanwhile.
void IncidentModel::ForgetLost() {
  const size_t next = place_ + 1;
  if (next >= log_.facts.size() || !log_.facts[next].power_cut) return;
  size_t start = place_;
  while (start > 0 && log_.facts[start].kind != FactKind::kStart) --start;
  for (Case& incident : cases_) {
    std::erase_if(incident.misses, [&](const Miss& miss) {
      MissClock& it = miss.clock == "acknowledge" ? incident.answer : incident.mend;
      const bool lost =
          it.running && miss.place > start && !IsWritten(incident, miss.clock, miss.time);
      if (lost) it.missed = false;
      return lost;
    });
  }
}

// The clock was set back: what counts from a moment goes on, what is planned by the calendar stays.
void IncidentModel::SetBack(int64_t by, Nanos now) {
  const auto move = [by](Nanos& time) {
    if (time != 0 && time != INT64_MAX) time -= by;
  };
  ForgetLost();
  NoteReopened(now + by);
  NoteWritten(now + by);
  for (Case& incident : cases_) {
    for (Nanos* time :
         {&incident.received, &incident.resolved, &incident.last_alert, &incident.ask_at,
          &incident.unanswered_at, &incident.fires_on_from, &incident.answer.started,
          &incident.answer.paused_since, &incident.mend.started, &incident.mend.paused_since}) {
      move(*time);
    }
    for (Stretch& stretch : incident.stretches) {
      for (Nanos* time : {&stretch.start, &stretch.end, &stretch.noticed, &stretch.latest}) {
        move(*time);
      }
    }
    for (Period& held : incident.held) {
      move(held.from);
      move(held.to);
    }
  }
  for (auto& [number, signal] : signals_) move(signal.settles);
  for (auto& [name, pulse] : pulses_) {
    move(pulse.heard);
    move(pulse.since);
  }
  move(outage_until_);
  for (Silent& silence : silences_) {
    move(silence.from);  // it began when it was made
    if (silence.by_hand) move(silence.to);
    silence.edge = silence.to > now ? silence.to : 0;
  }
  set_back_ = by;
  RecheckWaiting(now);
  ReviseEdges(now);
}

}  // namespace outrider::sim
