// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/finding_tracker.h"

#include <algorithm>

namespace outrider {
namespace {

FindingState Begin(FindingState state, const Evidence& evidence, Timestamp now) {
  state.phase = FindingPhase::kActive;
  state.since = now;
  state.below_since = 0;
  state.evidence = evidence;
  return state;
}

FindingState StepPending(FindingState state, const Evidence& evidence, Timestamp now) {
  if (evidence.score < 1) return {};
  const FindingPolicy& policy = PolicyOf(evidence.type);
  if (state.phase == FindingPhase::kQuiet) {
    state = {.phase = FindingPhase::kPending, .since = now, .first_seen = now, .evidence = {}};
  }
  if (evidence.score < policy.strong) {
    state.strong_since = 0;
  } else if (state.strong_since == 0) {
    state.strong_since = now;
  }
  state.evidence = evidence;
  const bool held = now - state.since >= policy.hold;
  const bool strong = state.strong_since > 0 && now - state.strong_since >= policy.strong_hold;
  return held || strong ? Begin(state, evidence, now) : state;
}

FindingState StepActive(FindingState state, const Evidence& evidence, Timestamp now) {
  const FindingPolicy& policy = PolicyOf(evidence.type);
  if (evidence.score >= policy.end) {
    state.below_since = 0;
  } else if (state.below_since == 0) {
    state.below_since = now;
  }
  if (state.below_since > 0 && now - state.below_since >= policy.release) return {};
  if (state.below_since > 0) {  // the figures stay those that were wrong
    state.evidence.score = evidence.score;
    return state;
  }
  const Evidence before = state.evidence;
  state.evidence = evidence;
  state.evidence.severity = std::max(before.severity, evidence.severity);
  state.evidence.confidence = std::max(before.confidence, evidence.confidence);
  return state;
}

}  // namespace

FindingState StepFinding(const FindingState& state, const Evidence& evidence, Timestamp now) {
  Evidence judged = evidence;
  if (const auto most = SeverityAtMost(evidence.confidence)) {
    judged.severity = std::min(evidence.severity, *most);
  } else if (state.phase != FindingPhase::kActive) {
    judged.score = 0;
  } else {
    judged.severity = FindingSeverity::kLow;
  }
  return state.phase == FindingPhase::kActive ? StepActive(state, judged, now)
                                              : StepPending(state, judged, now);
}

}  // namespace outrider
