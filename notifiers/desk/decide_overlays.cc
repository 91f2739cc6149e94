// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_overlays.h"

#include <fmt/format.h>

#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/incident/attention.h"
#include "notifiers/incident/overlays.h"

namespace outrider {
namespace {

// Whom the alerts feed from now on.
void FeedFromNowOn(Transaction& tx, const std::vector<uint64_t>& alerts,
                   const std::string& incident_id) {
  for (const uint64_t fingerprint : alerts) {
    if (tx.alerts.Find(fingerprint) == nullptr) continue;
    tx.alerts.Edit(fingerprint).FeedKnown(incident_id);
  }
}

// Alerts that fire in `whole` and would be of `part`'s group.
std::vector<uint64_t> FiringOf(const Transaction& tx, const Incident& whole, const Incident& part) {
  std::vector<uint64_t> firing;
  for (const uint64_t fingerprint : whole.firing) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr) continue;
    const Labels group = IncidentGroupLabels(tx.plan().incidents(), record->labels());
    if (group.ToString() == part.key) firing.push_back(fingerprint);
  }
  return firing;
}

Status Merge(Transaction& tx, const std::string& id, const std::string& into, const Actor& actor,
             Nanos now) {
  const Incident before = *TRY(FindIncident(tx, id));
  const Incident* whole = TRY(FindIncident(tx, into));
  if (before.merged_into == into) return absl::OkStatus();
  TRY(CheckActsForItself(before));
  // What was merged into it becomes part of the same one, so that no part has parts.
  IncidentDecision merged = TRY(MergeIncident(before, *whole, actor, now));
  for (const std::string& part : tx.PartsOf(id)) {
    const Incident* whole_now = tx.incidents.Find(into);
    ApplyIncident(tx, TRY(MergeIncident(*tx.incidents.Find(part), *whole_now, actor, now)), now);
  }
  FeedFromNowOn(tx, {before.firing.begin(), before.firing.end()}, into);
  PauseInMaintenance(tx, &merged, now);
  ApplyIncident(tx, std::move(merged), now);
  const IncidentsConfig& config = tx.plan().incidents();
  IncidentDecision taken = TakeOver(config, *tx.incidents.Find(into), before, actor, now);
  PauseInMaintenance(tx, &taken, now);
  // Alerts that are not suppressed may have joined one whose others all are: it goes on.
  if (taken.incident.escalation.held_at != 0) {
    taken.timers.push_back({TimerKind::kEscalate, now});
  }
  ApplyIncident(tx, std::move(taken), now);
  RecheckAttached(tx, into, now);
  RecheckDependants(tx, id, now);  // they hang on who has the alerts
  return absl::OkStatus();
}

Status Split(Transaction& tx, const std::string& id, const Actor& actor, Nanos now) {
  const Incident part = *TRY(FindIncident(tx, id));
  const Incident* whole = tx.incidents.Find(part.merged_into);
  std::vector<uint64_t> firing;
  if (whole != nullptr && part.Open()) firing = FiringOf(tx, *whole, part);
  IncidentDecision alone = TRY(UnmergeIncident(part, firing, actor, now));
  AskLater(tx.plan().incidents(), now, &alone);
  PauseInMaintenance(tx, &alone, now);
  FeedFromNowOn(tx, firing, id);
  // Both first, then what each says of the other: a parent that ends takes its parts along.
  if (whole == nullptr) {
    ApplyIncident(tx, std::move(alone), now);
    return absl::OkStatus();
  }
  IncidentDecision rest = GiveBack(*whole, part, firing, actor, now);
  PauseInMaintenance(tx, &rest, now);
  const std::string rest_id = rest.incident.id;
  ApplyIncident(tx, std::move(alone), now);
  ApplyIncident(tx, std::move(rest), now);
  RecheckDependants(tx, rest_id, now);
  return absl::OkStatus();
}

// One overload for each kind of change.
struct Changing {
  Transaction& tx;
  const Incident& incident;
  Actor actor;
  Nanos now;

