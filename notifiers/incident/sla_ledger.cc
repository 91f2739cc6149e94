// SPDX-License-Identifier: Apache-2.0
// Clocks as the audit trail tells of them: the same that the incident had.
#include <charconv>

#include "notifiers/config/sla_config.h"
#include "notifiers/incident/report.h"
#include "storage/base/business_calendar.h"

namespace outrider {
namespace {

constexpr SlaKind kKinds[] = {SlaKind::kAcknowledge, SlaKind::kResolve};

const std::string* Find(const AuditEvent& event, const std::string& name) {
  const auto found = event.data.find(name);
  return found == event.data.end() ? nullptr : &found->second;
}

bool ReadNumber(const AuditEvent& event, const std::string& name, int64_t* out) {
  const std::string* text = Find(event, name);
  if (text == nullptr) return false;
  const char* end = text->data() + text->size();
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || rest != end) return false;
  *out = value;
  return true;
}

void TakeSeverity(const std::string& text, SlaLedger::Entry* entry) {
  if (const auto severity = ParseSeverity(text)) entry->severity = *severity;
}

// Severity, team, service and targets, of whatever event has them.
void TakeTargets(const AuditEvent& event, SlaLedger::Entry* entry) {
  if (const std::string* severity = Find(event, "severity")) TakeSeverity(*severity, entry);
  if (const std::string* team = Find(event, "team")) entry->team = *team;
  if (const std::string* service = Find(event, "service")) entry->service = *service;
  for (const SlaKind kind : kKinds) {
    SlaClock& clock = entry->clocks[static_cast<size_t>(kind)];
    const std::string name(SlaKindText(kind));
    if (ReadNumber(event, name + "_target_ns", &clock.target)) entry->facts = true;
  }
}

// A clock that stopped, runs again, stands still or goes on.
void TakeState(const AuditEvent& event, SlaKind kind, SlaClock* clock) {
  const std::string name(SlaKindText(kind));
  const std::string* state = Find(event, name + "_state");
  if (state == nullptr) return;
  const bool stopped = *state == "stopped";
  const bool discarded = *state == "discarded";
  if (!stopped && !discarded) {
    // What was closed for long did not count meanwhile: its pauses grew by it.
    int64_t paused = 0;
    ReadNumber(event, name + "_paused_ns", &paused);
    const bool reopened = !clock->Running();
    const Nanos closed_at = clock->stopped_at;
    clock->stopped_at = 0;
    clock->discarded = false;
    clock->elapsed = 0;
    if (reopened && paused > clock->paused) clock->pauses.push_back({closed_at, event.time});
    clock->paused = paused;
  }
  const bool standing = *state == "standing";
  if (standing && clock->paused_since == 0) clock->paused_since = event.time;
  if (!standing && clock->paused_since != 0) {
    clock->pauses.push_back({clock->paused_since, event.time});
    clock->paused_since = 0;
  }
  if (!stopped && !discarded) return;
  if (!clock->Running()) return;  // it had stopped before
  ReadNumber(event, name + "_elapsed_ns", &clock->elapsed);
  ReadNumber(event, name + "_paused_ns", &clock->paused);
  clock->stopped_at = event.time;
  clock->discarded = discarded;
}

void TakeBreach(const AuditEvent& event, SlaLedger::Entry* entry) {
  for (const SlaKind kind : kKinds) {
    const std::string* clock = Find(event, "clock");
    if (clock == nullptr || *clock != SlaKindText(kind)) continue;
    Nanos deadline = event.time;
    ReadNumber(event, "deadline_ns", &deadline);
    entry->clocks[static_cast<size_t>(kind)].breached_at = deadline;
  }
}

// By another calendar: what counted until it stopped, or counts by `now`.
void Recalculate(std::shared_ptr<const BusinessCalendar> calendar, Nanos now, SlaClock* clock) {
  SlaClock again = *clock;
  again.calendar = std::move(calendar);
  again.paused = 0;  // the sum by the old one
  again.stopped_at = 0;
  again.discarded = false;
  const Nanos until = clock->Running() ? now : clock->stopped_at;
  clock->elapsed = again.ElapsedAt(until);
  const bool late = clock->elapsed > again.target;
  clock->breached_at = late ? again.DeadlineAt() : 0;
  if (clock->discarded && late) clock->discarded = false;
}

}  // namespace

void SlaLedger::Take(const AuditEvent& event) {
  if (event.kind == AuditKind::kOpened) {
    if (event.time < query_.from || event.time >= query_.to) return;
    Entry& entry = entries_[event.subject];
    entry.opened_at = event.time;
    for (const SlaKind kind : kKinds) {
      SlaClock& clock = entry.clocks[static_cast<size_t>(kind)];
      clock.kind = kind;
      clock.started_at = event.time;
    }
    TakeTargets(event, &entry);
    return;
  }
  const auto found = entries_.find(event.subject);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (event.kind == AuditKind::kSeverityRaised || event.kind == AuditKind::kSeverityLowered) {
    TakeSeverity(event.to, &entry);
  }
  if (event.kind == AuditKind::kSlaBreached) TakeBreach(event, &entry);
  TakeTargets(event, &entry);
  for (const SlaKind kind : kKinds) {
    TakeState(event, kind, &entry.clocks[static_cast<size_t>(kind)]);
  }
}

SlaReport SlaLedger::Recalculated(const IncidentsConfig& config, Nanos now) const {
  std::map<std::string, Entry> entries = entries_;
  for (auto& [id, entry] : entries) {
    for (SlaClock& clock : entry.clocks) {
      Recalculate(CalendarOf(config, entry.severity), now, &clock);
    }
  }
  return Make(entries);
}

}  // namespace outrider
