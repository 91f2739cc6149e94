// SPDX-License-Identifier: Apache-2.0
// Limits and times that Alertmanager takes from its command line, and guard rails of ours.
#pragma once

#include <cstddef>

#include "notifiers/mute/silence.h"
#include "storage/base/clock.h"

namespace outrider {

// 0: none.
struct DeskLimits {
  SilenceLimits silences;
  size_t alerts_per_name = 0;  // firing alerts by API with one alertname; more are dropped
  // How long an ended silence and the log of a group that is gone are kept.
  DurationMs retention = 120 * kHour;
  // No group is flushed before that long after the start, so that everybody can send first.
  DurationMs start_delay = 0;
  friend bool operator==(const DeskLimits&, const DeskLimits&) = default;
};

}  // namespace outrider
