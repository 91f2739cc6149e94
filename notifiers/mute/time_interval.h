// SPDX-License-Identifier: Apache-2.0
// Time intervals in their own time zone. Source: specs/alertmanager.md §1 "time_intervals".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"

namespace outrider {

// One entry of a list of intervals: within a field OR, across fields AND.
bool ContainedIn(const TimeIntervalSpec& spec, Nanos time);
// Within a field OR, across fields AND, across list entries OR.
bool Contains(const NamedTimeInterval& interval, Nanos time);

// Why a route is muted at a time: the names of the mute intervals it is inside of; or, by_active,
// its active intervals, of which it is inside none.
struct RouteMute {
  bool muted = false;
  bool by_active = false;
  std::vector<std::string> names;
};
// Names that `all` does not have are passed over (the configuration is checked when it is loaded).
RouteMute MutedAt(std::span<const NamedTimeInterval> all, std::span<const std::string> mute_names,
                  std::span<const std::string> active_names, Nanos time);

}  // namespace outrider
