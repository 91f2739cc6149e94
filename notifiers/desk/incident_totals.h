// SPDX-License-Identifier: Apache-2.0
// What incidents add up to for counters. Samples and breaches are counted when they happen and
// stay, whatever becomes of the incident: it may be opened again, get another severity, be
// forgotten. Which clocks are met and breached is how they stand, so a clock is counted once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "notifiers/desk/views.h"
#include "notifiers/incident/incident.h"
#include "storage/base/status.h"

namespace outrider {

struct IncidentTotals {
  // Of incidents that are no longer kept:
  uint64_t incidents = 0;
  uint64_t alerts = 0;
  // Of all there have been:
  std::map<std::pair<SlaKind, Severity>, SlaView> sla;
  std::array<HistogramView, kSeverityCount> time_to_acknowledge;
  std::array<HistogramView, kSeverityCount> time_to_resolve;

  // An incident changed; nullptr: it was not there before.
  void Count(const Incident* before, const Incident& after);
  // It is kept no longer.
  void Forget(const Incident& incident);
};
// Whether Count would change anything.
bool ChangesTotals(const Incident* before, const Incident& after);

// The row (Family::kMeta).
inline constexpr std::string_view kTotalsKey = "incidents_forgotten";
std::string EncodeIncidentTotals(const IncidentTotals& totals);
// `complete`: false of a row of the first format, which counted only what was forgotten.
StatusOr<IncidentTotals> DecodeIncidentTotals(std::string_view bytes, bool* complete);

}  // namespace outrider
