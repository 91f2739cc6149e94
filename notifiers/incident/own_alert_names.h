// SPDX-License-Identifier: Apache-2.0
// Alerts that Outrider raises itself, by name. Each of what they are about is an incident of its
// own, whatever incidents.group_by says: a second heartbeat that goes missing must not hide in the
// incident of the first.
#pragma once

#include <array>
#include <string_view>

#include "storage/model/labels.h"

namespace outrider {

inline constexpr std::string_view kHeartbeatMissed = "HeartbeatMissed";      // label heartbeat
inline constexpr std::string_view kHealthCheckFailed = "HealthCheckFailed";  // the same
inline constexpr std::string_view kOnCallGap = "OnCallGap";                  // label schedule
inline constexpr std::string_view kOnCallUnreachable = "OnCallUnreachable";  // schedule, user

// What tells such alerts apart.
inline constexpr std::array<std::string_view, 4> kOwnAlertIdentity = {"alertname", "heartbeat",
                                                                      "schedule", "user"};

inline bool IsOwnAlert(const Labels& alert) {
  const std::string_view name = alert.Get(kAlertName);
  if (name == kHeartbeatMissed || name == kHealthCheckFailed) return alert.Has("heartbeat");
  return (name == kOnCallGap || name == kOnCallUnreachable) && alert.Has("schedule");
}

}  // namespace outrider
