// SPDX-License-Identifier: Apache-2.0
// From scores to findings that begin once and end once. Pure: (state, evidence, now) -> state.
#pragma once

#include <optional>

#include "rules/workloads/workload_finding.h"

namespace outrider {

enum class FindingPhase : uint8_t { kQuiet, kPending, kActive };

struct FindingState {
  FindingPhase phase = FindingPhase::kQuiet;
  Timestamp since = 0;         // pending: of the first score at the edge; active: when it began
  Timestamp first_seen = 0;    // of the first score at the edge, whatever the phase
  Timestamp strong_since = 0;  // 0: not strong
  Timestamp below_since = 0;   // active: of the first score below the end; 0: it is not
  Evidence evidence;  // the newest; active: with the highest severity and confidence so far
};

// The severity is that of the evidence, but no more than its confidence allows; what deserves none
// counts as a score of 0. Severity and confidence only rise while a finding lasts, so that its
// alert does not change back and forth.
FindingState StepFinding(const FindingState& state, const Evidence& evidence, Timestamp now);

}  // namespace outrider
