// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_around.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_sla.h"
#include "notifiers/incident/set_back.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

void Move(int64_t by, Nanos* time) {
  if (*time != 0) *time -= by;
}

// Told to us as it is: nobody moves it on, so it is a moment of the calendar.
bool HasExactEnd(const AlertRecord& record) {
  return record.firing && record.ends_at.nanos != 0 && !record.timeout && !record.refreshed &&
         record.source == AlertSource::kApi;
}

void MoveAlerts(Transaction& tx, int64_t by) {
  for (const uint64_t fingerprint : tx.state().SortedAlerts()) {
    AlertRecord& record = tx.alerts.Edit(fingerprint);
    Move(by, &record.updated_at);
    Move(by, &record.written_at);
    Move(by, &record.turned_at);
    if (HasExactEnd(record)) continue;
    Move(by, &record.starts_at.nanos);
    Move(by, &record.ends_at.nanos);
    Move(by, &record.end_timer);
  }
  tx.DropAlertTimes();
}

void MoveGroups(Transaction& tx, int64_t by) {
  for (const auto& [id, known] : tx.state().groups) {
    GroupRecord& group = tx.groups.Edit(id);
    Move(by, &group.born);
    Move(by, &group.flushed_at);
    for (auto& [integration, entry] : group.log) Move(by, &entry.time);
    for (auto& [integration, time] : group.not_before) Move(by, &time);
    for (auto& [fingerprint, updated_at] : group.flush_resolved) Move(by, &updated_at);
  }
}

// One that was closed long ago matters to nothing any more, and keeps its times.
bool IsOver(const IncidentsConfig& config, const Incident& incident, Nanos now) {
  const int64_t window = std::max(kDay, config.reopen_window) * kNanosPerMilli;
  return !incident.Open() && std::max(incident.resolved_at, incident.last_alert_at) <= now - window;
}

void MoveIncidents(Transaction& tx, int64_t by, Nanos now) {
  for (const auto& [id, known] : tx.state().incidents) {
    if (IsOver(tx.plan().incidents(), *known, now)) continue;
    Incident moved = *known;
    SetBack(by, now, &moved);
    tx.PutIncident(std::move(moved));
  }
}

// Waits for nothing that failed: whether it has to is asked anew.
bool WasPutOff(const OutboxRow& row) {
  return row.kind == OutboxKind::kPage && row.state == OutboxState::kDue &&
         (row.attempt == 0 || row.last_error.starts_with(kQuietReason));
}

void MoveMessages(Transaction& tx, int64_t by, Nanos now) {
  for (const auto& [id, known] : tx.state().outbox) {
    OutboxRow& row = tx.outbox.Edit(id);
    for (Nanos* time : {&row.created_at, &row.due, &row.deadline, &row.sent_at, &row.lease_until}) {
      Move(by, time);
    }
    if (WasPutOff(row)) row.due = std::min(row.due, now);
  }
}

// What has no times of ours, or moments that were told to somebody.
template <typename Record>
void MoveRecord(int64_t /*by*/, Record* /*record*/) {}
void MoveRecord(int64_t by, ContactSteps* record) {
  for (ContactStep& step : record->steps) Move(by, &step.due);
}
void MoveRecord(int64_t by, ContactLoad* record) {
  for (Nanos& time : record->sent) Move(by, &time);
  Move(by, &record->window_since);
}
void MoveRecord(int64_t by, AccountLoad* record) {
  for (Nanos& time : record->sent) Move(by, &time);
}
void MoveRecord(int64_t by, ContactVerification* record) {
  Move(by, &record->asked_at);
  Move(by, &record->expires_at);
}

void MovePaging(Transaction& tx, int64_t by) {
  for (const auto& [key, known] : tx.state().paging) {
    std::visit([by](auto& record) { MoveRecord(by, &record); }, tx.paging.Edit(key));
  }
}

void MoveHeartbeats(Transaction& tx, int64_t by) {
  for (const auto& [name, known] : tx.state().heartbeats) {
    HeartbeatState& state = tx.heartbeats.Edit(name);
    for (Nanos* time : {&state.last_beat, &state.since, &state.missing_since,
                        &state.first_failure_at, &state.failing_since}) {
      Move(by, time);
    }
  }
}

// Of a silence that began when it was made, or was ended by hand, that is a stamp and moves: what
// holds goes on, what was taken off does not come back. What is planned stays.
void MoveSilences(Transaction& tx, int64_t by, Nanos now) {
  for (const auto& [id, known] : *tx.state().silences) {
    Silence silence = known;
    const Nanos changed = silence.updated_at;
    Move(by, &silence.updated_at);
    Move(by, &silence.matched_at);
    if (known.starts_at <= changed) Move(by, &silence.starts_at);
    if (known.ends_at <= changed) Move(by, &silence.ends_at);
    tx.PutSilence(silence);
    RearmSilence(tx, silence, now);
  }
}

// Of these the state says when they are due by the calendar.
bool IsOfCalendar(TimerKind kind) {
  return kind == TimerKind::kSilenceEdge || kind == TimerKind::kSnoozeEnd ||
         kind == TimerKind::kMaintenanceEdge || kind == TimerKind::kOnCallCheck;
}

void MoveTimers(Transaction& tx, int64_t by) {
  for (const auto& [id, timer] : tx.state().timers) {
    if (!IsOfCalendar(id.first)) tx.SetTimer(id.first, id.second, timer.due - by);
  }
}

}  // namespace

void OnSetBack(Transaction& tx, int64_t by, Nanos now) {
  AuditEvent event;
  event.subject = kClockSubject;
  event.kind = AuditKind::kClockSetBack;
  event.time = now;
  event.text = fmt::format("the clock was set back by {}", FormatDuration(by / kNanosPerMilli));
  event.data["by_ns"] = fmt::to_string(by);
  tx.Audit(std::move(event));
  MoveTimers(tx, by);
  MoveAlerts(tx, by);
  MoveGroups(tx, by);
  MoveIncidents(tx, by, now);
  MoveMessages(tx, by, now);
  MovePaging(tx, by);
  MoveHeartbeats(tx, by);
  MoveSilences(tx, by, now);
  tx.effects.set_back = by;
  tx.RequireSync();
  // What the calendar says is another thing now.
  RecountSlaOfAll(tx, now);
  RecheckSuppressed(tx, now);
  SettleAround(tx, /*start=*/false, now);
}

}  // namespace outrider
