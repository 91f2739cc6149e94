// SPDX-License-Identifier: Apache-2.0
// An incident: what people work on. One is open per incidents.group_by labels, fed by alerts that
// fire. All decisions about it are pure functions over values: (incident, event, now) ->
// IncidentDecision (decisions.h). Nobody here reads a clock, sends a message or writes a row.
// Sources: specs/source_systems.md §3.1 to §3.3, specs/incidents_oncall_slo.md §2.3 and §2.4.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/incidents_config.h"
#include "notifiers/incident/policy_steps.h"
#include "storage/base/clock.h"
#include "storage/base/number_set.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"

namespace outrider {

enum class IncidentState : uint8_t { kNew, kAcknowledged, kInvestigating, kResolved };
std::string_view IncidentStateText(
    IncidentState state);  // new, acknowledged, investigating, resolved
std::optional<IncidentState> ParseIncidentState(std::string_view text);

enum class SlaKind : uint8_t { kAcknowledge, kResolve };
inline constexpr int kSlaKindCount = 2;
std::string_view SlaKindText(SlaKind kind);  // acknowledge, resolve

// A clock stood still in [from, to).
struct SlaPause {
  Nanos from = 0;
  Nanos to = 0;
  friend bool operator==(const SlaPause&, const SlaPause&) = default;
};

// One clock of an incident. Breached means: longer than the target; exactly the target is met. What
// counts is what its calendar counts of the time since it was started, without its pauses. (sla.cc)
struct SlaClock {
  SlaKind kind = SlaKind::kAcknowledge;
  bool discarded = false;  // auto-resolved before anybody acknowledged: no sample
  Nanos started_at = 0;    // when the incident was received
  int64_t target = 0;      // nanoseconds
  // Nanoseconds that do not count beside `pauses`; below zero: that count beside the calendar.
  int64_t paused = 0;
  Nanos paused_since = 0;  // it stands still since then; 0: it does not
  Nanos stopped_at = 0;    // acknowledged or resolved; 0 while it runs
  Nanos warned_50_at = 0;  // 0: not yet
  Nanos warned_80_at = 0;
  Nanos breached_at = 0;         // the deadline that was missed; 0: not breached
  int64_t elapsed = 0;           // nanoseconds that counted until it stopped or was discarded
  std::vector<SlaPause> pauses;  // that are over, in order
  std::shared_ptr<const BusinessCalendar> calendar;  // nullptr: all time counts

  // The last moment at which what has counted is within the target; 0 while it stands still.
  Nanos DeadlineAt() const;
  // The first moment at which `percent` of the target have counted; 0 while it stands still.
  Nanos WarnAt(int percent) const;
  // Nanoseconds that have counted by `now`, or until it stopped.
  int64_t ElapsedAt(Nanos now) const;
  // Nanoseconds that counted for nothing because it stood still, by `now`.
  int64_t PausedAt(Nanos now) const;
  bool Running() const { return stopped_at == 0 && !discarded; }
  bool Standing() const { return Running() && paused_since != 0; }
  std::string_view CalendarName() const;  // "" : none
  // Calendars are the same when their names are.
  friend bool operator==(const SlaClock& a, const SlaClock& b);
};

// Where an incident comes from. On disk: add at the end.
enum class IncidentSource : uint8_t {
  kAlerts,
  kHand,
  kHeartbeat,
  kSchedule,
  kAnomaly,
  kHealthCheck,
};
inline constexpr IncidentSource kLastIncidentSource = IncidentSource::kHealthCheck;
// alerts, hand, heartbeat, schedule, anomaly, health_check
std::string_view IncidentSourceText(IncidentSource source);
// Of an alert: what it is about, anomaly or health_check. Anything else is passed over.
inline constexpr std::string_view kSourceAnnotation = "outrider_source";

// The policy as it was when the incident opened: later edits of the file do not change a running
// escalation.
struct Escalation {
  std::string policy;                        // "" when none applies
  std::shared_ptr<const PolicySteps> steps;  // nullptr: none; see tiers() and fallback()
  int64_t repeat_interval = 0;               // nanoseconds
  Nanos started_at = 0;  // tiers' delays count from here (restarts with every epoch)
  Nanos loop_at = 0;     // … of the running loop
  Nanos held_at = 0;     // since when it stands still, all alerts being suppressed; 0: not
  int repeat = 0;
  int loop = 0;          // 0: first round
  int next_tier = 0;     // index of the tier that is due next
  bool active = false;   // false: cancelled, exhausted, or no policy
  bool reached = false;  // the running round has found somebody
  bool by_name = false;  // an alert or a person named the policy: its conditions are not asked

