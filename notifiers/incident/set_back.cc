// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/set_back.h"

namespace outrider {
namespace {

void Move(int64_t by, Nanos* time) {
  if (*time != 0) *time -= by;
}

void Move(int64_t by, SlaClock* clock) {
  for (Nanos* time : {&clock->started_at, &clock->paused_since, &clock->stopped_at,
                      &clock->warned_50_at, &clock->warned_80_at, &clock->breached_at}) {
    Move(by, time);
  }
  for (SlaPause& pause : clock->pauses) {
    pause.from -= by;
    pause.to -= by;
  }
}

// As ElapsedAt, and below zero where its pauses are longer than its time.
int64_t CountedAt(SlaClock clock, Nanos now) {
  constexpr int64_t kMore = INT64_MAX / 4;
  clock.paused -= kMore;
  return clock.ElapsedAt(now) - kMore;
}

void SetBack(int64_t by, Nanos now, SlaClock* clock) {
  const int64_t before = CountedAt(*clock, now + by);
  Move(by, clock);
  if (clock->calendar != nullptr && clock->Running()) {
    clock->paused += CountedAt(*clock, now) - before;
  }
}

}  // namespace

void SetBack(int64_t by, Nanos now, Incident* incident) {
  for (Nanos* time :
       {&incident->moved_at, &incident->received_at, &incident->starts_at, &incident->updated_at,
        &incident->acknowledged_at, &incident->resolved_at, &incident->last_alert_at,
        &incident->ack_asked_at, &incident->escalation.started_at, &incident->escalation.loop_at,
        &incident->escalation.held_at}) {
    Move(by, time);
  }
  for (SlaClock& clock : incident->sla) SetBack(by, now, &clock);
}

}  // namespace outrider
