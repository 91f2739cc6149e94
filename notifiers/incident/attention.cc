// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/attention.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/people_config.h"
#include "notifiers/incident/steps.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

const AttentionRule& RuleOf(const IncidentsConfig& config, const Incident& incident) {
  return config.attention[static_cast<size_t>(incident.severity)];
}

bool IsAsked(const IncidentsConfig& config, const Incident& incident) {
  return incident.state == IncidentState::kAcknowledged && incident.merged_into.empty() &&
         RuleOf(config, incident).acknowledge_timeout > 0 &&
         Allows(config, IncidentAction::kUnacknowledge);
}

}  // namespace

void AskLater(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  if (!IsAsked(config, decision->incident)) return;
  const DurationMs timeout = RuleOf(config, decision->incident).acknowledge_timeout;
  decision->timers.push_back({TimerKind::kAckReminder, now + timeout * kNanosPerMilli});
}

IncidentDecision OnAckReminder(const IncidentsConfig& config, const Incident& incident, Nanos now) {
  IncidentDecision decision = DecisionOn(incident);
  if (!IsAsked(config, incident)) return decision;
  if (incident.snoozed_until > now) {
    decision.timers.push_back({TimerKind::kAckReminder, incident.snoozed_until});
    return decision;
  }
  const DurationMs within = RuleOf(config, incident).confirm_within;
  AuditEvent& event = AddIncidentEvent(AuditKind::kAckReminded, now, &decision);
  event.to = incident.moved_by;
  event.text = fmt::format("asked whether {} still works on it, for {}",
                           incident.moved_by.empty() ? "somebody" : incident.moved_by,
                           FormatDuration(within));
  decision.incident.ack_asked_at = now;
  decision.timers.push_back({TimerKind::kAckTimeout, now + within * kNanosPerMilli});
  decision.pages.push_back({.receiver = fmt::format("{}{}", kUserPrefix, incident.moved_by),
                            .integration = "",
                            .recovery = false,
                            .epoch = incident.epoch,
                            .loop = 0,
                            .tier = kAskTier});
  return decision;
}

IncidentDecision OnAckTimeout(const IncidentsConfig& config, const Incident& incident, Nanos due) {
  IncidentDecision decision = DecisionOn(incident);
  if (incident.ack_asked_at == 0 || !IsAsked(config, incident)) return decision;
  AuditEvent& event = AddIncidentEvent(AuditKind::kAckTimedOut, due, &decision);
  event.from = incident.moved_by;
  event.text = fmt::format("no answer within {}",
                           FormatDuration((due - incident.ack_asked_at) / kNanosPerMilli));
  MoveIncident(IncidentState::kNew,
               {.who = "", .channel = "", .note = "the acknowledgement timed out"}, due, &decision);
  RestartEscalation(due, &decision);
  return decision;
}

StatusOr<IncidentDecision> ConfirmAcknowledgement(const IncidentsConfig& config,
                                                  const Incident& incident, const Actor& actor,
                                                  Nanos now) {
  if (incident.state != IncidentState::kAcknowledged) {
    return absl::FailedPreconditionError(
        fmt::format("an incident that is {} has no acknowledgement to confirm",
                    IncidentStateText(incident.state)));
  }
  IncidentDecision decision = DecisionOn(incident);
  AddIncidentEvent(AuditKind::kAckConfirmed, now, &decision, actor);
  decision.incident.updated_at = now;
  StopAsking(&decision);
  ++decision.incident.epoch;
  AskLater(config, now, &decision);
  return decision;
}

Nanos QuietAt(const IncidentsConfig& config, const Incident& incident) {
  if (!incident.merged_into.empty()) return 0;
  if (incident.Open()) {
    const DurationMs after = RuleOf(config, incident).auto_resolve;
    if (after == 0 || !incident.firing.empty()) return 0;
    return std::max(incident.updated_at, incident.snoozed_until) + after * kNanosPerMilli;
  }
  const DurationMs after = config.reopen_if_still_firing_after;
  const bool by_person = !incident.resolved_by.empty();
  if (after == 0 || incident.firing.empty() || !by_person ||
      !Allows(config, IncidentAction::kReopen)) {
    return 0;
  }
  return incident.resolved_at + after * kNanosPerMilli;
}

IncidentDecision OnQuiet(const IncidentsConfig& config, const Incident& incident, Nanos now) {
  const Nanos due = QuietAt(config, incident);
  if (due == 0 || due > now) return DecisionOn(incident);
  if (incident.Open()) {
    const DurationMs after = RuleOf(config, incident).auto_resolve;
    return ResolveBySystem(
        incident, fmt::format("nothing fires and nothing happened for {}", FormatDuration(after)),
        now);
  }
  IncidentDecision decision = DecisionOn(incident);
  const std::string note =
      fmt::format("still firing {} after {} resolved it",
                  FormatDuration(config.reopen_if_still_firing_after), incident.resolved_by);
  ReopenIncident(config, {.who = "", .channel = "", .note = note}, now, &decision);
  return decision;
}

}  // namespace outrider
