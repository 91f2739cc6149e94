// SPDX-License-Identifier: Apache-2.0
// Defects of Alertmanager that are mended where users ask for it, each by name (alerting.fixes);
// without a name its behaviour stays that of 0.34. Source: specs/alertmanager.md §2, §5.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct AlertingFixes {
  // refire_after_silence: an alert that was resolved while it was silenced is news when it fires
  // again. Else the log says that it fires and nobody hears of it before repeat_interval.
  bool refire_after_silence = false;
  // repeat_on_time: a repeat_interval of k group_intervals repeats at the k-th flush behind the one
  // that told. Else at the one after, because delivery is a little later than its flush.
  bool repeat_on_time = false;
  // resolved_told_once: while one integration of a receiver fails, resolved alerts stay in the
  // group; the other integrations are not told of them again with every message.
  bool resolved_told_once = false;
  friend bool operator==(const AlertingFixes&, const AlertingFixes&) = default;
};

// The names above; `all` is every one. The error lists them.
StatusOr<AlertingFixes> ParseFixes(std::span<const std::string> names);

// When a message of the log counts as told for repeats: its delivery; with repeat_on_time just
// before the beat of the group that made it. `beat` is any beat of the group, not before.
Nanos ToldAt(const AlertingFixes& fixes, Nanos delivered, Nanos beat, DurationMs group_interval);

}  // namespace outrider
