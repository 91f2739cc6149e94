// SPDX-License-Identifier: Apache-2.0
// A week of events as data: what fires and ends, what people do, when a receiver is out of order.
#pragma once

#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "tests/sim/world.h"

namespace outrider::sim {

enum class StepKind {
  kFire,
  kEnd,
  kAcknowledge,
  kInvestigate,
  kResolve,
  kUnacknowledge,
  kNote,
  kSilence
};

struct Step {
  Nanos time = 0;
  StepKind kind = StepKind::kFire;
  std::string alert;      // its name; people act on the newest incident of that name
  std::string severity;   // kFire
  DurationMs length = 0;  // kSilence
};

struct Scenario {
  std::vector<Step> steps;  // by time
  std::vector<Outage> outages;
  Nanos end = 0;
};

inline constexpr Nanos kStart = 1'790'000'000LL * kNanosPerSecond;

// Seven days, each with its own story, and `extra` random alerts from `seed`.
Scenario MakeWeek(uint64_t seed, int extra);

}  // namespace outrider::sim
