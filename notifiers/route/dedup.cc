// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/dedup.h"

namespace outrider {

std::string_view NotifyReasonText(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::kNothingNew:
      return "nothing new";
    case NotifyReason::kNothingFiring:
      return "nothing firing";
    case NotifyReason::kFirstNotification:
      return "first notification";
    case NotifyReason::kNewAlerts:
      return "new alerts added";
    case NotifyReason::kAllResolved:
      return "all alerts resolved";
    case NotifyReason::kSomeResolved:
      return "some alerts resolved";
    case NotifyReason::kRepeatInterval:
      return "repeat interval elapsed";
  }
  return "";
}

// The numbers are those of the rules in the specification.
NotifyReason DecideNotify(const NotificationLogEntry& entry, const NumberSet& firing,
                          const NumberSet& resolved, bool send_resolved, DurationMs repeat_interval,
                          Nanos now) {
  using enum NotifyReason;
  if (!entry.exists) return firing.empty() ? kNothingFiring : kFirstNotification;  // 1
  if (!entry.firing.Includes(firing)) {                                            // 2
    return entry.firing.empty() ? kFirstNotification : kNewAlerts;
  }
  if (firing.empty()) return entry.firing.empty() ? kNothingFiring : kAllResolved;  // 3
  if (send_resolved && !entry.resolved.Includes(resolved)) {                        // 4
    return kSomeResolved;
  }
  return entry.time < now - repeat_interval * kNanosPerMilli ? kRepeatInterval : kNothingNew;  // 5
}

}  // namespace outrider
