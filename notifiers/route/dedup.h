// SPDX-License-Identifier: Apache-2.0
// Whether a flush of a group is worth a message: Alertmanager's five rules, with the reason.
// Source: specs/alertmanager.md §2 "Dedup (exact)".
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/number_set.h"

namespace outrider {

// What the notification log knows of one (group, receiver, integration).
struct NotificationLogEntry {
  bool exists = false;
  Nanos time = 0;      // when the last message was delivered
  NumberSet firing;    // alert fingerprints told as firing in it
  NumberSet resolved;  // … as resolved
};

enum class NotifyReason : uint8_t {
  kNothingNew,     // no message
  kNothingFiring,  // no message: nothing was told before and nothing fires
  kFirstNotification,
  kNewAlerts,
  kAllResolved,
  kSomeResolved,
  kRepeatInterval,
};
// Among the `resolved` of an entry: it was imported from an Alertmanager, and its sets hold that
// one's hashes (XXH64) beside the fingerprints of those alerts that have come since.
inline constexpr uint64_t kImportedMark = 0;

std::string_view NotifyReasonText(
    NotifyReason reason);  // "first notification", "new alerts added", …
inline bool ShouldNotify(NotifyReason reason) { return reason > NotifyReason::kNothingFiring; }

NotifyReason DecideNotify(const NotificationLogEntry& entry, const NumberSet& firing,
                          const NumberSet& resolved, bool send_resolved, DurationMs repeat_interval,
                          Nanos now);

}  // namespace outrider
