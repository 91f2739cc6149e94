// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/decisions.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/outage.h"
#include "notifiers/incident/sla_facts.h"
#include "storage/base/duration.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

IncidentDecision From(Incident incident) {
  return {.incident = std::move(incident), .events = {}, .timers = {}, .pages = {}};
}

AuditEvent& AddEvent(AuditKind kind, Nanos now, IncidentDecision* decision,
                     const Actor& actor = {}) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = now;
  event.who = actor.who;
  event.channel = actor.channel;
  event.text = actor.note;
  decision->events.push_back(std::move(event));
  return decision->events.back();
}

void Move(IncidentState to, const Actor& actor, Nanos now, IncidentDecision* decision) {
  AuditEvent& event = AddEvent(AuditKind::kStateChanged, now, decision, actor);
  event.from = IncidentStateText(decision->incident.state);
  event.to = IncidentStateText(to);
  AddClockFacts(decision->incident, now, &event.data);
  Incident& incident = decision->incident;
  incident.state = to;
  incident.updated_at = now;
  incident.moved_by = actor.who;
  incident.moved_at = now;
  incident.moved_via = actor.channel;
}

// Of two who do the same at once one is first: the other reads who, when and by which door.
Status WithWhoWasFirst(const Status& refused, const Incident& incident, Nanos now) {
  if (!absl::IsFailedPrecondition(refused) || incident.moved_at == 0) return refused;
  const std::string who = incident.moved_by.empty() ? "the system" : incident.moved_by;
  const int64_t ago = std::max<int64_t>(now - incident.moved_at, 0) / kNanosPerSecond * kSecond;
  return absl::FailedPreconditionError(fmt::format(
      "{}: {} by {} {} ago{}", Message(refused), IncidentStateText(incident.state), who,
      FormatDuration(ago), incident.moved_via.empty() ? "" : " through " + incident.moved_via));
}

// A person who says again what they have said: a second click, an answer that was lost.
bool SaidAlready(const Incident& incident, IncidentAction action, const Actor& actor) {
  const IncidentState wanted = action == IncidentAction::kAcknowledge ? IncidentState::kAcknowledged
                               : action == IncidentAction::kInvestigate
                                   ? IncidentState::kInvestigating
                                   : IncidentState::kResolved;
  const bool repeatable = action == IncidentAction::kAcknowledge ||
                          action == IncidentAction::kInvestigate ||
                          action == IncidentAction::kResolve;
  return repeatable && incident.state == wanted && !actor.who.empty() &&
         incident.moved_by == actor.who;
}

// Those who were paged hear that it is over.
void QueueRecoveries(IncidentDecision* decision) {
  const Incident& incident = decision->incident;
  for (const std::string& target : incident.paged) {
    const size_t slash = target.rfind('/');
    decision->pages.push_back({.receiver = target.substr(0, slash),
                               .integration = target.substr(slash + 1),
                               .recovery = true,
                               .epoch = incident.epoch,
                               .loop = 0,
                               .tier = 0});
  }
}

void Respond(const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (incident.acknowledged_at == 0) {
    incident.acknowledged_at = now;
    incident.acknowledged_by = actor.who;
  }
  StopSla(SlaKind::kAcknowledge, now, decision);
}

void Close(bool by_system, const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (by_system) {
    DiscardSla(SlaKind::kAcknowledge, now, decision);
  } else {
    Respond(actor, now, decision);
  }
  StopSla(SlaKind::kResolve, now, decision);
  CancelEscalation(decision);
  Move(IncidentState::kResolved, actor, now, decision);
  incident.resolved_at = now;
  incident.resolved_by = actor.who;
  QueueRecoveries(decision);
}

void Restart(Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  ++incident.epoch;
  StartEscalation(now, decision);
}

