// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/decisions.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/attention.h"
#include "notifiers/incident/joining.h"
#include "notifiers/incident/outage.h"
#include "notifiers/incident/own_alert_names.h"
#include "notifiers/incident/steps.h"
#include "storage/base/duration.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Of two who do the same at once one is first: the other reads who, when and by which door.
Status WithWhoWasFirst(const Status& refused, const Incident& incident, Nanos now) {
  if (!absl::IsFailedPrecondition(refused) || incident.moved_at == 0) return refused;
  const std::string who = incident.moved_by.empty() ? "the system" : incident.moved_by;
  const int64_t ago = std::max<int64_t>(now - incident.moved_at, 0) / kNanosPerSecond * kSecond;
  return absl::FailedPreconditionError(fmt::format(
      "{}: {} by {} {} ago{}", Message(refused), IncidentStateText(incident.state), who,
      FormatDuration(ago), incident.moved_via.empty() ? "" : " through " + incident.moved_via));
}

// A person who says again what they have said: a second click, an answer that was lost. Of two
// without a name nobody knows whether they are one.
bool SaidAlready(const Incident& incident, IncidentAction action, const Actor& actor) {
  const IncidentState wanted = action == IncidentAction::kAcknowledge ? IncidentState::kAcknowledged
                               : action == IncidentAction::kInvestigate
                                   ? IncidentState::kInvestigating
                                   : IncidentState::kResolved;
  const bool repeatable = action == IncidentAction::kAcknowledge ||
                          action == IncidentAction::kInvestigate ||
                          action == IncidentAction::kResolve;
  return repeatable && incident.state == wanted && !actor.who.empty() && actor.who != kAnonymous &&
         incident.moved_by == actor.who;
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

// Whether it has never been in the incident before.
bool NoteAlert(const Alert& alert, Nanos now, IncidentDecision* decision) {
  const JoiningAlert joining{alert.Fingerprint(), alert.labels, BeganAt(alert)};
  return NoteJoined(joining, now, &decision->incident);
}

// What its rule says that it is about.
IncidentSource SaidSource(const Alert& alert) {
  const auto said = alert.annotations.find(std::string(kSourceAnnotation));
  if (said == alert.annotations.end()) return IncidentSource::kAlerts;
  for (const IncidentSource source : {IncidentSource::kAnomaly, IncidentSource::kHealthCheck}) {
    if (said->second == IncidentSourceText(source)) return source;
  }
  return IncidentSource::kAlerts;
}

}  // namespace

Labels IncidentGroupLabels(const IncidentsConfig& config, const Labels& alert) {
  if (config.group_by.size() == 1 && config.group_by.front() == "...") return alert;
  const bool own = IsOwnAlert(alert);
  if (!own && std::is_sorted(config.group_by.begin(), config.group_by.end())) {
    return alert.Keep(config.group_by);
  }
  std::vector<std::string> names = config.group_by;
  if (own) {
    names.insert(names.end(), kOwnAlertIdentity.begin(), kOwnAlertIdentity.end());
  }
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
  return now - std::max(incident.resolved_at, incident.last_alert_at) <=
         config.reopen_window * kNanosPerMilli;
}

IncidentDecision OpenIncident(const IncidentsConfig& config, std::string id, const Alert& alert,
                              const Incident* previous, Nanos now) {
  IncidentDecision decision;
  Incident& incident = decision.incident;
  incident.id = std::move(id);
  const Labels group = IncidentGroupLabels(config, alert.labels);
  const std::string key = group.ToString();
  incident.group_labels = group;  // copies have no room to grow: there are many incidents
  incident.key = key;
  incident.title = TitleOf(incident.group_labels, alert.labels);
  incident.summary = AnnotationOf(alert, {"summary", "description", "message"});
  incident.runbook = AnnotationOf(alert, {"outrider_runbook", "runbook_url"});
  incident.labels = alert.labels;
  incident.source = SaidSource(alert);
  incident.severity = SeverityOf(config, alert.labels.Get("severity"));
  incident.team = alert.labels.Get(config.team_label);
  incident.service = alert.labels.Get(config.service_label);
  incident.received_at = now;
  incident.starts_at = BeganAt(alert);
  if (previous != nullptr) incident.previous_id = previous->id;
  NoteAlert(alert, now, &decision);
  NoteOpened({}, alert.labels.ToString(), now, &decision);
  StartSla(config, now, &decision);
  TakePolicyFor(config, alert, now, &incident);
  StartEscalation(now, &decision);
  return decision;
}

