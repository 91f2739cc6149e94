// SPDX-License-Identifier: Apache-2.0
// What people do to an incident beside its states: whose it is, how severe it is, that it may wait,
// that it is part of another one. Pure, as decisions.h. What is so already is said again without
// effect.
#pragma once

#include <span>
#include <string>

#include "notifiers/incident/decisions.h"

namespace outrider {

inline constexpr int64_t kLongestSnooze = 365LL * 24 * 3600 * kNanosPerSecond;

// "": nobody's. Notifies nobody.
IncidentDecision AssignIncident(const Incident& incident, const std::string& assignee,
                                const Actor& actor, Nanos now);

// Clocks get the targets of the new severity. Worse: a snooze ends, and while nobody has answered
// the policy of the new severity starts from its first tier. Less severe: the escalation that runs
// goes on, unless the new severity has another policy (which starts) or none (it stops). A policy
// that was chosen by name stays in both cases. FailedPrecondition: it is resolved.
StatusOr<IncidentDecision> ChangeSeverity(const IncidentsConfig& config, const Incident& incident,
                                          Severity severity, const Actor& actor, Nanos now);

// Nobody is paged or asked before `until`: the epoch moves on and the escalation stops. The clocks
// go on: a snooze is no response. FailedPrecondition: it is resolved. InvalidArgument: `until` is
// not in the future, or further than kLongestSnooze.
StatusOr<IncidentDecision> SnoozeIncident(const Incident& incident, Nanos until, const Actor& actor,
                                          Nanos now);
// The snooze ends; while nobody has answered the escalation starts from its first tier.
// FailedPrecondition: it is not snoozed.
StatusOr<IncidentDecision> WakeIncident(const Incident& incident, const Actor& actor, Nanos now);

// The incident becomes a part of `parent`: its own pages and questions stop, it follows the parent
// into its state, then and later. Its alerts are the parent's (TakeOver); its clocks run until the
// parent is answered. FailedPrecondition: one of them is resolved, the parent is itself part of
// another, or both are the same.
StatusOr<IncidentDecision> MergeIncident(const Incident& incident, const Incident& parent,
                                         const Actor& actor, Nanos now);
// The other side of it: alerts that fire in `part` fire in the parent, which is as severe as its
// worst part.
IncidentDecision TakeOver(const IncidentsConfig& config, const Incident& parent,
                          const Incident& part, const Actor& actor, Nanos now);
// A part of an incident that was answered or resolved: the same happens to it, by the same person.
// Without effect when it is as far already.
IncidentDecision FollowParent(const Incident& part, IncidentState to, const Actor& actor,
                              Nanos now);
// On its own again, with the alerts in `firing` of those that had become the parent's; the
// escalation starts from its first tier while nobody has answered. FailedPrecondition: it is no
// part of another.
StatusOr<IncidentDecision> UnmergeIncident(const Incident& incident,
                                           std::span<const uint64_t> firing, const Actor& actor,
                                           Nanos now);
// The other side: those alerts leave the parent, which ends if they were the last.
IncidentDecision GiveBack(const Incident& parent, const Incident& part,
                          std::span<const uint64_t> firing, const Actor& actor, Nanos now);

}  // namespace outrider
