// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/last_end.h"

#include <algorithm>

namespace outrider {
namespace {
// So long the time of an end is waited for, before the reason alone tells of it.
constexpr DurationMs kAlone = kMinute;
}  // namespace

void LastEnd::Reason(Timestamp time, Oom oom, bool new_to_us) {
  if (oom == Oom::kYes) {
    if (!oom_) since_ = time;
    if (!oom_ && !was_ && new_to_us) begun_ = time;
    said_ = std::max(said_, time);
    was_ = true;
  }
  if (oom == Oom::kNo) was_ = false;
  oom_ = oom == Oom::kYes;
}

void LastEnd::Ended(Timestamp time, Timestamp ended) {
  if (ended <= ended_) return;
  ended_ = ended;
  told_ = time;
}

std::optional<Timestamp> LastEnd::KilledAt() const {
  if (!oom_) return std::nullopt;
  if (ended_ != 0) return IsKill(told_) ? std::optional(ended_) : std::nullopt;
  if (IsKill(restarted_)) return restarted_;
  if (begun_ != 0 && said_ >= begun_ + kAlone) return begun_;
  return std::nullopt;
}

}  // namespace outrider
