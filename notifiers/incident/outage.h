// SPDX-License-Identifier: Apache-2.0
// How long something has been down, and how often people were told: what a page and the list of
// outages say. Source: specs/source_systems.md §4.1 and §4.6.
#pragma once

#include <string>
#include <string_view>

#include "notifiers/incident/incident.h"
#include "rules/alerting/alert.h"

namespace outrider {

// A rule that waits (`for`) knows when it first failed; its alert starts later. The annotation says
// when that was: seconds since 1970, or RFC 3339.
inline constexpr std::string_view kSinceAnnotation = "outrider_since";
// What pages add to the annotations of their alerts.
inline constexpr std::string_view kDurationAnnotation = "outrider_duration";        // 23m15s
inline constexpr std::string_view kEscalationsAnnotation = "outrider_escalations";  // repeats, 0 …

// When the trouble began: by the annotation when it is a time before the alert's start, else that.
Nanos BeganAt(const Alert& alert);
// Which step of an escalation this is, beginning with 0: rounds times tiers.
int StepNumber(const Escalation& escalation, int loop, int tier);
// How many steps have run beyond the first: how often people were told again.
int EscalationCount(const Escalation& escalation);
// Whole seconds, for people: 23m15s. Nothing is shorter than 0s.
std::string DownText(int64_t nanos);

}  // namespace outrider
