// SPDX-License-Identifier: Apache-2.0
// SLA targets and the calendars they count by:
//   sla:
//     critical: {acknowledge: 5m, resolve: 30m}
//     low: {calendar: always}         # around the clock, whatever `calendar` below says
//     calendar: office                # of all severities but critical; default: always
//     pause: [maintenance, hold]      # what makes clocks stand still; also: snooze
//     notify: [sla-desk]              # receivers told of warnings and breaches
//   calendars:
//     - name: office
//       time_zone: Europe/Berlin      # default UTC
//       hours: [{weekdays: [monday, friday], from: "09:00", to: "17:00"}]
//       holidays: ["2026-12-25", {date: "2026-12-26", name: Boxing Day}]
#pragma once

#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"

namespace outrider {

// The name of no calendar: all time counts.
inline constexpr std::string_view kAlwaysCalendar = "always";

// Reads both sections into `config`; either may be missing (a null pointer). Errors:
// file:line:column.
Status ParseSlaSections(const YamlNode* sla, const YamlNode* calendars,
                        const SectionContext& context, IncidentsConfig* config);
// The calendar of this name; nullptr for "" and for one that there is not.
std::shared_ptr<const BusinessCalendar> FindCalendar(const SlaRules& rules,
                                                     const std::string& name);
// What counts for incidents of a severity; nullptr: all time.
std::shared_ptr<const BusinessCalendar> CalendarOf(const IncidentsConfig& config,
                                                   Severity severity);

}  // namespace outrider
