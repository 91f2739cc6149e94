// SPDX-License-Identifier: Apache-2.0
// What incidents add up to for counters: those that are kept, and those that were forgotten, which
// must not make a counter go down.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/desk/views.h"
#include "notifiers/incident/incident.h"
#include "storage/base/status.h"

namespace outrider {

struct IncidentTotals {
  uint64_t incidents = 0;
  uint64_t alerts = 0;
  std::map<std::pair<SlaKind, Severity>, SlaView> sla;
  std::array<HistogramView, kSeverityCount> time_to_acknowledge;
  std::array<HistogramView, kSeverityCount> time_to_resolve;
  void Add(const Incident& incident);
};

// The row of what was forgotten (Family::kMeta).
inline constexpr std::string_view kForgottenKey = "incidents_forgotten";
std::string EncodeIncidentTotals(const IncidentTotals& totals);
StatusOr<IncidentTotals> DecodeIncidentTotals(std::string_view bytes);

}  // namespace outrider