void Reopen(const IncidentsConfig& config, const Actor& actor, Nanos now,
            IncidentDecision* decision) {
  Incident& incident = decision->incident;
  // Reopened long after: the time it was closed does not count.
  const Nanos closed_at = WithinReopenWindow(config, incident, now) ? 0 : incident.resolved_at;
  RestartSla(SlaKind::kResolve, closed_at, now, decision);
  if (incident.acknowledged_at == 0) RestartSla(SlaKind::kAcknowledge, closed_at, now, decision);
  incident.paged.clear();  // they have heard of the recovery
  Move(IncidentState::kNew, actor, now, decision);
  incident.resolved_at = 0;
  incident.resolved_by.clear();
  ++incident.reopened;
  Restart(now, decision);
}

std::string AnnotationOf(const Alert& alert, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto it = alert.annotations.find(name);
    if (it != alert.annotations.end()) return it->second;
  }
  return {};
}

// The alert's name; alerts that were posted need not have one.
std::string TitleOf(const Labels& group_labels, const Labels& alert) {
  const std::string_view name = alert.Get(kAlertName);
  if (!name.empty()) return std::string(name);
  return (group_labels.empty() ? alert : group_labels).ToString();
}

void NoteAlert(const Alert& alert, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const uint64_t fingerprint = alert.Fingerprint();
  ++incident.count;
  incident.firing.insert(fingerprint);
  if (incident.alerts.size() < kMaxIncidentAlerts) incident.alerts.insert(fingerprint);
  incident.starts_at = std::min(incident.starts_at, BeganAt(alert));
  incident.updated_at = now;
}

void TakePolicy(const EscalationPolicy* policy, Escalation* escalation) {
  *escalation = {};
  if (policy == nullptr) return;
  escalation->policy = policy->name;
  escalation->tiers = policy->tiers;
  escalation->repeat = policy->repeat;
  escalation->repeat_interval = policy->repeat_interval * kNanosPerMilli;
}

// False when the incident is as severe already.
bool RaiseSeverity(Severity severity, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (severity <= incident.severity) return false;
  AuditEvent& event = AddEvent(AuditKind::kSeverityRaised, now, decision);
  event.from = SeverityText(incident.severity);
  event.to = SeverityText(severity);
  incident.severity = severity;
  return true;
}

// The policy for the incident as severe as it is and this alert; false when that is the one it has.
bool ChangePolicy(const IncidentsConfig& config, const Alert& alert, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const EscalationPolicy* policy = ChoosePolicy(config, incident.severity, alert);
  if (policy == nullptr || policy->name == incident.escalation.policy) return false;
  TakePolicy(policy, &incident.escalation);
  return true;
}

// A worse alert joined: clocks get the tighter targets; while nobody has answered, the policy of
// the new severity starts over, else an un-acknowledge starts it.
void JoinWorse(const IncidentsConfig& config, const Alert& alert, Nanos now,
               IncidentDecision* decision) {
  RetargetSla(config, now, decision);
  if (!ChangePolicy(config, alert, decision)) return;
  if (decision->incident.state != IncidentState::kNew) return;
  ++decision->incident.epoch;
  StartEscalation(now, decision);
}

}  // namespace

Labels IncidentGroupLabels(const IncidentsConfig& config, const Labels& alert) {
  if (config.group_by == std::vector<std::string>{"..."}) return alert;
  std::vector<std::string> names = config.group_by;
  std::sort(names.begin(), names.end());
  return alert.Keep(names);
}

bool OpensIncident(const IncidentsConfig& config, const Labels& alert) {
  return MatchesAll(config.match, alert);
}

std::string MakeIncidentId(std::string_view key, Nanos now, int salt) {
  // Crockford's base 32 without letters that look like digits: ids are read aloud.
  static constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  uint64_t hash = Hash64(fmt::format("{}\n{}\n{}", key, now, salt));
  std::string id = "i";
  for (int i = 0; i < 8; ++i, hash >>= 5) id.push_back(kDigits[hash & 31]);
  return id;
}

bool WithinReopenWindow(const IncidentsConfig& config, const Incident& incident, Nanos now) {
  return now - incident.resolved_at <= config.reopen_window * kNanosPerMilli;
}