  const std::vector<EscalationTier>& tiers() const;
  const std::vector<std::string>& fallback() const;  // told when a whole round found nobody
};

struct Incident {
  std::string id;   // e.g. "i7k2m9q4t"
  std::string key;  // the group: text of the group_by labels
  Labels group_labels;
  std::string title;    // the first alert's name, else its group labels or labels
  std::string summary;  // the first alert's annotation summary, or description
  std::string runbook;  // the first alert's outrider_runbook or runbook_url
  Labels labels;        // of the first alert
  Severity severity = Severity::kMedium;
  IncidentState state = IncidentState::kNew;

  // Who brought it into this state, when and through which door; "" , 0, "" : nobody has yet.
  std::string moved_by;
  Nanos moved_at = 0;
  std::string moved_via;

  Nanos received_at = 0;  // when it opened; both clocks start here
  Nanos starts_at = 0;    // earliest starts_at of its alerts
  Nanos updated_at = 0;
  Nanos acknowledged_at = 0;  // the first time; an un-acknowledge keeps it
  std::string acknowledged_by;
  Nanos resolved_at = 0;
  std::string resolved_by;  // "" by the system
  int reopened = 0;
  std::string
      previous_id;  // the incident of the same key that was resolved too long ago to be reopened

  IncidentSource source = IncidentSource::kAlerts;
  // Whether it is counted for its team and for its service, decided when it opened
  // (notifiers/desk/incident_shares.h); false: for "".
  bool for_team = false;
  bool for_service = false;
  std::string team;  // values of the labels that name them; "" : nobody's
  std::string service;
  std::string assignee;          // "" : nobody
  Nanos last_alert_at = 0;       // when an alert of it began or ceased to fire last; 0: none did
  Nanos snoozed_until = 0;       // no pages until then; 0: not snoozed
  std::string merged_into;       // its alerts and actions are those of this incident; "" : its own
  Nanos ack_asked_at = 0;        // who acknowledged was asked then and has not answered yet; 0: no
  std::string suppressed_by;     // the incident of a dependency whose outage explains it; "" : none
  std::set<std::string> pauses;  // why its clocks stand still, such as "maintenance:NAME"

  uint64_t count = 0;  // how often an alert of it began to fire
  NumberSet firing;    // fingerprints
  NumberSet alerts;    // all fingerprints ever, at most kMaxIncidentAlerts
  uint32_t epoch =
      1;  // moves on with every acknowledge, resolve, reopen: pages of an older one are dropped
  Escalation escalation;
  std::set<std::string> paged;  // "receiver/kind[index]" that got a page: they hear of the recovery
  uint64_t audit_events = 0;    // how many audit events it has
  std::array<SlaClock, kSlaKindCount> sla;

  // An alert that has not been in it joins quietly (joining.h).
  struct Addition {
    uint64_t fingerprint = 0;
    Nanos starts_at = 0;
    Nanos now = 0;
  };
  void Add(const Addition& alert);

  const SlaClock& Clock(SlaKind kind) const { return sla[static_cast<size_t>(kind)]; }
  SlaClock& Clock(SlaKind kind) { return sla[static_cast<size_t>(kind)]; }
  bool Open() const { return state != IncidentState::kResolved; }
};
inline constexpr size_t kMaxIncidentAlerts = 10'000;

// Family::kIncidents (without the clocks) and Family::kSla.
// Without `firing` and `alerts`: one alert more in an incident of thousands must not write them
// all. Who keeps the rows keeps those sets beside them.
std::string EncodeIncident(const Incident& incident);
// With the sets only of rows of older formats.
StatusOr<Incident> DecodeIncident(std::string_view bytes);
std::string EncodeSlaClock(const SlaClock& clock);
StatusOr<SlaClock> DecodeSlaClock(std::string_view bytes);

}  // namespace outrider
