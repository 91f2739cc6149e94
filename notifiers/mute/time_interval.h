// SPDX-License-Identifier: Apache-2.0
// Time intervals in their own time zone. Source: specs/alertmanager.md §1 "time_intervals".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"

namespace outrider {

// Within a field OR, across fields AND, across list entries OR.
bool Contains(const NamedTimeInterval& interval, Nanos time);

// Why a route is muted at a time: the name of the interval that mutes it, or the first active interval it is outside
// of. `by_active` tells which.
struct RouteMute {
  bool muted = false;
  bool by_active = false;
  std::vector<std::string> names;
};
RouteMute MutedAt(std::span<const NamedTimeInterval> all, std::span<const std::string> mute_names,
                  std::span<const std::string> active_names, Nanos time);

}  // namespace outrider
