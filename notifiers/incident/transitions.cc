// SPDX-License-Identifier: Apache-2.0
// The state machine as a table: specs/source_systems.md §3.1.
#include <fmt/format.h>

#include "notifiers/incident/decisions.h"

namespace outrider {
namespace {

using S = IncidentState;
using A = IncidentAction;

struct Edge {
  S from;
  A action;
  S to;
  bool legacy;  // one of the six edges of the original
};

constexpr Edge kEdges[] = {
    {S::kNew, A::kAcknowledge, S::kAcknowledged, true},
    {S::kNew, A::kInvestigate, S::kInvestigating, true},
    {S::kNew, A::kResolve, S::kResolved, true},
    {S::kAcknowledged, A::kInvestigate, S::kInvestigating, true},
    {S::kAcknowledged, A::kResolve, S::kResolved, true},
    {S::kInvestigating, A::kResolve, S::kResolved, true},
    {S::kResolved, A::kReopen, S::kNew, false},
    {S::kAcknowledged, A::kUnacknowledge, S::kNew, false},
};

constexpr std::string_view kActionWords[] = {"acknowledged", "investigated", "resolved", "reopened",
                                             "un-acknowledged"};
constexpr std::string_view kStateTexts[] = {"new", "acknowledged", "investigating", "resolved"};
constexpr std::string_view kSourceTexts[] = {"alerts", "hand", "heartbeat", "schedule"};
constexpr std::string_view kSlaTexts[] = {"acknowledge", "resolve"};

}  // namespace

std::string_view IncidentStateText(IncidentState state) {
  return kStateTexts[static_cast<size_t>(state)];
}

std::optional<IncidentState> ParseIncidentState(std::string_view text) {
  for (size_t i = 0; i < std::size(kStateTexts); ++i) {
    if (kStateTexts[i] == text) return static_cast<IncidentState>(i);
  }
  return std::nullopt;
}

std::string_view IncidentSourceText(IncidentSource source) {
  return kSourceTexts[static_cast<size_t>(source)];
}

std::string_view SlaKindText(SlaKind kind) { return kSlaTexts[static_cast<size_t>(kind)]; }

StatusOr<IncidentState> NextState(IncidentState from, IncidentAction action, bool strict_legacy) {
  for (const Edge& edge : kEdges) {
    if (edge.from != from || edge.action != action) continue;
    if (strict_legacy && !edge.legacy) {
      return absl::FailedPreconditionError(
          fmt::format("an incident that is {} cannot be {} while incidents.strict_legacy is on",
                      IncidentStateText(from), kActionWords[static_cast<size_t>(action)]));
    }
    return edge.to;
  }
  return absl::FailedPreconditionError(fmt::format("an incident that is {} cannot be {}",
                                                   IncidentStateText(from),
                                                   kActionWords[static_cast<size_t>(action)]));
}

}  // namespace outrider
