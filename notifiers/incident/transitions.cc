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
};

constexpr Edge kEdges[] = {
    {S::kNew, A::kAcknowledge, S::kAcknowledged},
    {S::kNew, A::kInvestigate, S::kInvestigating},
    {S::kNew, A::kResolve, S::kResolved},
    {S::kAcknowledged, A::kInvestigate, S::kInvestigating},
    {S::kAcknowledged, A::kResolve, S::kResolved},
    {S::kInvestigating, A::kResolve, S::kResolved},
    // Not in the original:
    {S::kResolved, A::kReopen, S::kNew},
    {S::kAcknowledged, A::kUnacknowledge, S::kNew},
};

constexpr std::string_view kActionWords[] = {"acknowledged", "investigated", "resolved", "reopened",
                                             "un-acknowledged"};
constexpr std::string_view kStateTexts[] = {"new", "acknowledged", "investigating", "resolved"};
constexpr std::string_view kSourceTexts[] = {"alerts",   "hand",    "heartbeat",
                                             "schedule", "anomaly", "health_check"};
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

bool Allows(const IncidentsConfig& config, IncidentAction action) {
  if (action == A::kReopen) return !config.strict_legacy && config.allow_reopen;
  if (action == A::kUnacknowledge) return !config.strict_legacy && config.allow_unacknowledge;
  return true;
}

StatusOr<IncidentState> NextState(IncidentState from, IncidentAction action,
                                  const IncidentsConfig& config) {
  const std::string refused =
      fmt::format("an incident that is {} cannot be {}", IncidentStateText(from),
                  kActionWords[static_cast<size_t>(action)]);
  for (const Edge& edge : kEdges) {
    if (edge.from != from || edge.action != action) continue;
    if (Allows(config, action)) return edge.to;
    const char* why = config.strict_legacy   ? "strict_legacy is on"
                      : action == A::kReopen ? "allow_reopen is off"
                                             : "allow_unacknowledge is off";
    return absl::FailedPreconditionError(fmt::format("{} while incidents.{}", refused, why));
  }
  return absl::FailedPreconditionError(refused);
}

}  // namespace outrider
