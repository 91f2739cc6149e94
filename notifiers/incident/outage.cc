// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/outage.h"

#include <algorithm>

#include "storage/base/duration.h"

namespace outrider {

Nanos BeganAt(const Alert& alert) {
  const Nanos start = alert.starts_at.nanos;
  const auto since = alert.annotations.find(std::string(kSinceAnnotation));
  if (since == alert.annotations.end() || since->second.empty()) return start;
  const StatusOr<Timestamp> time = ParseApiTime(since->second);
  // A time of year 1 or of tomorrow is a template's mistake.
  if (!time.ok() || *time <= 0 || *time > start / kNanosPerMilli) return start;
  return *time * kNanosPerMilli;
}

int StepNumber(const Escalation& escalation, int loop, int tier) {
  return loop * static_cast<int>(escalation.tiers().size()) + tier;
}

int EscalationCount(const Escalation& escalation) {
  return std::max(StepNumber(escalation, escalation.loop, escalation.next_tier) - 1, 0);
}

std::string DownText(int64_t nanos) {
  return FormatDuration(std::max<int64_t>(nanos, 0) / kNanosPerSecond * kSecond);
}

}  // namespace outrider