  const IncidentsConfig& config() const { return tx.plan().incidents(); }
  Status Apply(StatusOr<IncidentDecision> decision) const {
    TRY(decision.status());
    ApplyIncident(tx, *std::move(decision), now);
    return absl::OkStatus();
  }
  Status operator()(const AssignTo& to) const {
    TRY(CheckActsForItself(incident));
    return Apply(AssignIncident(incident, to.assignee, actor, now));
  }
  Status operator()(const SetSeverity& to) const {
    TRY(CheckActsForItself(incident));
    return Apply(ChangeSeverity(config(), incident, to.severity, actor, now));
  }
  Status operator()(const SnoozeUntil& snooze) const {
    TRY(CheckActsForItself(incident));
    return Apply(SnoozeIncident(incident, snooze.until, actor, now));
  }
  Status operator()(const WakeUp&) const {
    TRY(CheckActsForItself(incident));
    return Apply(WakeIncident(incident, actor, now));
  }
  Status operator()(const ConfirmWork&) const {
    TRY(CheckActsForItself(incident));
    return Apply(ConfirmAcknowledgement(config(), incident, actor, now));
  }
  Status operator()(const MergeInto& merge) const {
    return Merge(tx, incident.id, merge.incident_id, actor, now);
  }
  Status operator()(const Unmerge&) const { return Split(tx, incident.id, actor, now); }
};

}  // namespace

StatusOr<const Incident*> FindIncident(const Transaction& tx, const std::string& id) {
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) return NotFound(fmt::format("no incident {}", id));
  return incident;
}

Status CheckActsForItself(const Incident& incident) {
  if (incident.merged_into.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("incident {} is part of {}: act on that one", incident.id, incident.merged_into));
}

Status CheckAwake(const Incident& incident) {
  if (incident.snoozed_until == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("incident {} is snoozed: wake it first", incident.id));
}

Actor ToActor(const HumanAction& human) {
  return {.who = human.who.empty() ? std::string(kAnonymous) : human.who,
          .channel = human.channel,
          .note = human.note,
          .data = human.data};
}

std::string FreeIncidentId(const Transaction& tx, std::string_view seed, Nanos now) {
  for (int salt = 0;; ++salt) {
    std::string id = MakeIncidentId(seed, now, salt);
    if (tx.incidents.Find(id) == nullptr) return id;
  }
}

Status ChangeIncident(Transaction& tx, const IncidentChange& change, const HumanAction& human,
                      Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  TRY(std::visit(Changing{tx, *incident, ToActor(human), now}, change));
  tx.RequireSync();
  return absl::OkStatus();
}

StatusOr<std::string> CreateIncident(Transaction& tx, const NewIncident& wanted, const Actor& actor,
                                     Nanos now) {
  std::string id = FreeIncidentId(tx, wanted.title, now);
  ApplyIncident(tx, TRY(OpenNewIncident(tx.plan().incidents(), id, wanted, actor, now)), now);
  tx.RequireSync();
  return id;
}

std::vector<AuditEvent> MovesOf(const IncidentDecision& decision) {
  std::vector<AuditEvent> moves;
  for (const AuditEvent& event : decision.events) {
    if (event.kind == AuditKind::kStateChanged) moves.push_back(event);
  }
  return moves;
}

void MoveParts(Transaction& tx, const std::string& incident_id, const AuditEvent& move, Nanos now) {
  const std::optional<IncidentState> to = ParseIncidentState(move.to);
  if (!to) return;
  const std::string with = "with " + incident_id;
  const Actor actor{.who = move.who,
                    .channel = move.channel,
                    .note = move.text.empty() ? with : fmt::format("{}: {}", with, move.text)};
  for (const std::string& id : tx.PartsOf(incident_id)) {
    IncidentDecision decision = FollowParent(*tx.incidents.Find(id), *to, actor, now);
    if (decision.events.empty()) continue;
    ApplyIncident(tx, std::move(decision), now);
  }
}

}  // namespace outrider