IncidentDecision OpenIncident(const IncidentsConfig& config, std::string id, const Alert& alert,
                              const Incident* previous, Nanos now) {
  IncidentDecision decision;
  Incident& incident = decision.incident;
  incident.id = std::move(id);
  incident.group_labels = IncidentGroupLabels(config, alert.labels);
  incident.key = incident.group_labels.ToString();
  incident.title = TitleOf(incident.group_labels, alert.labels);
  incident.summary = AnnotationOf(alert, {"summary", "description", "message"});
  incident.runbook = AnnotationOf(alert, {"outrider_runbook", "runbook_url"});
  incident.labels = alert.labels;
  incident.severity = SeverityOf(config, alert.labels.Get("severity"));
  incident.received_at = now;
  incident.starts_at = BeganAt(alert);
  if (previous != nullptr) incident.previous_id = previous->id;
  NoteAlert(alert, now, &decision);
  AuditEvent& event = AddEvent(AuditKind::kOpened, now, &decision);
  event.to = IncidentStateText(incident.state);
  event.text = alert.labels.ToString();
  StartSla(config, now, &decision);
  TakePolicy(ChoosePolicy(config, incident.severity, alert), &incident.escalation);
  StartEscalation(now, &decision);
  return decision;
}

IncidentDecision AddAlert(const IncidentsConfig& config, Incident incident, const Alert& alert,
                          Nanos now) {
  const bool known = incident.alerts.contains(alert.Fingerprint());
  IncidentDecision decision = From(std::move(incident));
  NoteAlert(alert, now, &decision);
  if (!known) AddEvent(AuditKind::kAlertAdded, now, &decision).text = alert.labels.ToString();
  const Severity severity = SeverityOf(config, alert.labels.Get("severity"));
  if (RaiseSeverity(severity, now, &decision)) JoinWorse(config, alert, now, &decision);
  return decision;
}

IncidentDecision ReopenByAlert(const IncidentsConfig& config, const Incident& incident,
                               const Alert& alert, Nanos now) {
  IncidentDecision decision = From(incident);
  NoteAlert(alert, now, &decision);
  const bool worse =
      RaiseSeverity(SeverityOf(config, alert.labels.Get("severity")), now, &decision);
  ChangePolicy(config, alert, &decision);
  Reopen(config, {.who = "", .channel = "", .note = "firing again: " + alert.labels.ToString()},
         now, &decision);
  if (worse) RetargetSla(config, now, &decision);
  return decision;
}

IncidentDecision ResolveAlert(Incident incident, const Alert& alert, Nanos now) {
  IncidentDecision decision = From(std::move(incident));
  if (decision.incident.firing.erase(alert.Fingerprint()) == 0) return decision;
  decision.incident.updated_at = now;
  if (!decision.incident.Open() || !decision.incident.firing.empty()) return decision;
  Close(true, {.who = "", .channel = "", .note = "all alerts are resolved"}, now, &decision);
  return decision;
}

StatusOr<IncidentDecision> Act(const IncidentsConfig& config, const Incident& incident,
                               IncidentAction action, const Actor& actor, Nanos now) {
  if (SaidAlready(incident, action, actor)) return From(incident);
  const StatusOr<IncidentState> next = NextState(incident.state, action, config.strict_legacy);
  if (!next.ok()) return WithWhoWasFirst(next.status(), incident, now);
  const IncidentState to = *next;
  IncidentDecision decision = From(incident);
  switch (action) {
    case IncidentAction::kAcknowledge:
    case IncidentAction::kInvestigate:
      Respond(actor, now, &decision);
      CancelEscalation(&decision);
      Move(to, actor, now, &decision);
      break;
    case IncidentAction::kResolve:
      Close(false, actor, now, &decision);
      break;
    case IncidentAction::kReopen:
      Reopen(config, actor, now, &decision);
      break;
    case IncidentAction::kUnacknowledge:
      Move(to, actor, now, &decision);
      Restart(now, &decision);
      break;
  }
  return decision;
}

StatusOr<IncidentDecision> AddIncidentNote(const Incident& incident, const Actor& actor,
                                           Nanos now) {
  if (Trim(actor.note).empty()) return InvalidArgument("a note needs a text");
  IncidentDecision decision = From(incident);
  AddEvent(AuditKind::kNote, now, &decision, actor);
  decision.incident.updated_at = now;
  return decision;
}

}  // namespace outrider
