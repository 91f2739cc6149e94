// SPDX-License-Identifier: Apache-2.0
// Schedules as incidents.yml has them:
//   schedules:
//     - name: primary
//       time_zone: Europe/Berlin          # of all local times below; default UTC
//       layers:                           # a later one wins, but for an own `priority`
//         - name: days
//           users: [anna, ben]            # in turn; "" is a turn without anybody
//           rotation: weekly              # hourly, daily, weekly (default), monthly, custom
//           every: 1                      # of these to a shift
//           lengths: [4d, 3d]             # of custom, in place of `every`: of the shifts in turn
//           start: 2026-01-05T09:00       # of the first shift
//           before_start: false           # true: the turns go on backwards before it
//           until: 2027-01-04T09:00
//           hours: [{weekdays: [monday, friday], from: "09:00", to: "17:00"}]
//       overrides: [{user: cleo, replaces: anna, start: 2026-02-01T09:00, end: 2026-02-02T09:00}]
//       swaps: [{from: anna, to: ben, start: …, end: …}]
//       temporary: [{start: …, end: …, shifts: [{user: dora, start: …, end: …}]}]
//       fallback: [manager]               # users told when nobody is on call
//       team: db                          # whose operators may make overrides; default nobody's
//       gap_severity: medium              # of the warning of gaps ahead; none: no warning
// An override's `kind` is replace (default), add or remove. A time may also be an instant with its
// offset (RFC 3339).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "notifiers/oncall/schedule.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Reads a calendar that a layer names (`ical_file`, in place of users, rotation and start).
using CalendarReader = std::function<StatusOr<std::string>(const std::string& name)>;
// The calendars that `schedules` (may be null) names.
std::set<std::string> CalendarNames(const YamlNode* schedules);
// Files beside `file`, but only those that `schedules` (may be null) names: schedules that came by
// the API may stand in one list with those of the file, and must not have files opened.
CalendarReader CalendarsBeside(const YamlNode* schedules, const std::string& file);

// `read_calendar`: none where no file may be read, as for what comes by the API. `list`: the node
// of `schedules`, a null pointer or node for none. Every user named must be in `users`. Errors:
// file:line:column.
StatusOr<std::vector<Schedule>> ParseSchedules(const YamlNode* list, const std::string& file,
                                               const std::set<std::string>& users,
                                               const CalendarReader& read_calendar = nullptr);

}  // namespace outrider