IncidentDecision AddAlert(const IncidentsConfig& config, Incident incident, const Alert& alert,
                          Nanos now) {
  IncidentDecision decision = DecisionOn(std::move(incident));
  if (NoteAlert(alert, now, &decision)) {
    AddIncidentEvent(AuditKind::kAlertAdded, now, &decision).text = alert.labels.ToString();
  }
  const Severity severity = SeverityOf(config, alert.labels.Get("severity"));
  if (RaiseSeverity(severity, {}, now, &decision)) FollowSeverityUp(config, alert, now, &decision);
  return decision;
}

IncidentDecision ReopenByAlert(const IncidentsConfig& config, const Incident& incident,
                               const Alert& alert, Nanos now) {
  IncidentDecision decision = DecisionOn(incident);
  NoteAlert(alert, now, &decision);
  const bool worse =
      RaiseSeverity(SeverityOf(config, alert.labels.Get("severity")), {}, now, &decision);
  ChangePolicy(config, alert, &decision);
  ReopenIncident(config,
                 {.who = "", .channel = "", .note = "firing again: " + alert.labels.ToString()},
                 now, &decision);
  if (worse) RetargetSla(config, now, &decision);
  return decision;
}

IncidentDecision ResolveAlert(Incident incident, const Alert& alert, Nanos now) {
  IncidentDecision decision = DecisionOn(std::move(incident));
  if (decision.incident.firing.erase(alert.Fingerprint()) == 0) return decision;
  decision.incident.updated_at = now;
  decision.incident.last_alert_at = now;
  CloseIfOver(now, &decision);
  return decision;
}

void CloseIfOver(Nanos now, IncidentDecision* decision) {
  const Incident& incident = decision->incident;
  // What a person opened does not end with the alerts that joined it by a merge.
  if (!incident.Open() || !incident.firing.empty() || incident.source == IncidentSource::kHand) {
    return;
  }
  CloseIncident(true, {.who = "", .channel = "", .note = "all alerts are resolved"}, now, decision);
}

IncidentDecision ResolveBySystem(const Incident& incident, std::string why, Nanos now) {
  IncidentDecision decision = DecisionOn(incident);
  if (!incident.Open()) return decision;
  CloseIncident(true, {.who = "", .channel = "", .note = std::move(why)}, now, &decision);
  return decision;
}

StatusOr<IncidentDecision> Act(const IncidentsConfig& config, const Incident& incident,
                               IncidentAction action, const Actor& actor, Nanos now) {
  if (SaidAlready(incident, action, actor)) {
    return Trim(actor.note).empty() ? DecisionOn(incident) : AddIncidentNote(incident, actor, now);
  }
  const StatusOr<IncidentState> next = NextState(incident.state, action, config);
  if (!next.ok()) return WithWhoWasFirst(next.status(), incident, now);
  const IncidentState to = *next;
  IncidentDecision decision = DecisionOn(incident);
  switch (action) {
    case IncidentAction::kAcknowledge:
    case IncidentAction::kInvestigate:
      RespondTo(actor, now, &decision);
      CancelEscalation(&decision);
      MoveIncident(to, actor, now, &decision);
      AskLater(config, now, &decision);
      break;
    case IncidentAction::kResolve:
      CloseIncident(false, actor, now, &decision);
      break;
    case IncidentAction::kReopen:
      ReopenIncident(config, actor, now, &decision);
      break;
    case IncidentAction::kUnacknowledge:
      MoveIncident(to, actor, now, &decision);
      RestartEscalation(now, &decision);
      break;
  }
  return decision;
}

StatusOr<IncidentDecision> AddIncidentNote(const Incident& incident, const Actor& actor,
                                           Nanos now) {
  if (Trim(actor.note).empty()) return InvalidArgument("a note needs a text");
  IncidentDecision decision = DecisionOn(incident);
  AddIncidentEvent(AuditKind::kNote, now, &decision, actor);
  decision.incident.updated_at = now;
  return decision;
}

}  // namespace outrider
